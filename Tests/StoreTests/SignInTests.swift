import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct SignInTests {
    private func pair(_ name: String, _ f: StoreFixture, from second: Double = 0) -> TokenPair {
        TokenPair(
            family: "family", access: "access \(name)", accessExpiresAt: f.at(second + 60), refresh: "refresh \(name)", refreshExpiresAt: f.at(second + 600))
    }

    private func begun(_ f: StoreFixture, _ name: String = "1", family: String = "family") async throws -> User {
        let user = try await f.store.users.findOrCreate(email: "we@example.org", now: f.now)
        let signIn = SignIn(
            id: SignInID(trusted: "s\(name)"), user: user.id, account: user.account, createdAt: f.now, usedAt: f.now, address: "192.0.2.1",
            agent: "Test", expiresAt: f.at(600))
        let pair = TokenPair(
            family: family, access: "access \(name)", accessExpiresAt: f.at(60), refresh: "refresh \(name)", refreshExpiresAt: f.at(600))
        #expect(try await f.store.signIns.begin(signIn, pair))
        return user
    }

    @Test(arguments: TestDatabase.kinds) func `an access token is valid until it expires or its sign-in ends`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns, user = try await begun(f), id = SignInID(trusted: "s1")
        let principal = Principal(user, role: .owner, signIn: id)
        #expect(try await signIns.principal(accessHash: "access 1", now: f.at(59)) == .valid(principal, expiresAt: f.at(60)))
        #expect(try await signIns.principal(accessHash: "access 1", now: f.at(60)) == .expired)
        #expect(try await signIns.principal(accessHash: "refresh 1", now: f.now) == .unknown)
        #expect(try await !signIns.end(id, of: UserID(trusted: "somebody")))
        #expect(try await signIns.end(id, of: user.id))
        #expect(try await signIns.principal(accessHash: "access 1", now: f.now) == .unknown)
        #expect(try await signIns.list(of: user.id, now: f.now).isEmpty)
    }

    @Test(arguments: TestDatabase.kinds) func `a refresh token is used once, and for a moment again`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns, user = try await begun(f)
        guard case .rotated(let signIn) = try await signIns.rotate("refresh 1", family: "family", to: pair("2", f, from: 100), graceSeconds: 30, now: f.at(100)) else {
            Issue.record("not rotated")
            return
        }
        #expect(signIn.user == user.id && signIn.account == user.account)
        // The answer was lost: the same token again.
        guard case .rotated = try await signIns.rotate("refresh 1", family: "family", to: pair("3", f, from: 120), graceSeconds: 30, now: f.at(120)) else {
            Issue.record("a repeat in time was refused")
            return
        }
        guard case .valid = try await signIns.principal(accessHash: "access 3", now: f.at(150)) else {
            Issue.record("the newest token is not valid")
            return
        }
        guard case .reused(let ended) = try await signIns.rotate("refresh 1", family: "family", to: pair("5", f), graceSeconds: 30, now: f.at(131)) else {
            Issue.record("a token that was used before was taken")
            return
        }
        #expect(ended.id == signIn.id)
        #expect(try await signIns.principal(accessHash: "access 3", now: f.at(150)) == .unknown)
        #expect(try await signIns.rotate("refresh 3", family: "family", to: pair("6", f), graceSeconds: 30, now: f.at(140)) == .unknown)
    }

    @Test(arguments: TestDatabase.kinds, ["refresh 1", "refresh 2", "refresh of nobody"])
    func `a token of the family that is not the newest is in other hands`(kind: TestDatabase.Kind, spent: String) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns
        _ = try await begun(f)
        for (old, new) in [("1", "2"), ("2", "3"), ("3", "4")] {
            guard case .rotated = try await signIns.rotate("refresh \(old)", family: "family", to: pair(new, f, from: 100), graceSeconds: 30, now: f.at(100))
            else {
                Issue.record("not rotated")
                return
            }
        }
        guard case .reused = try await signIns.rotate(spent, family: "family", to: pair("5", f), graceSeconds: 30, now: f.at(101)) else {
            Issue.record("it was not seen")
            return
        }
        #expect(try await signIns.principal(accessHash: "access 4", now: f.at(101)) == .unknown)
        #expect(try await signIns.rotate("refresh 4", family: "family", to: pair("6", f), graceSeconds: 30, now: f.at(101)) == .unknown)
    }

    @Test(arguments: TestDatabase.kinds) func `what a lost answer was replaced by ends the sign-in when both are used`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns
        _ = try await begun(f)
        for name in ["2", "3"] {
            _ = try await signIns.rotate("refresh 1", family: "family", to: pair(name, f, from: 100), graceSeconds: 30, now: f.at(100))
        }
        guard case .reused = try await signIns.rotate("refresh 2", family: "family", to: pair("4", f), graceSeconds: 30, now: f.at(101)) else {
            Issue.record("both were taken")
            return
        }
    }

    @Test(arguments: TestDatabase.kinds) func `a token of before there were families begins one`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns
        _ = try await begun(f, family: "none")
        #expect(try await signIns.rotate("refresh 9", family: nil, to: pair("2", f), graceSeconds: 30, now: f.at(1)) == .unknown)
        guard case .rotated = try await signIns.rotate("refresh 1", family: nil, to: pair("2", f), graceSeconds: 30, now: f.at(1)),
            case .rotated = try await signIns.rotate("refresh 2", family: "family", to: pair("3", f), graceSeconds: 30, now: f.at(2))
        else {
            Issue.record("not rotated")
            return
        }
    }

    @Test(arguments: TestDatabase.kinds) func `a sign-in keeps a few access tokens, the newest among them`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns
        _ = try await begun(f)
        var valid: [Int] = []
        for number in 1..<40 {
            _ = try await signIns.rotate(
                "refresh \(number)", family: "family", to: pair("\(number + 1)", f, from: 10), graceSeconds: 30, now: f.at(Double(number) / 10))
        }
        for number in 1...40 {
            if case .valid = try await signIns.principal(accessHash: "access \(number)", now: f.at(5)) { valid.append(number) }
        }
        #expect(valid == Array(25...40))
    }

    @Test(arguments: TestDatabase.kinds) func `a sign-in begins only where its premise still holds`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns, user = try await begun(f)
        func begin(_ name: String, if premise: SignIns.Premise) async throws -> Bool {
            let tokens = TokenPair(
                family: "f\(name)", access: "a\(name)", accessExpiresAt: f.at(60), refresh: "r\(name)", refreshExpiresAt: f.at(600))
            return try await signIns.begin(
                SignIn(
                    id: SignInID(trusted: name), user: user.id, account: user.account, createdAt: f.now, usedAt: f.now, address: nil, agent: nil,
                    expiresAt: f.at(600)), tokens, if: premise)
        }
        // The password was set while somebody was looking at the one of before.
        #expect(try await f.store.users.setPassword("new", of: user.id, inPlaceOf: nil, keeping: SignInID(trusted: "s1"), now: f.at(1)) == [])
        #expect(try await !begin("late", if: .password(setAt: nil)))
        #expect(try await f.store.users.setPassword("thief's", of: user.id, inPlaceOf: nil, keeping: nil, now: f.at(2)) == nil)
        #expect(try await f.store.users.credentials(of: user.id)?.passwordHash == "new")
        #expect(try await begin("in time", if: .password(setAt: f.at(1))))
        // Of many that take the place of one sign-in, one does; and none once it has ended.
        let places = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<8 { group.addTask { try await begin("place \(number)", if: .replacing(SignInID(trusted: "s1"))) } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(places == 1)
        #expect(try await signIns.list(of: user.id, now: f.now).count == 2)
        _ = try await signIns.endAll(of: user.id)
        #expect(try await !begin("nobody", if: .replacing(SignInID(trusted: "in time"))))
    }

    @Test(arguments: TestDatabase.kinds) func `a refresh token ends when nobody uses it`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await begun(f)
        #expect(try await f.store.signIns.rotate("refresh 1", family: "family", to: pair("2", f), graceSeconds: 30, now: f.at(600)) == .unknown)
    }

    @Test(arguments: TestDatabase.kinds) func `all others end, and the one that is kept stays`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns
        for name in ["1", "2", "3"] { _ = try await begun(f, name, family: name) }
        let user = try await f.store.users.findOrCreate(email: "we@example.org", now: f.now)
        #expect(Set(try await signIns.endAll(of: user.id, except: SignInID(trusted: "s2"))) == [SignInID(trusted: "s1"), SignInID(trusted: "s3")])
        #expect(try await signIns.list(of: user.id, now: f.now).map(\.id) == [SignInID(trusted: "s2")])
        #expect(try await signIns.endAll(of: user.id, account: f.theirs.account).isEmpty)
        #expect(try await signIns.endAll(of: user.id, account: f.ours.account) == [SignInID(trusted: "s2")])
    }

    @Test(arguments: TestDatabase.kinds) func `a camera has one token, which a new one replaces`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), tokens = f.store.deviceTokens
        #expect(try await tokens.set("h1", for: f.device, in: f.ours, now: f.now))
        #expect(try await !tokens.set("h2", for: DeviceID(trusted: "nothing"), in: f.ours, now: f.now))
        let principal = try #require(try await tokens.principal(hash: "h1"))
        #expect(principal == Principal(f.device, of: f.ours.account) && principal.permissions == [.sense])
        #expect(try await tokens.set("h3", for: f.device, in: f.ours, now: f.now))
        #expect(try await tokens.principal(hash: "h1") == nil)
        #expect(try await !tokens.revoke(f.device, in: AccountScope(f.ours.account, devices: .only([])), now: f.now))
        #expect(try await tokens.revoke(f.device, in: f.ours, now: f.now))
        #expect(try await tokens.principal(hash: "h3") == nil)
        #expect(try await !tokens.revoke(f.device, in: f.ours, now: f.now))
    }

    @Test(arguments: TestDatabase.kinds) func `a scope of some devices sees nothing of others`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), store = f.store
        let none = AccountScope(f.ours.account, devices: .only([])), one = AccountScope(f.ours.account, devices: .only([f.device]))
        _ = try await store.events.insert(f.event("e"), in: f.ours)
        let event = EventID(trusted: "e")
        #expect(try await store.events.find(event, in: one)?.id == event)
        #expect(try await store.events.find(event, in: none) == nil)
        #expect(try await store.events.list(EventFilter(), in: one, page: Page()).items.count == 1)
        #expect(try await store.events.list(EventFilter(), in: none, page: Page()).items.isEmpty)
        #expect(try await store.devices.find(f.device, in: none) == nil)
        #expect(try await store.devices.list(in: none).isEmpty)
        #expect(try await store.devices.list(in: one).map(\.id) == [f.device])
        #expect(try await store.sessions.find(f.session, in: none) == nil)
        #expect(try await store.sessions.stop(f.session, in: none, now: f.now) == nil)
        #expect(try await store.sessions.list(device: nil, in: none, page: Page()).items.isEmpty)
        #expect(try await store.sessions.list(device: nil, in: one, page: Page()).items.map(\.id) == [f.session])
        let failure = EventFailure(stage: .receiving, reason: "x", retryable: false)
        #expect(try await store.events.apply(.failed(failure), to: event, in: none, now: f.now) == nil)
        #expect(try await store.jobs.list(JobFilter(), in: none, page: Page()).items.isEmpty)
        #expect(try await store.deliveries.list(state: nil, in: none, page: Page()).items.isEmpty)
        #expect(try await store.targets.list(device: f.device, in: none).isEmpty)
        for id in ["e", "gone"] { #expect(try await store.ledger.charge(EventID(trusted: id), seconds: 1, id: id, in: f.ours, now: f.now) == nil) }
        #expect(try await store.ledger.list(in: f.ours, page: Page()).items.count == 2)
        #expect(try await store.ledger.list(in: one, page: Page()).items.map(\.id) == ["e"])
        #expect(try await store.ledger.list(in: none, page: Page()).items.isEmpty)
        // An id that they cannot see is taken all the same.
        guard case .taken = try await store.events.insert(f.event("e"), in: none) else {
            Issue.record("not said")
            return
        }
    }

    @Test(arguments: TestDatabase.kinds) func `a key stands for what it was given, until it ends`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), keys = f.store.keys
        let key = APIKey(
            id: APIKeyID(trusted: "k"), name: "Home", permissions: [.view, .own], createdBy: nil, createdAt: f.now, expiresAt: f.at(60))
        try await keys.insert(key, hash: "h", in: f.ours)
        let expected = Principal(key.id, permissions: [.view], of: f.ours.account)
        #expect(try await keys.principal(hash: "h", now: f.at(59)) == .valid(expected, expiresAt: f.at(60)))
        #expect(try await keys.list(in: f.ours).first?.usedAt == f.at(59))
        #expect(try await keys.principal(hash: "h", now: f.at(60)) == .expired)
        #expect(try await keys.remove(key.id, in: f.theirs) == nil)
        #expect(try await keys.list(in: f.theirs).isEmpty)
        #expect(try await keys.remove(key.id, in: f.ours)?.id == key.id)
        #expect(try await keys.principal(hash: "h", now: f.now) == .unknown)
    }
}
