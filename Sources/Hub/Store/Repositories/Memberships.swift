// Who belongs to which account, as what, and which of its devices they see.

public import Domain

public struct Memberships: Sendable {
    let database: Database

    /// Everybody who belongs to the account, who came first first.
    public func list(in scope: AccountScope) async throws -> [Membership] {
        try await database.read(in: scope) { session in
            var members: [Membership] = []
            for row in try session.query(
                Self.columns + " WHERE memberships.account_id = $1 ORDER BY memberships.created_at, users.id", [.text(scope.account.rawValue)],
                table: "memberships")
            {
                members.append(try Membership(row, session))
            }
            return members
        }
    }

    public func find(_ user: UserID, in scope: AccountScope) async throws -> Membership? {
        try await database.read(in: scope) { session in try Self.find(user, in: scope, session) }
    }

    /// All accounts of a person, the one that they joined first first.
    public func all(of user: UserID) async throws -> [Membership] {
        try await database.read(reaching: .everybody) { session in try Self.all(of: user, session) }
    }

    // MARK: Inside a transaction

    static func find(_ user: UserID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Membership? {
        let rows = try session.query(
            columns + " WHERE memberships.account_id = $1 AND memberships.user_id = $2", [.text(scope.account.rawValue), .text(user.rawValue)],
            table: "memberships")
        guard let row = rows.first else { return nil }
        return try Membership(row, session)
    }

    static func all(of user: UserID, _ session: borrowing Database.Session) throws(StoreError) -> [Membership] {
        var members: [Membership] = []
        for row in try session.query(
            columns + " WHERE memberships.user_id = $1 ORDER BY memberships.created_at, memberships.account_id", [.text(user.rawValue)],
            table: "memberships")
        {
            members.append(try Membership(row, session))
        }
        return members
    }

    static func insert(_ membership: Membership, _ session: borrowing Database.Session) throws(StoreError) {
        let user = membership.user
        try session.query(
            "INSERT INTO memberships (account_id, user_id, role, all_devices, created_at) VALUES ($1, $2, $3, $4, $5)",
            [
                .text(user.account.rawValue), .text(user.id.rawValue), .text(membership.role.rawValue),
                .integer(membership.devices == .all ? 1 : 0), .integer(membership.createdAt.milliseconds),
            ])
        try setDevices(membership.devices, of: user, session)
    }

    /// Those of other accounts are not taken: the foreign key knows the account's own only.
    static func setDevices(_ devices: DeviceAccess, of user: User, _ session: borrowing Database.Session) throws(StoreError) {
        let key: [SQLValue] = [.text(user.account.rawValue), .text(user.id.rawValue)]
        try session.query("DELETE FROM membership_devices WHERE account_id = $1 AND user_id = $2", key)
        guard case .only(let chosen) = devices else { return }
        for device in chosen.sorted(by: { $0.rawValue < $1.rawValue }) {
            try session.query(
                "INSERT INTO membership_devices (account_id, user_id, device_id) VALUES ($1, $2, $3)", key + [.text(device.rawValue)])
        }
    }

    static func devices(
        of user: UserID, account: AccountID, all: Bool, _ session: borrowing Database.Session
    ) throws(StoreError) -> DeviceAccess {
        guard !all else { return .all }
        var devices: Set<DeviceID> = []
        for row in try session.query(
            "SELECT device_id FROM membership_devices WHERE account_id = $1 AND user_id = $2", [.text(account.rawValue), .text(user.rawValue)],
            table: "membership_devices")
        {
            devices.insert(DeviceID(trusted: try row.text("device_id")))
        }
        return .only(devices)
    }

    /// A person with their membership; a condition follows.
    static let columns = """
        SELECT users.id, users.email, users.name, users.created_at, memberships.account_id, memberships.role, memberships.all_devices,
        memberships.created_at AS joined_at FROM memberships JOIN users ON users.id = memberships.user_id
        """
}

extension Membership {
    /// - Parameter row: with the columns of `Memberships.columns`.
    init(_ row: Row, _ session: borrowing Database.Session) throws(StoreError) {
        let user = try User(row)
        guard let role = Role(rawValue: try row.text("role")) else { throw row.unreadable("role") }
        let devices = try Memberships.devices(of: user.id, account: user.account, all: try row.integer("all_devices") != 0, session)
        self.init(user: user, role: role, devices: devices, createdAt: Timestamp(milliseconds: try row.integer("joined_at")))
    }
}
