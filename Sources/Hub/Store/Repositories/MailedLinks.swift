// Links that were mailed to somebody, or handed over by the operator, each for once.

public import Domain

/// What a mailed link stands for.
public struct MailedLink: Hashable, Sendable {
    public enum Kind: String, Sendable {
        /// To set another password.
        case reset
        /// The same, made by the hub's operator: it says nothing of whose the address is.
        case operatorReset = "operator_reset"
        /// To finish a sign-up, of which there is no user yet.
        case signUp = "sign_up"
        /// To show that the address of a user is theirs.
        case verify

        public var setsPassword: Bool { self == .reset || self == .operatorReset }
    }

    public let kind: Kind
    public let email: String
    /// Whose it is; `nil` for a sign-up.
    public let user: UserID?
    /// Of a sign-up.
    public let name: String?
    public let passwordHash: String?
    /// The hash of the secret of an invitation, with which the sign-up came.
    public let invitation: String?
    public let createdAt: Timestamp
    public let expiresAt: Timestamp

    public init(
        kind: Kind, email: String, user: UserID? = nil, name: String? = nil, passwordHash: String? = nil, invitation: String? = nil,
        createdAt: Timestamp, expiresAt: Timestamp
    ) {
        self.kind = kind
        self.email = email
        self.user = user
        self.name = name
        self.passwordHash = passwordHash
        self.invitation = invitation
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

public struct MailedLinks: Sendable {
    let database: Database

    /// - Parameter hash: of the link's secret.
    public func insert(_ link: MailedLink, hash: String) async throws {
        try await database.write(reaching: .everybody) { session in
            try session.query("DELETE FROM mailed_links WHERE expires_at <= $1", [.integer(link.createdAt.milliseconds)])
            try session.query(
                """
                INSERT INTO mailed_links (hash, kind, email, user_id, name, password_hash, invitation, created_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                [
                    .text(hash), .text(link.kind.rawValue), .text(link.email), .optional(link.user?.rawValue), .optional(link.name),
                    .optional(link.passwordHash), .optional(link.invitation), .integer(link.createdAt.milliseconds),
                    .integer(link.expiresAt.milliseconds),
                ])
        }
    }

    /// The link of that hash while it is good, used by nobody.
    public func find(_ hash: String, now: Timestamp) async throws -> MailedLink? {
        try await database.read(reaching: .everybody) { session in try Self.find(hash, now: now, session) }
    }

    /// The newest sign-up of an address that is not finished.
    public nonisolated(nonsending) func signUp(email: String, now: Timestamp) async throws -> MailedLink? {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                "SELECT * FROM mailed_links WHERE email = $1 AND kind = $2 AND expires_at > $3 ORDER BY created_at DESC, hash LIMIT 1",
                [.text(email), .text(MailedLink.Kind.signUp.rawValue), .integer(now.milliseconds)], table: "mailed_links"
            ).first.map { try MailedLink($0) }
        }
    }

    /// Sets another password by a link.
    ///
    /// - Returns: whose, and the sign-ins that ended; `nil` where the link is not good (any more).
    public func reset(_ hash: String, password: String, now: Timestamp) async throws -> (user: UserID, ended: [SignInID])? {
        try await database.write(reaching: .everybody) { session in
            guard let link = try Self.use(hash, [.reset, .operatorReset], now: now, session), let user = link.user else { return nil }
            // Who reads the mail has the address.
            if link.kind == .reset { try Users.verify(user, now: now, session) }
            return (user, try Users.setPassword(password, of: user, keeping: nil, now: now, session))
        }
    }

    /// Finishes a sign-up, or shows that an address is its user's.
    ///
    /// - Returns: whose address it is, and the hash of the invitation that they have followed; `nil` where the link is not good (any more), also where
    ///   the address got a user in another way, or the invitation another one.
    public func verify(_ hash: String, now: Timestamp) async throws -> (UserCredentials, invitation: String?)? {
        try await database.write(reaching: .everybody) { session in
            guard let link = try Self.use(hash, [.signUp, .verify], now: now, session) else { return nil }
            switch (link.kind, link.user) {
            case (.verify, let user?):
                // Each mail that was asked for has a link. One is enough: the others would be as many ways in.
                try session.query("DELETE FROM mailed_links WHERE user_id = $1 AND kind = $2", [.text(user.rawValue), .text(link.kind.rawValue)])
                try Users.verify(user, now: now, session)
                return try Users.credentials("id = $1", .text(user.rawValue), session).map { ($0, nil) }
            case (.signUp, _):
                let new = NewUser(email: link.email, name: link.name, passwordHash: link.passwordHash, isVerified: true)
                guard case .created = try Users.create(new, invitation: link.invitation, now: now, session) else { return nil }
                // Whatever else somebody began with this address is over.
                try session.query(
                    "DELETE FROM mailed_links WHERE email = $1 AND kind = $2", [.text(link.email), .text(MailedLink.Kind.signUp.rawValue)])
                return try Users.credentials("email = $1", .text(link.email), session).map { ($0, link.invitation) }
            default: return nil
            }
        }
    }

    // MARK: Inside a transaction

    private static func find(_ hash: String, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) -> MailedLink? {
        let rows = try session.query(
            "SELECT * FROM mailed_links WHERE hash = $1 AND expires_at > $2", [.text(hash), .integer(now.milliseconds)], table: "mailed_links")
        return try rows.first.map { (row) throws(StoreError) in try MailedLink(row) }
    }

    /// Takes a link out, so that of two who use it at once one does.
    private static func use(
        _ hash: String, _ kinds: [MailedLink.Kind], now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> MailedLink? {
        let names = kinds.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let rows = try session.query(
            "DELETE FROM mailed_links WHERE hash = $1 AND expires_at > $2 AND kind IN (\(names)) RETURNING *",
            [.text(hash), .integer(now.milliseconds)], table: "mailed_links")
        return try rows.first.map { (row) throws(StoreError) in try MailedLink(row) }
    }
}

extension MailedLink {
    init(_ row: Row) throws(StoreError) {
        guard let kind = Kind(rawValue: try row.text("kind")) else { throw row.unreadable("kind") }
        self.init(
            kind: kind, email: try row.text("email"), user: try row.optionalText("user_id").map { UserID(trusted: $0) },
            name: try row.optionalText("name"), passwordHash: try row.optionalText("password_hash"),
            invitation: try row.optionalText("invitation"), createdAt: Timestamp(milliseconds: try row.integer("created_at")),
            expiresAt: Timestamp(milliseconds: try row.integer("expires_at")))
    }
}
