// What the operator of a hub does for people who cannot get in by themselves: where no mail is sent, where somebody never had a password, or where
// codes of an app were lost.

import Domain
public import Pipeline
public import Runtime
public import Store

public struct OperatorLinks: Sendable {
    let store: Store
    let clock: WallClock
    private let notices: SecurityNotices

    public struct Made: Sendable {
        /// Of whose user it is, as it is stored.
        public let email: String
        /// What follows the page's address, secret and all.
        public let fragment: Secret
        public let codes: Codes
        /// Why the person was not told by mail of what has changed already, if so.
        public let untold: String?
    }

    /// What becomes of the second factor.
    public enum Codes: Sendable {
        case none
        /// The link is not enough: signing in asks for a code as well.
        case asked
        case disabled
    }

    /// What an operator is told instead.
    public struct Refused: Error, CustomStringConvertible {
        public let description: String
    }

    /// - Parameter mail: for telling people that codes are not asked for any more; `nil` where no server is configured.
    public init(store: Store, mail: MailClient?, publicURL: String?, clock: WallClock) {
        self.store = store
        self.clock = clock
        notices = SecurityNotices(mailer: Mailer(client: mail, publicURL: publicURL, clock: clock), clock: clock)
    }

    /// A link of one use, which lives as long as one that is mailed. It shows nothing about whose the address is.
    ///
    /// - Parameter disablingCodes: also codes of an app are not asked for any more, from now on.
    /// - Throws: `Refused` where nobody has this address.
    public func make(for address: String, disablingCodes: Bool) async throws -> Made {
        guard let known = try await store.users.credentials(email: address.lowercased()) else {
            throw Refused(description: "there is nobody with the address \(address); pingwatch user list names everybody")
        }
        // The account of a hub without sign-in has no address to sign in with.
        guard (try? SignInService.address(address)) != nil else {
            throw Refused(description: "\(address) is no address to sign in with: it stands for everybody while AUTH_REQUIRED is false")
        }
        let now = Timestamp(milliseconds: clock.milliseconds)
        let user = known.user.id, token = Crypto.randomToken()
        var codes = known.hasTOTP ? Codes.asked : .none, untold: String?
        if known.hasTOTP, disablingCodes {
            untold = try await disableCodes(of: known.user, "who has lost the app and the recovery codes")
            codes = .disabled
        }
        try await trail.noteOperator("password.link_made", at: user, detail: "for \(known.user.email), good for 30 minutes")
        try await store.mailedLinks.insert(
            MailedLink(
                kind: .operatorReset, email: known.user.email, user: user, createdAt: now,
                expiresAt: now.advanced(bySeconds: MailedLinkService.resetSeconds)),
            hash: Authentication.hash(token))
        return Made(email: known.user.email, fragment: Secret("#/reset/\(token)"), codes: codes, untold: untold)
    }

    /// Turns codes off for everybody: where the key of their secrets is lost nobody can show one.
    ///
    /// - Returns: who had them on, and why they were not told by mail, if so.
    public func disableAllCodes() async throws -> [(email: String, untold: String?)] {
        var people: [(email: String, untold: String?)] = []
        for (credentials, _) in try await store.users.list() where credentials.totpSecret != nil {
            let user = credentials.user
            if credentials.hasTOTP {
                people.append((user.email, try await disableCodes(of: user, "as the hub's key of their secrets was lost")))
            } else {
                try await store.users.stopTOTP(of: user.id)
            }
        }
        return people
    }

    private var trail: AuditTrail { AuditTrail(store: store, clock: clock) }

    /// - Returns: why they were not told by mail, if so.
    private func disableCodes(of user: User, _ reason: String) async throws -> String? {
        try await trail.noteOperator("totp.off", at: user.id, detail: "for \(user.email), \(reason)")
        try await store.users.stopTOTP(of: user.id)
        return await tell(user.email)
    }

    private func tell(_ email: String) async -> String? {
        guard notices.mailer.client != nil else { return nil }
        do {
            try await notices.tellOfOperator(email, .codesOff)
            return nil
        } catch {
            return String(describing: error)
        }
    }
}
