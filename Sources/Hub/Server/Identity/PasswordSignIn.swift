// Signing in with an e-mail address and a password, and changing that.

import Credentials
import Domain
import Runtime
import Store

struct PasswordSignIn: Sendable {
    let store: Store
    let signIns: SignInService
    let passwords: Passwords
    let codes: OneTimeCodes
    let trail: AuditTrail
    let notices: SecurityNotices
    let afterwards: Afterwards
    let attempts: AttemptGuard
    let connections: any CredentialConnections
    let clock: WallClock
    private let log = Log("sign-in")

    init(
        store: Store, signIns: SignInService, passwords: Passwords, codes: OneTimeCodes, trail: AuditTrail, notices: SecurityNotices, afterwards: Afterwards,
        attempts: AttemptGuard, connections: any CredentialConnections, clock: WallClock
    ) {
        self.store = store
        self.signIns = signIns
        self.passwords = passwords
        self.codes = codes
        self.trail = trail
        self.notices = notices
        self.afterwards = afterwards
        self.attempts = attempts
        self.connections = connections
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// - Parameters:
    ///   - email: as it is stored.
    ///   - code: of an authenticator app, or one for recovery.
    /// - Throws: 401, 403 or 429, which are the same and take as long for an address that nobody has.
    func begin(email: String, password: String, code: String?, by caller: Caller) async throws -> SignInService.Session {
        let attempt = try attempts.attempt(.signIn, by: caller, on: email)
        do {
            let credentials = try await show(password, of: email, by: caller)
            if credentials.hasTOTP {
                guard let code else { throw APIError.codeRequired }
                guard let kind = try await codes.use(code, of: credentials) else {
                    noteFailure(credentials.user.id, by: caller, "a code was wrong; the password was right")
                    throw APIError.invalidCode
                }
                if kind == .recovery { try await trail.noteEverywhere("recovery_code.used", of: credentials.user.id, by: caller) }
            }
            let session = try await signIns.begin(
                for: try await acting(credentials.user), by: caller, how: "password", if: .password(setAt: credentials.passwordChangedAt))
            attempt.succeeded()
            return session
        } catch {
            // Only what was wrong counts. Neither does the first step of two: who knows the password could begin to guess codes anew with each.
            let error = error as? APIError
            if error != .invalidCredentials, error != .invalidCode { attempt.withdraw() }
            throw error ?? APIError.internalError
        }
    }

    /// The password's part.
    private func show(_ password: String, of email: String, by caller: Caller) async throws -> UserCredentials {
        let credentials = try await store.users.credentials(email: email)
        // Asked in any case, as it takes its time. Who began to sign up has no user yet.
        let pending = try await store.mailedLinks.signUp(email: email, now: now)
        guard let credentials else {
            guard try await passwords.matches(password, pending?.passwordHash) else { throw APIError.invalidCredentials }
            throw APIError.emailUnverified
        }
        guard try await passwords.matches(password, credentials.passwordHash), let phc = credentials.passwordHash else {
            noteFailure(credentials.user.id, by: caller, "the password was wrong")
            throw APIError.invalidCredentials
        }
        try await passwords.refreshHash(password, phc, of: credentials.user.id)
        return credentials
    }

    /// Writing takes its time, by which known addresses could be told from others; another answer would tell as well.
    private func noteFailure(_ user: UserID, by caller: Caller, _ detail: String) {
        let trail = trail
        do {
            try afterwards.run("audit") { try await trail.noteFailure("sign_in.failed", at: user, by: caller, detail: detail) }
        } catch {
            log.error("a failed sign-in is missing in the audit log: too many at once")
        }
    }

    /// Whoever was removed from their last account has one of their own again.
    private func acting(_ user: User) async throws -> User {
        user.account.rawValue.isEmpty ? try await store.users.findOrCreate(email: user.email, now: now) : user
    }

    /// - Parameter current: may be missing only where there is no password.
    func change(current: String?, to password: String, of user: User, keeping signIn: SignInID?, by caller: Caller) async throws {
        try Passwords.check(password, field: "new_password", email: user.email)
        let before = try await passwords.confirm(current, "current_password", of: user, by: caller).passwordChangedAt
        let hash = try await passwords.hash(password)
        guard let ended = try await store.users.setPassword(hash, of: user.id, inPlaceOf: before, keeping: signIn, now: now) else {
            throw APIError.wrongPassword("current_password")
        }
        for signIn in ended { await connections.close(.signIn(signIn)) }
        try await trail.noteEverywhere("password.changed", of: user.id, by: caller, detail: "\(ended.count) other sign-ins ended")
        notices.tell(user.email, .passwordChanged, by: caller)
    }
}
