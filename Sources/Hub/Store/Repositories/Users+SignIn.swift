// What people sign in with.

public import Domain
import Runtime

/// A person with what they show to sign in.
public struct UserCredentials: Sendable {
    /// In the account that they joined first; in none (an empty id) where they belong to none.
    public let user: User
    /// A PHC string.
    public let passwordHash: String?
    public let passwordChangedAt: Timestamp?
    public let verifiedAt: Timestamp?
    /// Sealed: `TOTPKey` opens it. It asks for nothing until `totpConfirmedAt` is set.
    public let totpSecret: String?
    public let totpConfirmedAt: Timestamp?
    /// The newest time step of which a code was used.
    public let totpStep: Int64?

    public var hasTOTP: Bool { totpConfirmedAt != nil }
}

/// Somebody who is to become a user, with an account of their own.
public struct NewUser: Sendable {
    /// Lower-cased.
    public let email: String
    public let name: String?
    public let passwordHash: String?
    public let accountName: String
    /// Whether the address was shown to be theirs.
    public let isVerified: Bool

    public init(email: String, name: String?, passwordHash: String?, accountName: String? = nil, isVerified: Bool) {
        self.email = email
        self.name = name
        self.passwordHash = passwordHash
        self.accountName = accountName ?? name ?? email
        self.isVerified = isVerified
    }
}

extension Users {
    /// The name of the setting that holds the hash of the secret of the first start.
    public static let setupSecret = "setup.secret_hash"

    public nonisolated(nonsending) func credentials(email: String) async throws -> UserCredentials? {
        try await database.read(reaching: .everybody) { session in
            try Self.credentials("email = $1", .text(email), session)
        }
    }

    public func credentials(of user: UserID) async throws -> UserCredentials? {
        try await database.read(reaching: .everybody) { session in try Self.credentials("id = $1", .text(user.rawValue), session) }
    }

    /// Everybody with the accounts that they belong to, for the operator.
    public func list() async throws -> [(credentials: UserCredentials, memberships: [Membership])] {
        try await database.read(reaching: .everybody) { session in
            var people: [(credentials: UserCredentials, memberships: [Membership])] = []
            for row in try session.query("SELECT users.*, '' AS account_id FROM users ORDER BY created_at, id", table: "users") {
                let credentials = try UserCredentials(row)
                people.append((credentials, try Memberships.all(of: credentials.user.id, session)))
            }
            return people
        }
    }

    static func credentials(
        _ condition: String, _ value: SQLValue, _ session: borrowing Database.Session
    ) throws(StoreError) -> UserCredentials? {
        let rows = try session.query(
            """
            SELECT users.*, COALESCE((SELECT account_id FROM memberships WHERE memberships.user_id = users.id
            ORDER BY memberships.created_at, memberships.account_id LIMIT 1), '') AS account_id FROM users WHERE \(condition)
            """, [value], table: "users")
        return try rows.first.map { (row) throws(StoreError) in try UserCredentials(row) }
    }

    public enum Creation: Sendable {
        /// In the account in which they act now.
        case created(User)
        case emailTaken
        /// The invitation is not for them, or not good any more.
        case invitation(Invitations.Redemption)
    }

    /// A new person, with an account of their own, or in the one that they are invited to.
    ///
    /// - Parameter invitation: the hash of its secret.
    public func create(_ new: NewUser, invitation: String? = nil, now: Timestamp) async throws -> Creation {
        try await database.write(reaching: .everybody) { session in try Self.create(new, invitation: invitation, now: now, session) }
    }

    static func create(
        _ new: NewUser, invitation: String?, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> Creation {
        let account = AccountID(trusted: makeUUIDv7(milliseconds: now.milliseconds))
        let user = User(
            id: UserID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), account: account, email: new.email, name: new.name, createdAt: now)
        let rows = try session.query(
            """
            INSERT INTO users (id, email, name, password_hash, password_changed_at, verified_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (email) DO NOTHING RETURNING id
            """,
            [
                .text(user.id.rawValue), .text(user.email), .optional(user.name), .optional(new.passwordHash),
                .optional(new.passwordHash == nil ? nil : now.milliseconds), .optional(new.isVerified ? now.milliseconds : nil),
                .integer(now.milliseconds),
            ], table: "users")
        guard !rows.isEmpty else { return .emailTaken }
        if let invitation {
            let redemption = try Invitations.redeem(hash: invitation, for: user, now: now, session)
            guard case .joined(let membership) = redemption else {
                try session.query("DELETE FROM users WHERE id = $1", [.text(user.id.rawValue)])
                return .invitation(redemption)
            }
            return .created(membership.user)
        }
        try Accounts.insert(account, name: new.accountName, now: now, session)
        try Memberships.insert(Membership(user: user, role: .owner, devices: .all, createdAt: now), session)
        return .created(user)
    }

    public enum SetUp: Hashable, Sendable {
        case done(User)
        case wrongSecret
        /// There is somebody already.
        case over
    }

    /// Keeps the hash of the secret with which the first person may be made; `false` where there is somebody.
    public func openSetUp(secretHash: String) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            guard try session.query("SELECT id FROM users LIMIT 1").isEmpty else { return false }
            try session.query(
                "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [.text(Self.setupSecret), .text(secretHash)])
            return true
        }
    }

    /// Makes the first person. Of two who do so at once, one does.
    public func setUp(_ new: NewUser, secretHash: String, now: Timestamp) async throws -> SetUp {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                "SELECT value FROM settings WHERE name = $1 \(session.dialect.forUpdate)", [.text(Self.setupSecret)], table: "settings")
            guard try session.query("SELECT id FROM users LIMIT 1").isEmpty else { return .over }
            guard let row = rows.first, Crypto.constantTimeEquals(try row.text("value").utf8, secretHash.utf8) else { return .wrongSecret }
            try session.query("DELETE FROM settings WHERE name = $1", [.text(Self.setupSecret)])
            guard case .created(let user) = try Self.create(new, invitation: nil, now: now, session) else { return .over }
            return .done(user)
        }
    }

    public func rename(_ user: UserID, to name: String?) async throws {
        try await database.write(reaching: .everybody) { session in
            _ = try session.query("UPDATE users SET name = $2 WHERE id = $1", [.text(user.rawValue), .optional(name)])
        }
    }

    /// Sets a password in the place of the one that was set at `before`, after which mailed links are of no use, and ends all sign-ins but one.
    ///
    /// - Returns: the ended sign-ins; `nil` where somebody was faster.
    public func setPassword(
        _ hash: String, of user: UserID, inPlaceOf before: Timestamp?, keeping signIn: SignInID?, now: Timestamp
    ) async throws -> [SignInID]? {
        try await database.write(reaching: .everybody) { session in
            guard let row = try Self.lock(user, session), try row.time("password_changed_at") == before else { return nil }
            return try Self.setPassword(hash, of: user, keeping: signIn, now: now, session)
        }
    }

    /// Until the transaction ends nobody else changes how a person gets in, or ends their sign-ins.
    static func lock(_ user: UserID, _ session: borrowing Database.Session) throws(StoreError) -> Row? {
        try session.query(
            "SELECT id, password_changed_at FROM users WHERE id = $1 \(session.dialect.forUpdate)", [.text(user.rawValue)], table: "users"
        ).first
    }

    static func setPassword(
        _ hash: String, of user: UserID, keeping signIn: SignInID?, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> [SignInID] {
        try session.query(
            "UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE id = $1",
            [.text(user.rawValue), .text(hash), .integer(now.milliseconds)])
        try session.query("DELETE FROM mailed_links WHERE user_id = $1", [.text(user.rawValue)])
        return try SignIns.endAll(of: user, except: signIn, session)
    }

    /// Another hash of the same password; not where it was changed meanwhile.
    public func replaceHash(_ old: String, with hash: String, of user: UserID) async throws {
        try await database.write(reaching: .everybody) { session in
            _ = try session.query(
                "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2", [.text(user.rawValue), .text(old), .text(hash)])
        }
    }

    static func verify(_ user: UserID, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query(
            "UPDATE users SET verified_at = $2 WHERE id = $1 AND verified_at IS NULL", [.text(user.rawValue), .integer(now.milliseconds)])
    }

    // MARK: One-time codes

    /// From now on a code is asked for; `false` where the secret, as it is stored, is another one by now.
    public func confirmTOTP(_ secret: String, step: Int64, recovery: [String], of user: UserID, now: Timestamp) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                """
                UPDATE users SET totp_confirmed_at = $3, totp_step = $4
                WHERE id = $1 AND totp_secret = $2 AND totp_confirmed_at IS NULL RETURNING id
                """, [.text(user.rawValue), .text(secret), .integer(now.milliseconds), .integer(step)])
            guard !rows.isEmpty else { return false }
            try session.query("DELETE FROM recovery_codes WHERE user_id = $1", [.text(user.rawValue)])
            for hash in recovery {
                try session.query("INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)", [.text(user.rawValue), .text(hash)])
            }
            return true
        }
    }

    /// `false` where a code of that step or a later one was used: of two who show one code at once, one is let in.
    public func useTOTP(step: Int64, of user: UserID) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            try !session.query(
                "UPDATE users SET totp_step = $2 WHERE id = $1 AND (totp_step IS NULL OR totp_step < $2) RETURNING id",
                [.text(user.rawValue), .integer(step)]
            ).isEmpty
        }
    }

    /// `false` where the person has no such code any more.
    public func useRecoveryCode(_ hash: String, of user: UserID) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            try !session.query(
                "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2 RETURNING hash", [.text(user.rawValue), .text(hash)]
            ).isEmpty
        }
    }

    public func stopTOTP(of user: UserID) async throws {
        try await database.write(reaching: .everybody) { session in
            try session.query(
                "UPDATE users SET totp_secret = NULL, totp_confirmed_at = NULL, totp_step = NULL WHERE id = $1", [.text(user.rawValue)])
            try session.query("DELETE FROM recovery_codes WHERE user_id = $1", [.text(user.rawValue)])
        }
    }
}

extension UserCredentials {
    /// - Parameter row: of `users`, with an `account_id`.
    init(_ row: Row) throws(StoreError) {
        func time(_ column: String) throws(StoreError) -> Timestamp? { try row.optionalInteger(column).map { Timestamp(milliseconds: $0) } }
        user = try User(row)
        passwordHash = try row.optionalText("password_hash")
        passwordChangedAt = try time("password_changed_at")
        verifiedAt = try time("verified_at")
        totpSecret = try row.optionalText("totp_secret")
        totpConfirmedAt = try time("totp_confirmed_at")
        totpStep = try row.optionalInteger("totp_step")
    }
}
