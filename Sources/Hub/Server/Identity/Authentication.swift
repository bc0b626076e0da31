// Finding out who asks.

import Domain
import Runtime
import Store

/// Whom a bearer token stands for. There are four kinds of them: access tokens of people, tokens of cameras, keys of integrations, and the one of
/// workers that the configuration names.
struct Authentication: Sendable {
    let store: Store
    let configuration: ServerConfiguration
    let clock: WallClock

    /// What tokens of cameras and keys begin with, so that it can be told what somebody has found.
    static let devicePrefix = "pwd_"
    static let keyPrefix = "pwk_"
    /// Whose account it is where no sign-in is required.
    static let localEmail = "local"

    struct Grant: Sendable {
        let principal: Principal
        /// `nil` for what does not end by itself.
        let expiresAt: Timestamp?
    }

    static func makeDeviceToken() -> String { devicePrefix + Crypto.randomToken() }
    static func makeKey() -> String { keyPrefix + Crypto.randomToken() }

    /// What is kept of a token.
    static func hash(_ token: String) -> String { Crypto.sha256Hex(token) }

    /// The same for a token that came from an address, where those that are none are counted.
    ///
    /// - Throws: also 429 `too_many_attempts`.
    nonisolated(nonsending) func grant(token: String?, from address: String, _ attempts: AttemptGuard) async throws -> Grant {
        guard let token, !token.isEmpty else { return try await grant(token: token) }
        let attempt = try attempts.token(from: address)
        do {
            let grant = try await grant(token: token)
            attempt.succeeded()
            return grant
        } catch let error as APIError {
            if error == .invalidToken { attempt.failed() }
            throw error
        }
    }

    /// - Throws: 401 `unauthorized`, `invalid_token` or `token_expired`.
    nonisolated(nonsending) func grant(token: String?) async throws -> Grant {
        let now = Timestamp(milliseconds: clock.milliseconds)
        guard let token, !token.isEmpty else {
            if configuration.authRequired { throw APIError.unauthorized }
            let local = try await store.users.findOrCreate(email: Self.localEmail, now: now)
            return Grant(principal: Principal(local, role: .owner, signIn: nil), expiresAt: nil)
        }
        if let worker = configuration.workerToken, worker.matches(token) { return Grant(principal: .worker, expiresAt: nil) }
        let hash = Self.hash(token)
        if token.hasPrefix(Self.devicePrefix) {
            guard let principal = try await store.deviceTokens.principal(hash: hash) else { throw APIError.invalidToken }
            return Grant(principal: principal, expiresAt: nil)
        }
        let isKey = token.hasPrefix(Self.keyPrefix)
        switch isKey ? try await store.keys.principal(hash: hash, now: now) : try await store.signIns.principal(accessHash: hash, now: now) {
        case .valid(let principal, let expiresAt):
            return Grant(principal: principal, expiresAt: expiresAt.milliseconds == .max ? nil : expiresAt)
        case .expired: throw APIError.expiredToken
        case .unknown: throw APIError.invalidToken
        }
    }
}

/// What can be taken back, and with it the connections that live by it.
enum Credential: Hashable, Sendable {
    case signIn(SignInID)
    case device(AccountID, DeviceID)
    case key(APIKeyID)
    /// Everything by which a person acts in an account.
    case member(AccountID, UserID)
    case account(AccountID)
}

extension Principal {
    /// Whether it lives by that.
    func depends(on credential: Credential) -> Bool {
        switch (credential, kind) {
        case (.account(let account), _): account == scope.account
        case (.signIn(let revoked), .user(_, _, let signIn)): revoked == signIn
        case (.device(let account, let revoked), .device(let device)): account == scope.account && revoked == device
        case (.key(let revoked), .key(let key)): revoked == key
        case (.member(let account, let revoked), .user(let user, _, _)): account == scope.account && revoked == user.id
        default: false
        }
    }
}
