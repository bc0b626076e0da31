// Signing in, and finding out who asks.

import Domain
import Runtime
import Store

struct Accounts: Sendable {
    let store: Store
    let connections: any TokenConnections
    let configuration: ServerConfiguration
    let clock: WallClock

    private static let localEmail = "local"

    struct SignIn: Sendable {
        let token: String
        let user: User
        let expiresAt: Timestamp
    }

    /// Development sign-in: whoever names an address is its user.
    func devLogin(email: String) async throws -> SignIn {
        guard configuration.devLoginEnabled else { throw APIError.notFound("route") }
        let email = email.lowercased()
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, email.utf8.count <= 254,
            email.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f })
        else { throw APIError.invalid("email", "an e-mail address is expected") }
        let now = Timestamp(milliseconds: clock.milliseconds)
        return try await issue(to: try await store.users.findOrCreate(email: email, now: now), now: now)
    }

    /// A new token for who has a valid one; that one lasts until its own end.
    func renew(token: String) async throws -> SignIn {
        try await issue(to: try await user(token: token), now: Timestamp(milliseconds: clock.milliseconds))
    }

    private func issue(to user: User, now: Timestamp) async throws -> SignIn {
        let token = Crypto.randomToken()
        let expiresAt = now.advanced(bySeconds: configuration.tokenLifetimeSeconds)
        try await store.users.issueToken(user: user.id, hash: Self.hash(token), now: now, expiresAt: expiresAt)
        return SignIn(token: token, user: user, expiresAt: expiresAt)
    }

    /// Who a token stands for, and how long.
    struct Grant: Sendable {
        let user: User
        /// `nil` for the account that needs no token.
        let expiresAt: Timestamp?
    }

    /// The user of a token. Without one: the account `local` where no token is required.
    nonisolated(nonsending) func grant(token: String?) async throws -> Grant {
        let now = Timestamp(milliseconds: clock.milliseconds)
        guard let token, !token.isEmpty else {
            if configuration.authRequired { throw APIError.unauthorized }
            return Grant(user: try await store.users.findOrCreate(email: Self.localEmail, now: now), expiresAt: nil)
        }
        switch try await store.users.token(hash: Self.hash(token), now: now) {
        case .valid(let user, let expiresAt): return Grant(user: user, expiresAt: expiresAt)
        case .expired: throw APIError.expiredToken
        case .unknown: throw APIError.invalidToken
        }
    }

    nonisolated(nonsending) func user(token: String?) async throws -> User { try await grant(token: token).user }

    /// Revokes the token and closes the connections that live by it.
    func signOut(token: String) async throws {
        let hash = Self.hash(token)
        try await store.users.revokeToken(hash: hash)
        await connections.close(tokenHash: hash)
    }

    /// What is kept of a token.
    static func hash(_ token: String) -> String { Crypto.sha256Hex(token) }
}
