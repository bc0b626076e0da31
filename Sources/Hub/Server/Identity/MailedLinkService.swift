// Signing up, and what is done by mail: confirming an address, setting another password.

import Credentials
import Domain
import Pipeline
import Runtime
import Store

/// What it answers does not tell whether somebody has an address; looking and mailing come after the answer.
struct MailedLinkService: Sendable {
    let store: Store
    let signIns: SignInService
    let passwords: Passwords
    let mailer: Mailer
    let notices: SecurityNotices
    let trail: AuditTrail
    let afterwards: Afterwards
    let attempts: AttemptGuard
    let connections: any CredentialConnections
    let policy: SignUpPolicy
    let clock: WallClock

    static let resetSeconds = 1800.0, verifySeconds = 86_400.0

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    // MARK: Signing up

    enum SignedUp: Sendable {
        case session(SignInService.Session)
        /// A link was mailed, if there is nobody of that address.
        case mailed
    }

    /// - Parameter invitation: the secret of a link.
    func signUp(email: String, password: String, name: String?, invitation: String?, by caller: Caller) async throws -> SignedUp {
        guard policy == .open || policy == .invitation && invitation != nil else { throw APIError.signUpClosed }
        try Passwords.check(password, email: email)
        let invited = invitation.map { Authentication.hash($0) }
        if let invited {
            let attempt = try attempts.attempt(.invitation, by: caller)
            guard let (found, _) = try await store.invitations.look(hash: invited, now: now) else { throw APIError.linkExpired }
            attempt.succeeded()
            if let expected = found.email, expected != email { throw Self.otherAddress }
        }
        _ = try attempts.attempt(.mail, by: caller, on: email)
        guard mailer.isAvailable else {
            let new = NewUser(email: email, name: name, passwordHash: try await passwords.hash(password), isVerified: false)
            switch try await store.users.create(new, invitation: invited, now: now) {
            case .created(let user): return .session(try await welcome(user, invited, by: caller))
            case .emailTaken: throw APIError.emailTaken
            case .invitation: throw APIError.linkExpired
            }
        }
        // The same work for a known address.
        let hash = try await passwords.hash(password)
        try afterwards.run("sign-up") {
            if let known = try await store.users.credentials(email: email) { return try await tell(known.user) }
            try await mail(.signUp, email: email, name: name, passwordHash: hash, invitation: invited)
        }
        return .mailed
    }

    private func welcome(_ user: User, _ invited: String?, by caller: Caller) async throws -> SignInService.Session {
        if invited != nil { try await trail.note("invitation.accepted", of: user, by: caller, subject: user.id.rawValue) }
        return try await signIns.begin(for: user, by: caller, how: "sign-up")
    }

    private static let otherAddress = APIError(
        status: 403, code: "other_address", message: "this invitation is for another e-mail address", field: "email")

    /// Finishes a sign-up, or shows that an address is its user's.
    ///
    /// - Parameter password: the one that was chosen. Others may have signed up with this address, and their mails look the same: whoever follows
    ///   one of these shall not find themselves in an account of which somebody else knows the password.
    func verify(_ token: String, password: String, by caller: Caller) async throws -> SignInService.Session {
        let hash = Authentication.hash(token)
        let attempt = try attempts.attempt(.link, by: caller)
        guard let link = try await store.mailedLinks.find(hash, now: now), !link.kind.setsPassword else { throw APIError.linkExpired }
        attempt.succeeded()
        var chosen = link.passwordHash
        if let user = link.user { chosen = try await store.users.credentials(of: user)?.passwordHash }
        if let chosen {
            let guess = try attempts.attempt(.signIn, by: caller, on: link.email)
            guard try await passwords.matches(password, chosen) else { throw APIError.wrongPassword("password") }
            guess.succeeded()
        }
        guard let (credentials, invited) = try await store.mailedLinks.verify(hash, now: now) else { throw APIError.linkExpired }
        // A mailbox is not the second factor.
        guard !credentials.hasTOTP else { throw APIError.codeRequired }
        return try await welcome(credentials.user, invited, by: caller)
    }

    /// Another mail with a link to confirm an address, where one is waited for.
    func resend(to email: String, by caller: Caller) throws {
        guard mailer.isAvailable else { throw APIError.noMail }
        _ = try attempts.attempt(.mail, by: caller, on: email)
        try afterwards.run("confirmation") {
            if let known = try await store.users.credentials(email: email) {
                guard known.verifiedAt == nil else { return }
                return try await mail(.verify, email: email, user: known.user.id)
            }
            guard let waiting = try await store.mailedLinks.signUp(email: email, now: now) else { return }
            try await mail(
                .signUp, email: email, name: waiting.name, passwordHash: waiting.passwordHash, invitation: waiting.invitation)
        }
    }

    // MARK: Another password

    func forgot(_ email: String, by caller: Caller) throws {
        guard mailer.isAvailable else { throw APIError.noMail }
        _ = try attempts.attempt(.mail, by: caller, on: email)
        try afterwards.run("password link") {
            guard let known = try await store.users.credentials(email: email) else { return }
            try await trail.noteFailure("password.link_asked", at: known.user.id, by: caller, detail: "a link to set another password was mailed")
            try await mail(.reset, email: email, user: known.user.id)
        }
    }

    func reset(_ token: String, to password: String, by caller: Caller) async throws {
        let attempt = try attempts.attempt(.link, by: caller)
        let hash = Authentication.hash(token)
        guard let link = try await store.mailedLinks.find(hash, now: now), link.kind.setsPassword else { throw APIError.linkExpired }
        attempt.succeeded()
        try Passwords.check(password, email: link.email)
        guard let (user, ended) = try await store.mailedLinks.reset(hash, password: try await passwords.hash(password), now: now) else {
            throw APIError.linkExpired
        }
        for signIn in ended { await connections.close(.signIn(signIn)) }
        let origin = link.kind == .reset ? "a mailed link" : "a link of the hub's operator"
        try await trail.noteEverywhere("password.reset", of: user, by: caller, detail: "by \(origin); \(ended.count) sign-ins ended")
        notices.tell(link.email, .passwordReset, by: caller)
    }

    // MARK: Mail

    private func mail(
        _ kind: MailedLink.Kind, email: String, user: UserID? = nil, name: String? = nil, passwordHash: String? = nil, invitation: String? = nil
    ) async throws {
        let token = Crypto.randomToken(), now = now
        let seconds = kind.setsPassword ? Self.resetSeconds : Self.verifySeconds
        try await store.mailedLinks.insert(
            MailedLink(
                kind: kind, email: email, user: user, name: name, passwordHash: passwordHash, invitation: invitation, createdAt: now,
                expiresAt: now.advanced(bySeconds: seconds)),
            hash: Authentication.hash(token))
        let ignore = "If it was not you who asked for this, ignore this mail: nothing changes."
        if kind.setsPassword {
            try await send(
                to: email, subject: "Set a new password",
                ["Hello,", "", "with this link you can set a new password. It works once, within 30 minutes:", "", link("#/reset/\(token)"), "", ignore])
        } else {
            try await send(
                to: email, subject: "Confirm your address",
                ["Hello,", "", "with this link you confirm that this address is yours. It works once, within a day:", "", link("#/verify/\(token)"), "", ignore])
        }
    }

    /// Somebody who has forgotten that they are here, or somebody else.
    private func tell(_ user: User) async throws {
        try await send(
            to: user.email, subject: "You have an account already",
            [
                "Hello,", "", "somebody wanted to sign up with this address, which has an account here already. If it was you, sign in:", "",
                link("#/sign-in"), "", "If you do not remember your password, the page can mail you a link to set a new one.",
                "If it was not you, ignore this mail: nothing has changed.",
            ])
    }

    private func link(_ fragment: String) -> String { mailer.link(fragment) ?? fragment }

    private func send(to email: String, subject: String, _ lines: [String]) async throws {
        try await mailer.sendPatiently(to: email, subject: "\(subject) · Ping Watch", lines: lines)
    }
}
