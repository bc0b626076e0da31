// Whom other issuers know people as.

public import Domain

/// A person, by an issuer's own name for them.
public struct Identity: Hashable, Sendable {
    public let issuer: String
    public let subject: String

    public init(issuer: String, subject: String) {
        self.issuer = issuer
        self.subject = subject
    }
}

/// What is needed to finish a sign-in that was begun.
public struct OIDCStart: Hashable, Sendable {
    public let nonce: String
    public let verifier: String

    public init(nonce: String, verifier: String) {
        self.nonce = nonce
        self.verifier = verifier
    }
}

public struct Identities: Sendable {
    let database: Database

    public enum Resolution: Sendable {
        case known(User)
        /// Somebody who was here in another way signs in like this from now on.
        case linked(User)
        case created(User)
        /// Nobody yet, and there is no confirmed address.
        case noAddress
        /// There is somebody of that address, who never confirmed it.
        case emailTaken
        case mayNotJoin
        case invitation(Invitations.Redemption)
    }

    /// - Parameters:
    ///   - state: a hash.
    ///   - browser: a hash.
    public func start(_ start: OIDCStart, state: String, browser: String, now: Timestamp, expiresAt: Timestamp) async throws {
        try await database.write(reaching: .everybody) { session in
            try session.query("DELETE FROM oidc_starts WHERE expires_at <= $1", [.integer(now.milliseconds)])
            try session.query(
                "INSERT INTO oidc_starts (state_hash, browser_hash, nonce, verifier, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    .text(state), .text(browser), .text(start.nonce), .text(start.verifier), .integer(now.milliseconds),
                    .integer(expiresAt.milliseconds),
                ])
        }
    }

    /// Takes what was begun out; `nil` where it was used, has expired, or was begun by another browser.
    public func finish(state: String, browser: String, now: Timestamp) async throws -> OIDCStart? {
        try await database.write(reaching: .everybody) { session in
            try session.query(
                "DELETE FROM oidc_starts WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3 RETURNING nonce, verifier",
                [.text(state), .text(browser), .integer(now.milliseconds)], table: "oidc_starts"
            ).first.map { OIDCStart(nonce: try $0.text("nonce"), verifier: try $0.text("verifier")) }
        }
    }

    /// Who somebody is here, whom an issuer has named.
    ///
    /// - Parameters:
    ///   - email: where the issuer says that it is theirs.
    ///   - mayJoin: whether a new person may become a user.
    ///   - invitation: the hash of its secret.
    public func resolve(
        _ identity: Identity, email: String?, name: String?, mayJoin: Bool, invitation: String?, now: Timestamp
    ) async throws -> Resolution {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                "SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2", [.text(identity.issuer), .text(identity.subject)],
                table: "identities")
            if let row = rows.first, let known = try Users.credentials("id = $1", .text(try row.text("user_id")), session) {
                return .known(try Self.acting(known.user, now: now, session))
            }
            guard let email else { return .noAddress }
            if let known = try Users.credentials("email = $1", .text(email), session) {
                // Who never confirmed it may have taken somebody else's address, to wait for them.
                guard known.verifiedAt != nil else { return .emailTaken }
                try Self.insert(identity, known.user.id, now: now, session)
                return .linked(try Self.acting(known.user, now: now, session))
            }
            guard mayJoin else { return .mayNotJoin }
            let new = NewUser(email: email, name: name, passwordHash: nil, isVerified: true)
            switch try Users.create(new, invitation: invitation, now: now, session) {
            case .created(let user):
                try Self.insert(identity, user.id, now: now, session)
                return .created(user)
            case .emailTaken:
                // At the same moment, perhaps in another tab of the same person.
                guard let known = try Users.credentials("email = $1", .text(email), session), known.verifiedAt != nil else { return .emailTaken }
                try Self.insert(identity, known.user.id, now: now, session)
                return .known(known.user)
            case .invitation(let redemption): return .invitation(redemption)
            }
        }
    }

    // MARK: Inside a transaction

    /// In an account, also who was removed from their last one.
    private static func acting(_ user: User, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) -> User {
        user.account.rawValue.isEmpty ? try Users.findOrCreate(email: user.email, now: now, session) : user
    }

    private static func insert(
        _ identity: Identity, _ user: UserID, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (issuer, subject) DO NOTHING",
            [.text(identity.issuer), .text(identity.subject), .text(user.rawValue), .integer(now.milliseconds)])
    }
}
