import Domain
import Testing

struct PasswordPolicyTests {
    @Test(arguments: [
        "correct horse battery staple", "vier Katzen am Fluss", "tannenbaum-9-ofen", "Zx9$kQ2!", "gr8erThanEver", "日本語のパスワードです",
        "ключ от старого дома", "🐈🐕🐎🦆🐢🐇🦔🐿️", "my password is long and mine", "summerhouse by the sea", "annual-report",
        String(repeating: "ab1 cd2 ef3 gh4-", count: 8),
    ])
    func `what nobody would try first is taken`(password: String) {
        #expect(PasswordPolicy.refusal(of: password, email: "ann@example.org") == nil)
    }

    @Test(arguments: [
        ("", PasswordPolicy.Refusal.tooShort), ("k7#mQ2x", .tooShort), ("äöüßéèê", .tooShort),
        (String(repeating: "x7-k", count: 32) + "y", .tooLong), ("password", .common), ("PassWord1", .common), ("p@ssw0rd2024!", .common),
        ("Passw0rd!", .common), ("iloveyou", .common), ("1q2w3e4r", .common),
        ("!!welcome!!", .common), ("$unshine1", .common), ("princes$12", .common), ("passwordpassword", .common), ("letmein123", .common),
        ("trustno1", .common), ("Summer2024?", .common), ("hellohello", .common),
        ("aaaaaaaa", .repeated), ("abababab", .repeated), ("x7-kx7-kx7-k", .repeated), ("19901990", .repeated), ("aabbaabbab", .repeated),
        ("ababababa", .repeated), ("aaa111bbb", .repeated), ("zzzzzzzzzzzzzzzz", .repeated),
        ("bcdefghi", .sequence), ("hgfedcba", .sequence), ("23456789", .sequence), ("98765432", .sequence), ("qwertyui1", .sequence),
        ("asdfghjk", .sequence), ("qwe123asd", .sequence), ("aaa111bbb222", .sequence), ("Mnbvcxy78", .sequence), ("abc123xyz", .sequence),
        ("ann.maria", .address), ("AnnMaria1984", .address), ("1984-ann-maria", .address), ("@nnmaria!", .address), ("annmaria+cam", .address),
        ("pingwatch", .product), ("Ping Watch 1", .product), ("p1ng-w4tch!", .product), ("PINGWATCH2026", .product),
    ])
    func `what is tried first is refused, and it is said why`(password: String, refusal: PasswordPolicy.Refusal) {
        #expect(PasswordPolicy.refusal(of: password, email: "Ann.Maria+Cam@example.org") == refusal)
    }

    @Test func `length is counted in Unicode scalars, and both ends are in`() {
        #expect(PasswordPolicy.refusal(of: "k7#mQ2xä") == nil)
        let longest = String((0..<128).map { Character(Unicode.Scalar(UInt8(33 + $0 * 37 % 90))) })
        #expect(PasswordPolicy.refusal(of: longest) == nil)
        #expect(PasswordPolicy.refusal(of: longest + "x") == .tooLong)
    }

    @Test(arguments: ["", "@", "x@example.org", "+@example.org", "no address", "..@example.org"])
    func `an address that says nothing refuses nothing`(email: String) {
        #expect(PasswordPolicy.refusal(of: "tannenbaum-9-ofen", email: email) == nil)
    }

    @Test func `a word is no reason where enough is left without it`() {
        #expect(PasswordPolicy.refusal(of: "password tannenofen") == nil)
        #expect(PasswordPolicy.refusal(of: "annmaria kocht suppe", email: "annmaria@example.org") == nil)
        #expect(PasswordPolicy.refusal(of: "pingwatch-und-der-ofen", email: nil) == nil)
        #expect(PasswordPolicy.refusal(of: "test 4711 0815 92") == nil)
    }

    @Test func `each reason is a sentence of its own`() {
        let all: [PasswordPolicy.Refusal] = [.tooShort, .tooLong, .common, .repeated, .sequence, .address, .product]
        #expect(Set(all.map(\.description)).count == all.count)
        #expect(PasswordPolicy.Refusal.tooShort.description.contains("8"))
    }
}
