import Domain
import Runtime
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct GettingInTests {
    private func person(_ name: String = "new", hash: String? = "phc", isVerified: Bool = false) -> NewUser {
        NewUser(email: "\(name)@example.org", name: "New", passwordHash: hash, isVerified: isVerified)
    }

    private func link(_ kind: MailedLink.Kind, _ f: StoreFixture, user: UserID? = nil, email: String = "new@example.org") -> MailedLink {
        MailedLink(
            kind: kind, email: email, user: user, name: "New", passwordHash: kind == .signUp ? "phc" : nil, createdAt: f.now, expiresAt: f.at(60))
    }

    private func created(_ f: StoreFixture, _ new: NewUser) async throws -> User {
        guard case .created(let user) = try await f.store.users.create(new, now: f.now) else { throw Missing() }
        return user
    }

    private struct Missing: Error {}

    private func newBox() throws -> SecretBox { try #require(SecretBox(key: SecretBox.makeKey().value)) }

    private func key(_ f: StoreFixture) async throws -> TOTPKey { try #require(try await f.store.users.adopt(try newBox())) }

    @Test(arguments: TestDatabase.kinds) func `a key stays as long as something is sealed by it`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), users = f.store.users, user = try await created(f, person()).id
        let first = try newBox(), second = try newBox()
        let old = try #require(try await users.adopt(first))
        // Nothing would be lost yet.
        let key = try #require(try await users.adopt(second))
        await #expect(throws: TOTPKey.Replaced.self) { try await users.startTOTP("secret", by: old, of: user) }
        #expect(try await !users.hasSealedSecrets())
        #expect(try await users.startTOTP("secret", by: key, of: user))
        let sealed = try #require(try await users.credentials(of: user)?.totpSecret)
        #expect(try await users.confirmTOTP(sealed, step: 5, recovery: [], of: user, now: f.now))
        #expect(try await users.hasSealedSecrets())
        #expect(try await users.adopt(first) == nil)
        let again = try #require(try await users.adopt(second))
        #expect(try await users.credentials(of: user)?.totpSecret == sealed && again.open(sealed, of: user) == "secret")
        try await users.stopTOTP(of: user)
        // Who has only begun begins anew.
        #expect(try await users.startTOTP("secret", by: key, of: user))
        #expect(try await users.adopt(first) != nil)
        #expect(try await users.credentials(of: user)?.totpSecret == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `of two who set a hub up at once one does, by the newest secret`(kind: TestDatabase.Kind) async throws {
        let database = try await TestDatabase(kind), store = try await Store.open(database.location), now = Timestamp(milliseconds: 1)
        #expect(try await store.users.openSetUp(secretHash: "old"))
        #expect(try await store.users.openSetUp(secretHash: "s"))
        #expect(try await store.users.setUp(person(), secretHash: "old", now: now) == .wrongSecret)
        async let first = store.users.setUp(person("a"), secretHash: "s", now: now)
        async let second = store.users.setUp(person("b"), secretHash: "s", now: now)
        let results = try await [first, second]
        #expect(results.count { if case .done = $0 { true } else { false } } == 1)
        #expect(results.contains { $0 == .over || $0 == .wrongSecret })
        #expect(try await !store.users.openSetUp(secretHash: "t"))
        #expect(try await store.users.setUp(person("c"), secretHash: "s", now: now) == .over)
    }

    @Test(arguments: TestDatabase.kinds) func `an address is one person's, who owns an account`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), user = try await created(f, person())
        guard case .emailTaken = try await f.store.users.create(person(), now: f.now) else { return #expect(Bool(false)) }
        let found = try #require(try await f.store.users.credentials(email: "new@example.org"))
        #expect(found.user == user && found.passwordHash == "phc" && found.verifiedAt == nil && !found.hasTOTP)
        #expect(try await f.store.memberships.find(user.id, in: AccountScope(user.account))?.role == .owner)
        #expect(try await f.store.users.credentials(email: "nobody@example.org") == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `a link to set a password works once, in time, and ends what was`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), links = f.store.mailedLinks, user = try await created(f, person())
        for name in ["1", "2", "3"] { try await links.insert(link(.reset, f, user: user.id), hash: name) }
        let signIn = SignIn(
            id: SignInID(trusted: "s"), user: user.id, account: user.account, createdAt: f.now, usedAt: f.now, address: nil, agent: nil,
            expiresAt: f.at(600))
        _ = try await f.store.signIns.begin(
            signIn, TokenPair(family: "f", access: "a", accessExpiresAt: f.at(60), refresh: "r", refreshExpiresAt: f.at(600)))
        #expect(try await links.reset("1", password: "other", now: f.at(60)) == nil)
        #expect(try await links.verify("1", now: f.now) == nil)
        async let first = links.reset("1", password: "other", now: f.now)
        async let second = links.reset("1", password: "another", now: f.now)
        let results = try await [first, second].compactMap { $0 }
        #expect(results.count == 1 && results[0].user == user.id && results[0].ended == [signIn.id])
        // The others are of no use any more.
        #expect(try await links.reset("2", password: "third", now: f.now) == nil)
        #expect(try await f.store.users.credentials(of: user.id)?.verifiedAt == f.now)
        #expect(try await f.store.signIns.principal(accessHash: "a", now: f.now) == .unknown)
    }

    @Test(arguments: TestDatabase.kinds) func `of several links that confirm an address one works, and none after a reset`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind), links = f.store.mailedLinks, user = try await created(f, person())
        for name in ["1", "2", "3"] { try await links.insert(link(.verify, f, user: user.id), hash: name) }
        #expect(try await links.verify("2", now: f.now) != nil)
        #expect(try await links.verify("1", now: f.now) == nil)
        try await links.insert(link(.verify, f, user: user.id), hash: "4")
        try await links.insert(link(.reset, f, user: user.id), hash: "5")
        #expect(try await links.reset("5", password: "other", now: f.now) != nil)
        #expect(try await links.verify("4", now: f.now) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `a link of the operator sets a password and says nothing of the address`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind), links = f.store.mailedLinks, user = try await created(f, person(hash: nil))
        for (name, kind) in [("1", MailedLink.Kind.operatorReset), ("2", .operatorReset), ("3", .reset)] {
            try await links.insert(link(kind, f, user: user.id), hash: name)
        }
        #expect(try await links.verify("1", now: f.now) == nil)
        #expect(try await links.reset("1", password: "other", now: f.now)?.user == user.id)
        let found = try #require(try await f.store.users.credentials(of: user.id))
        #expect(found.passwordHash == "other" && found.verifiedAt == nil)
        // Neither of the others is good any more, of whichever kind.
        for name in ["1", "2", "3"] { #expect(try await links.reset(name, password: "third", now: f.now) == nil) }
    }

    @Test(arguments: TestDatabase.kinds) func `everybody is listed with their accounts`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), user = try await created(f, person())
        let people = try await f.store.users.list()
        #expect(Set(people.map(\.credentials.user.email)) == ["we@example.org", "they@example.org", "new@example.org"])
        let new = try #require(people.first { $0.credentials.user.id == user.id })
        #expect(new.credentials.passwordHash == "phc" && new.memberships.map(\.user.account) == [user.account] && new.memberships[0].role == .owner)
    }

    @Test(arguments: TestDatabase.kinds) func `a sign-up makes a user when its address answers, with the password of that mail`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind), links = f.store.mailedLinks
        try await links.insert(link(.signUp, f), hash: "1")
        try await links.insert(link(.signUp, f), hash: "2")
        #expect(try await f.store.users.credentials(email: "new@example.org") == nil)
        #expect(try await links.signUp(email: "new@example.org", now: f.now)?.passwordHash == "phc")
        let verified = try #require(try await links.verify("1", now: f.now))
        #expect(verified.0.passwordHash == "phc" && verified.0.verifiedAt == f.now)
        #expect(try await links.verify("1", now: f.now) == nil)
        #expect(try await links.verify("2", now: f.now) == nil)
        #expect(try await links.signUp(email: "new@example.org", now: f.now) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `a code is used once, also by two at once`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), users = f.store.users, user = try await created(f, person()).id
        let key = try await key(f)
        #expect(try await users.startTOTP("secret", by: key, of: user))
        let sealed = try #require(try await users.credentials(of: user)?.totpSecret)
        #expect(!sealed.contains("secret") && key.open(sealed, of: user) == "secret" && key.open(sealed, of: UserID(trusted: "another")) == nil)
        #expect(try await users.credentials(of: user)?.hasTOTP == false)
        #expect(try await !users.confirmTOTP("other", step: 5, recovery: [], of: user, now: f.now))
        #expect(try await users.confirmTOTP(sealed, step: 5, recovery: ["x", "y"], of: user, now: f.now))
        #expect(try await !users.startTOTP("third", by: key, of: user))
        #expect(try await !users.useTOTP(step: 5, of: user))
        async let first = users.useTOTP(step: 6, of: user)
        async let second = users.useTOTP(step: 6, of: user)
        #expect(try await [first, second].count { $0 } == 1)
        #expect(try await users.useRecoveryCode("x", of: user))
        #expect(try await !users.useRecoveryCode("x", of: user))
        try await users.stopTOTP(of: user)
        #expect(try await !users.useRecoveryCode("y", of: user))
        #expect(try await users.credentials(of: user)?.totpSecret == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `who another issuer names is somebody here, if the address is theirs on both sides`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind), identities = f.store.identities
        func resolve(_ subject: String, _ email: String?, mayJoin: Bool = true) async throws -> Identities.Resolution {
            try await identities.resolve(
                Identity(issuer: "https://i", subject: subject), email: email, name: nil, mayJoin: mayJoin, invitation: nil, now: f.now)
        }
        _ = try await created(f, person("unsure"))
        let sure = try await created(f, person("sure", isVerified: true))
        guard case .noAddress = try await resolve("1", nil), case .mayNotJoin = try await resolve("1", "x@example.org", mayJoin: false),
            case .emailTaken = try await resolve("1", "unsure@example.org"), case .linked(sure) = try await resolve("2", "sure@example.org"),
            case .known(sure) = try await resolve("2", nil), case .created(let new) = try await resolve("1", "x@example.org"),
            case .known(new) = try await resolve("1", "sure@example.org", mayJoin: false)
        else { return #expect(Bool(false)) }
        #expect(new.email == "x@example.org")
    }

    @Test(arguments: TestDatabase.kinds) func `a sign-in elsewhere is finished once, in time, by who began it`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), identities = f.store.identities, start = OIDCStart(nonce: "n", verifier: "v")
        for state in ["1", "2"] { try await identities.start(start, state: state, browser: "b", now: f.now, expiresAt: f.at(600)) }
        #expect(try await identities.finish(state: "1", browser: "c", now: f.now) == nil)
        #expect(try await identities.finish(state: "1", browser: "b", now: f.now) == start)
        #expect(try await identities.finish(state: "1", browser: "b", now: f.now) == nil)
        #expect(try await identities.finish(state: "2", browser: "b", now: f.at(600)) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `keys are kept as long as what they have signed`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), keys = f.store.signingKeys
        try await f.store.settings.set("media.signing_key", "before")
        let first = try await keys.all(now: f.now)
        #expect(first.map(\.id) == ["1"] && first[0].secret.value == "before")
        #expect(try await keys.rotate(now: f.at(10)).map(\.id) == ["1", "2"])
        #expect(try await keys.all(now: f.at(99)).map(\.id) == ["1", "2"])
        #expect(try await keys.rotate(now: f.at(5 * 3600)).map(\.id) == ["2", "3"])
        #expect(Set(try await keys.all(now: f.at(5 * 3600)).map(\.secret.value)).count == 2)
    }
}
