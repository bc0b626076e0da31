// Signing in at another issuer (OpenID Connect Core 1.0, section 3.1), or with a token of it.

import Credentials
import Domain
import Pipeline
import Runtime
import Store

struct OIDCSignIn: Sendable {
    private let configuration: OIDCConfiguration
    private let issuer: OIDCIssuer
    private let store: Store
    private let signIns: SignInService
    private let trail: AuditTrail
    private let attempts: AttemptGuard
    private let publicURL: String?
    private let signUp: SignUpPolicy
    private let clock: WallClock
    private let log = Log("oidc")

    private static let startSeconds = 600.0

    init(
        _ configuration: OIDCConfiguration, store: Store, signIns: SignInService, attempts: AttemptGuard, publicURL: String?, signUp: SignUpPolicy,
        clock: WallClock
    ) {
        self.configuration = configuration
        issuer = OIDCIssuer(configuration, clock: clock)
        self.store = store
        self.signIns = signIns
        trail = AuditTrail(store: store, clock: clock)
        self.attempts = attempts
        self.publicURL = publicURL
        self.signUp = signUp
        self.clock = clock
    }

    var name: String { configuration.name }
    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// - Parameter browser: a secret of the page that asks, without which nobody can finish: a link that ends in somebody else's sign-in is of no use.
    func start(browser: String, by caller: Caller) async throws -> (url: String, state: String) {
        let redirect = try redirect()
        _ = try attempts.attempt(.oidc, by: caller)
        let endpoints = try await asking { try await issuer.discover() }
        let state = Crypto.randomToken(), nonce = Crypto.randomToken(), verifier = Crypto.randomToken()
        try await store.identities.start(
            OIDCStart(nonce: nonce, verifier: verifier), state: Authentication.hash(state), browser: Authentication.hash(browser), now: now,
            expiresAt: now.advanced(bySeconds: Self.startSeconds))
        let query = [
            ("response_type", "code"), ("client_id", configuration.clientID), ("redirect_uri", redirect), ("scope", "openid email profile"),
            ("state", state), ("nonce", nonce), ("code_challenge", Crypto.base64URL(Crypto.sha256(verifier.utf8))), ("code_challenge_method", "S256"),
        ].map { "\($0.0)=\(formEscaped($0.1))" }.joined(separator: "&")
        return ("\(endpoints.authorization)\(endpoints.authorization.contains("?") ? "&" : "?")\(query)", state)
    }

    func finish(state: String, code: String, browser: String, invitation: String?, by caller: Caller) async throws -> SignInService.Session {
        let redirect = try redirect()
        guard
            let start = try await store.identities.finish(state: Authentication.hash(state), browser: Authentication.hash(browser), now: now)
        else { throw APIError.linkExpired }
        guard let text = try await asking({ try await issuer.exchange(code: code, verifier: start.verifier, redirect: redirect) }) else {
            throw APIError(status: 401, code: "invalid_token", message: "the issuer does not take this code")
        }
        let token = try await verified(text, audience: configuration.clientID, nonce: start.nonce)
        let session = try await begin(token, invitation, by: caller)
        attempts.forgive(.oidc, by: caller)
        return session
    }

    /// - Parameter text: a JWT of the issuer, as single-page apps of Auth0 or Supabase have one.
    func begin(token text: String, invitation: String?, by caller: Caller) async throws -> SignInService.Session {
        let attempt = try attempts.attempt(.oidc, by: caller)
        let session = try await begin(try await verified(text, audience: configuration.audience, nonce: nil), invitation, by: caller)
        attempt.succeeded()
        return session
    }

    private func redirect() throws(APIError) -> String {
        guard let publicURL else { throw .conflict("not_configured", "PUBLIC_URL has to be set, where the issuer leads people back to") }
        return "\(publicURL)/"
    }

    private func verified(_ text: String, audience: String, nonce: String?) async throws -> JSONWebToken {
        do {
            let token = try await asking {
                try await issuer.verify(text, JSONWebToken.Expectation(issuer: configuration.issuer, audience: audience, nonce: nonce))
            }
            // OpenID Connect Core 1.0, section 3.1.3.7: of a token for several, whose it is.
            if nonce != nil, let party = token["azp"], party.stringValue != configuration.clientID { throw JSONWebTokenError.wrongAudience }
            return token
        } catch let error as JSONWebTokenError {
            throw APIError(status: 401, code: error == .expired ? "token_expired" : "invalid_token", message: error.description)
        }
    }

    private func begin(_ token: JSONWebToken, _ invitation: String?, by caller: Caller) async throws -> SignInService.Session {
        guard let subject = token.subject, (1...255).contains(subject.utf8.count) else {
            throw APIError(status: 401, code: "invalid_token", message: "the token does not say who it is about (sub)")
        }
        let isVerified = token["email_verified"] == .bool(true)
        let email = try? token["email"]?.stringValue.map { (text) throws(APIError) in try SignInService.address(text) }
        let invited = invitation.map { Authentication.hash($0) }
        let name = token["name"]?.stringValue.map { String($0.filter { !$0.isNewline }.prefix(80)) }.flatMap { $0.isEmpty ? nil : $0 }
        let mayJoin = signUp == .open || signUp == .invitation && invited != nil
        let identity = Identity(issuer: configuration.issuer, subject: subject)
        switch try await store.identities.resolve(
            identity, email: isVerified ? email : nil, name: name, mayJoin: mayJoin, invitation: invited, now: now)
        {
        case .known(let user): return try await signIns.begin(for: user, by: caller, how: configuration.name)
        case .linked(let user):
            try await trail.noteEverywhere("identity.linked", of: user.id, by: caller, detail: configuration.name)
            return try await signIns.begin(for: user, by: caller, how: configuration.name)
        case .created(let user):
            if invited != nil { try await trail.note("invitation.accepted", of: user, by: caller, subject: user.id.rawValue) }
            return try await signIns.begin(for: user, by: caller, how: "sign-up by \(configuration.name)")
        case .noAddress:
            throw APIError(status: 403, code: "email_unverified", message: "\(configuration.name) does not say that your e-mail address is confirmed")
        case .emailTaken: throw APIError.emailTaken
        case .mayNotJoin: throw APIError.signUpClosed
        case .invitation: throw APIError.linkExpired
        }
    }

    /// - Throws: 502 where the issuer is at fault.
    private func asking<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error where error is OIDCIssuer.Failure || error is HTTPClientError {
            log.warning("the issuer cannot be asked", ["error": String(describing: error)])
            throw APIError(status: 502, code: "issuer_unreachable", message: "\(configuration.name) does not answer as it should; try again in a moment")
        }
    }
}
