// Codes of an authenticator app beside the password, and those for recovery.

import Credentials
import Domain
import Runtime
import Store

struct OneTimeCodes: Sendable {
    let store: Store
    let key: TOTPKey
    let passwords: Passwords
    let trail: AuditTrail
    let notices: SecurityNotices
    let attempts: AttemptGuard
    let clock: WallClock
    private let log = Log("sign-in")

    init(
        store: Store, key: TOTPKey, passwords: Passwords, trail: AuditTrail, notices: SecurityNotices, attempts: AttemptGuard, clock: WallClock
    ) {
        self.store = store
        self.key = key
        self.passwords = passwords
        self.trail = trail
        self.notices = notices
        self.attempts = attempts
        self.clock = clock
    }

    enum Kind: Sendable { case app, recovery }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// Takes a code; each is good for once.
    func use(_ code: String, of credentials: UserCredentials) async throws -> Kind? {
        guard let totp = try totp(of: credentials) else { return nil }
        if let step = totp.match(code, at: now, after: credentials.totpStep) {
            return try await store.users.useTOTP(step: step, of: credentials.user.id) ? .app : nil
        }
        guard let hash = RecoveryCodes.hash(code, of: credentials.user.id) else { return nil }
        return try await store.users.useRecoveryCode(hash, of: credentials.user.id) ? .recovery : nil
    }

    /// - Throws: 500 where the secret cannot be read: nobody's code is called wrong for that.
    private func totp(of credentials: UserCredentials) throws(APIError) -> TOTP? {
        guard let sealed = credentials.totpSecret else { return nil }
        guard let totp = key.open(sealed, of: credentials.user.id).flatMap({ TOTP(base32: $0) }) else {
            log.error("the secret of somebody's one-time codes cannot be read; pingwatch user link --disable-codes lets them in")
            throw .internalError
        }
        return totp
    }

    /// A secret for the app. It asks for nothing until `confirm`.
    func start(password: String?, of user: User, by caller: Caller) async throws -> TOTP {
        let credentials = try await passwords.confirm(password, "password", of: user, by: caller)
        guard credentials.passwordHash != nil else { throw APIError.conflict("no_password", "set a password first; codes are asked for beside it") }
        let totp = TOTP()
        guard try await store.users.startTOTP(totp.base32, by: key, of: user.id) else {
            throw APIError.conflict("totp_on", "codes are asked for already; turn that off first")
        }
        return totp
    }

    /// The app has shown its first code: from now on one is asked for.
    ///
    /// - Returns: codes for recovery, to be shown once.
    func confirm(_ code: String, of user: User, by caller: Caller) async throws -> [String] {
        guard let credentials = try await store.users.credentials(of: user.id) else { throw APIError.invalidToken }
        guard !credentials.hasTOTP, let secret = credentials.totpSecret, let totp = try totp(of: credentials) else {
            throw APIError.conflict("totp_not_started", "there is nothing to confirm; start anew")
        }
        guard let step = totp.match(code, at: now, after: nil) else {
            throw APIError(status: 400, code: "invalid_totp", message: "this is not the code of this moment; is the phone's clock right?", field: "code")
        }
        var generator = SystemRandomNumberGenerator()
        let recovery = RecoveryCodes.make(using: &generator)
        let hashes = recovery.compactMap { RecoveryCodes.hash($0, of: user.id) }
        guard try await store.users.confirmTOTP(secret, step: step, recovery: hashes, of: user.id, now: now) else {
            throw APIError.conflict("totp_not_started", "there is nothing to confirm; start anew")
        }
        try await trail.noteEverywhere("totp.on", of: user.id, by: caller)
        notices.tell(user.email, .codesOn, by: caller)
        return recovery
    }

    func disable(password: String?, of user: User, by caller: Caller) async throws {
        let credentials = try await passwords.confirm(password, "password", of: user, by: caller)
        try await store.users.stopTOTP(of: user.id)
        try await trail.noteEverywhere("totp.off", of: user.id, by: caller)
        // Else nothing has changed but a beginning that was not finished.
        if credentials.hasTOTP { notices.tell(user.email, .codesOff, by: caller) }
    }
}
