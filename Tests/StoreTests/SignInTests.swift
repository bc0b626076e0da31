import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct SignInTests {
    private func pair(_ name: String, _ f: StoreFixture, from second: Double = 0) -> TokenPair {
        TokenPair(
            access: "access \(name)", accessExpiresAt: f.at(second + 60), refresh: "refresh \(name)", refreshExpiresAt: f.at(second + 600))
    }

    private func begun(_ f: StoreFixture, _ name: String = "1") async throws -> User {
        let user = try await f.store.users.findOrCreate(email: "we@example.org", now: f.now)
        let signIn = SignIn(
            id: SignInID(trusted: "s\(name)"), user: user.id, account: user.account, createdAt: f.now, usedAt: f.now, address: "192.0.2.1",
            agent: "Test", expiresAt: f.at(600))
        try await f.store.signIns.begin(signIn, pair(name, f))
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
        guard case .rotated(let signIn) = try await signIns.rotate("refresh 1", to: pair("2", f, from: 100), graceSeconds: 30, now: f.at(100)) else {
            Issue.record("not rotated")
            return
        }
        #expect(signIn.user == user.id && signIn.account == user.account)
        // The answer was lost: the same token again.
        guard case .rotated = try await signIns.rotate("refresh 1", to: pair("3", f, from: 120), graceSeconds: 30, now: f.at(120)) else {
            Issue.record("a repeat in time was refused")
            return
        }
        #expect(try await signIns.rotate("refresh 2", to: pair("4", f), graceSeconds: 30, now: f.at(121)) == .unknown)
        guard case .valid = try await signIns.principal(accessHash: "access 3", now: f.at(150)) else {
            Issue.record("the newest token is not valid")
            return
        }
        guard case .reused(let ended) = try await signIns.rotate("refresh 1", to: pair("5", f), graceSeconds: 30, now: f.at(131)) else {
            Issue.record("a token that was used before was taken")
            return
        }
        #expect(ended.id == signIn.id)
        #expect(try await signIns.principal(accessHash: "access 3", now: f.at(150)) == .unknown)
        #expect(try await signIns.rotate("refresh 3", to: pair("6", f), graceSeconds: 30, now: f.at(140)) == .unknown)
    }

    @Test(arguments: TestDatabase.kinds) func `a refresh token ends when nobody uses it`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await begun(f)
        #expect(try await f.store.signIns.rotate("refresh 1", to: pair("2", f), graceSeconds: 30, now: f.at(600)) == .unknown)
    }

    @Test(arguments: TestDatabase.kinds) func `all others end, and the one that is kept stays`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), signIns = f.store.signIns
        for name in ["1", "2", "3"] { _ = try await begun(f, name) }
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
