// People's sign-ins: their beginning, their renewal, their end.

import Domain
import Loop
import Runtime
import Store

/// Knows the connections that were opened by a credential.
protocol CredentialConnections: Sendable {
    /// Closes those that live by what is not valid any more.
    func close(_ credential: Credential) async
}

/// From where somebody asks, for their list of sign-ins and the audit log.
struct Caller: Sendable {
    /// Numeric; `nil` when it is not known.
    let address: String?
    /// What their program calls itself.
    let agent: String?

    init(address: String?, agent: String?) {
        self.address = address
        self.agent = agent
    }

    /// The same, by the name that somebody gives to their phone.
    func called(_ name: String?) -> Caller { Caller(address: address, agent: name ?? agent) }

    init(_ head: HTTPHead, proxies: TrustedProxies) {
        let address = proxies.clientAddress(of: head)
        self.address = address.isEmpty ? nil : address
        agent = head.header("user-agent").map { String($0.prefix(200)) }
    }
}

struct SignInService: Sendable {
    let store: Store
    let connections: any CredentialConnections
    let configuration: ServerConfiguration
    let clock: WallClock

    /// An answer may be lost on its way, and two tabs may renew at the same moment.
    private static let graceSeconds = 30.0

    /// What a person has after signing in.
    struct Session: Sendable {
        let accessToken: String
        let expiresAt: Timestamp
        let refreshToken: String
        let refreshExpiresAt: Timestamp
        let user: UserID
        let account: AccountID
        let role: Role
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }
    private var trail: AuditTrail { AuditTrail(store: store, clock: clock) }

    /// Development sign-in: whoever names an address is its user.
    func devLogin(email: String, by caller: Caller) async throws -> Session {
        guard configuration.devLoginEnabled else { throw APIError.notFound("route") }
        return try await begin(
            for: try await store.users.findOrCreate(email: try Self.address(email), now: now), by: caller, how: "development sign-in")
    }

    /// An e-mail address as it is stored.
    static func address(_ text: String) throws(APIError) -> String {
        let email = text.lowercased()
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, email.utf8.count <= 254,
            email.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f })
        else { throw .invalid("email", "an e-mail address is expected") }
        return email
    }

    /// Somebody has shown who they are.
    ///
    /// - Parameters:
    ///   - user: with the account in which they will act.
    ///   - how: for the audit log.
    ///   - premise: what must still be so.
    /// - Throws: 401 `invalid_credentials` or `invalid_token` where that is not so any more.
    func begin(for user: User, by caller: Caller, how: String, if premise: SignIns.Premise = .none) async throws -> Session {
        guard let membership = try await store.memberships.find(user.id, in: AccountScope(user.account)) else { throw APIError.invalidToken }
        let now = now, issued = issue(now)
        let signIn = SignIn(
            id: SignInID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), user: user.id, account: user.account, createdAt: now, usedAt: now,
            address: caller.address, agent: caller.agent, expiresAt: issued.pair.refreshExpiresAt)
        guard try await store.signIns.begin(signIn, issued.pair, if: premise) else {
            if case .replacing = premise { throw APIError.invalidToken }
            throw APIError.invalidCredentials
        }
        if case .replacing(let old) = premise { await connections.close(.signIn(old)) }
        try await trail.note("sign_in.begun", of: user, by: caller, subject: signIn.id.rawValue, detail: how)
        return session(issued, user.id, user.account, membership.role)
    }

    /// Another pair of tokens in the place of one that is used once.
    func refresh(_ token: String, by caller: Caller) async throws -> Session {
        let parts = token.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let family = parts.count == 2 ? String(parts[0]) : nil
        let now = now, issued = issue(now, family: family ?? Crypto.randomToken())
        switch try await store.signIns.rotate(
            Authentication.hash(token), family: family.map { Authentication.hash($0) }, to: issued.pair, graceSeconds: Self.graceSeconds, now: now)
        {
        case .rotated(let signIn):
            guard let membership = try await store.memberships.find(signIn.user, in: AccountScope(signIn.account)) else { throw APIError.invalidToken }
            return session(issued, signIn.user, signIn.account, membership.role)
        case .unknown: throw APIError.invalidToken
        case .reused(let signIn):
            // Whoever came second: one of the two is not the person.
            await connections.close(.signIn(signIn.id))
            try await trail.add(
                "sign_in.token_reused", by: AuditTrail.Actor(signIn.user), from: caller, subject: signIn.id.rawValue,
                detail: "a refresh token came twice; the sign-in was ended", in: AccountScope(signIn.account))
            throw APIError.invalidToken
        }
    }

    /// Ends one sign-in of a person, and its connections. `false` when there is none.
    func end(_ signIn: SignInID, of user: UserID) async throws -> Bool {
        let ended = try await store.signIns.end(signIn, of: user)
        if ended { await connections.close(.signIn(signIn)) }
        return ended
    }

    /// Ends all of a person, but the one that is kept.
    func endAll(of user: UserID, except kept: SignInID? = nil) async throws -> Int {
        let ended = try await store.signIns.endAll(of: user, except: kept)
        for signIn in ended { await connections.close(.signIn(signIn)) }
        return ended.count
    }

    private typealias Issued = (access: String, refresh: String, pair: TokenPair)

    /// - Parameter family: what all refresh tokens of a sign-in begin with.
    private func issue(_ now: Timestamp, family: String = Crypto.randomToken()) -> Issued {
        let access = Crypto.randomToken(), refresh = "\(family).\(Crypto.randomToken())"
        let pair = TokenPair(
            family: Authentication.hash(family), access: Authentication.hash(access), accessExpiresAt: now.advanced(bySeconds: configuration.tokenLifetimeSeconds),
            refresh: Authentication.hash(refresh), refreshExpiresAt: now.advanced(bySeconds: configuration.refreshLifetimeSeconds))
        return (access, refresh, pair)
    }

    private func session(_ issued: Issued, _ user: UserID, _ account: AccountID, _ role: Role) -> Session {
        Session(
            accessToken: issued.access, expiresAt: issued.pair.accessExpiresAt, refreshToken: issued.refresh,
            refreshExpiresAt: issued.pair.refreshExpiresAt, user: user, account: account, role: role)
    }
}
