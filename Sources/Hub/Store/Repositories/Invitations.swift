// Links that make people members of an account, of which hashes are kept.

public import Domain

public struct Invitations: Sendable {
    let database: Database

    public enum Insertion: Hashable, Sendable {
        case stored
        /// Who invites may not, or not any more.
        case forbidden
        /// One of its devices is not the account's.
        case unknownDevice
        case tooMany
    }

    public enum Redemption: Hashable, Sendable {
        case joined(Membership)
        /// There is none of that hash that is still good.
        case unknown
        /// It is for another address.
        case otherAddress
        case alreadyMember
    }

    /// Each may be a mail to somebody.
    private static let maximumOpen = 200

    /// By `invitedBy`, whose role is read again here, since it could have changed meanwhile.
    ///
    /// - Parameter hash: SHA-256 of the link's secret, hexadecimal.
    public func insert(_ invitation: Invitation, hash: String, in scope: AccountScope) async throws -> Insertion {
        try await database.write(in: scope) { session in
            // One after another: a change of that role takes the invitations along that are there by then, and several at once are counted.
            try Accounts.lock(scope, session)
            guard try Memberships.find(invitation.invitedBy, in: scope, session)?.role.maySet(invitation.role) == true else { return .forbidden }
            // Long expired ones are of no use to anybody.
            try session.query("DELETE FROM invitations WHERE expires_at < $1", [.integer(invitation.createdAt.milliseconds - 86_400_000)])
            guard try Devices.known(invitation.devices, in: scope, session) == invitation.devices else { return .unknownDevice }
            let open = try session.query(
                "SELECT id FROM invitations WHERE account_id = $1 AND expires_at > $2",
                [.text(scope.account.rawValue), .integer(invitation.createdAt.milliseconds)])
            guard open.count < Self.maximumOpen else { return .tooMany }
            try session.query(
                """
                INSERT INTO invitations (id, account_id, hash, role, all_devices, devices, email, invited_by, inviter, created_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """,
                [
                    .text(invitation.id.rawValue), .text(scope.account.rawValue), .text(hash), .text(invitation.role.rawValue),
                    .integer(invitation.devices == .all ? 1 : 0), .text(invitation.devices.text), .optional(invitation.email),
                    .text(invitation.invitedBy.rawValue), .text(invitation.inviter), .integer(invitation.createdAt.milliseconds),
                    .integer(invitation.expiresAt.milliseconds),
                ])
            return .stored
        }
    }

    /// Those that can still be followed, the newest first.
    public func list(in scope: AccountScope, now: Timestamp) async throws -> [Invitation] {
        try await database.read(in: scope) { session in
            try session.query(
                "SELECT * FROM invitations WHERE account_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC",
                [.text(scope.account.rawValue), .integer(now.milliseconds)], table: "invitations"
            ).map { try Invitation($0) }
        }
    }

    /// The one that was revoked; `nil` when there was none.
    public func remove(_ id: InvitationID, in scope: AccountScope) async throws -> Invitation? {
        try await database.write(in: scope) { session in
            try session.query(
                "DELETE FROM invitations WHERE account_id = $1 AND id = $2 RETURNING *", [.text(scope.account.rawValue), .text(id.rawValue)],
                table: "invitations"
            ).first.map { try Invitation($0) }
        }
    }

    /// What somebody who has the link is told before they follow it. The secret is the proof, whosever account it is.
    public func look(hash: String, now: Timestamp) async throws -> (invitation: Invitation, account: Account)? {
        try await database.read(reaching: .everybody) { session in
            guard let (invitation, scope) = try Self.find(hash: hash, now: now, session) else { return nil }
            let rows = try session.query("SELECT * FROM accounts WHERE id = $1", [.text(scope.account.rawValue)], table: "accounts")
            return try rows.first.map { (invitation, try Account($0)) }
        }
    }

    /// Makes the person a member of the account; the link is used then.
    ///
    /// - Parameter user: in whichever of their accounts.
    public func redeem(hash: String, for user: User, now: Timestamp) async throws -> Redemption {
        try await database.write(reaching: .everybody) { session in try Self.redeem(hash: hash, for: user, now: now, session) }
    }

    // MARK: Inside a transaction

    static func redeem(hash: String, for user: User, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) -> Redemption {
        guard let (invitation, scope) = try find(hash: hash, now: now, session) else { return .unknown }
        if let email = invitation.email, email != user.email { return .otherAddress }
        try Accounts.lock(scope, session)
        guard try Memberships.find(user.id, in: scope, session) == nil else { return .alreadyMember }
        // Whoever takes the row away has used the link; a second one at the same moment finds none.
        guard
            try !session.query("DELETE FROM invitations WHERE id = $1 RETURNING id", [.text(invitation.id.rawValue)]).isEmpty
        else { return .unknown }
        let member = User(id: user.id, account: scope.account, email: user.email, name: user.name, createdAt: user.createdAt)
        // A camera may have been removed meanwhile.
        let devices = try Devices.known(invitation.devices, in: scope, session)
        let membership = Membership(user: member, role: invitation.role, devices: devices, createdAt: now)
        try Memberships.insert(membership, session)
        return .joined(membership)
    }

    private static func find(
        hash: String, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> (Invitation, AccountScope)? {
        let rows = try session.query(
            "SELECT * FROM invitations WHERE hash = $1 AND expires_at > $2", [.text(hash), .integer(now.milliseconds)], table: "invitations")
        guard let row = rows.first else { return nil }
        return (try Invitation(row), AccountScope(AccountID(trusted: try row.text("account_id"))))
    }

    /// Nobody has invited more than they may: those of a person who may less now are gone.
    static func removeBeyond(
        _ role: Role?, of user: UserID, in scope: AccountScope, _ session: borrowing Database.Session
    ) throws(StoreError) {
        let key: [SQLValue] = [.text(scope.account.rawValue), .text(user.rawValue)]
        switch role {
        case .owner?: return
        case .admin?: try session.query("DELETE FROM invitations WHERE account_id = $1 AND invited_by = $2 AND role = 'owner'", key)
        case .member?, .viewer?, nil: try session.query("DELETE FROM invitations WHERE account_id = $1 AND invited_by = $2", key)
        }
    }
}

extension DeviceAccess {
    /// Ids have no spaces.
    var text: String {
        guard case .only(let devices) = self else { return "" }
        return devices.map(\.rawValue).sorted().joined(separator: " ")
    }

    init(all: Bool, text: String) {
        self = all ? .all : .only(Set(text.split(separator: " ").map { DeviceID(trusted: String($0)) }))
    }
}

extension Invitation {
    init(_ row: Row) throws(StoreError) {
        guard let role = Role(rawValue: try row.text("role")) else { throw row.unreadable("role") }
        self.init(
            id: InvitationID(trusted: try row.text("id")), role: role,
            devices: DeviceAccess(all: try row.integer("all_devices") != 0, text: try row.text("devices")), email: try row.optionalText("email"),
            invitedBy: UserID(trusted: try row.text("invited_by")), inviter: try row.text("inviter"),
            createdAt: Timestamp(milliseconds: try row.integer("created_at")), expiresAt: Timestamp(milliseconds: try row.integer("expires_at")))
    }
}
