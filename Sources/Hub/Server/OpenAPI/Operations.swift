// Every route, described. A route without a description, or the other way round, fails a test (APIDescriptionTests).

extension Operation {
    static let all = system + gettingIn + account + people + keys + devices + pairing + sessions + events + alerts + telegram + work + plans
}
