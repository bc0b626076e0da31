// Cameras of an account.

public import Domain

public struct Devices: Sendable {
    let database: Database

    /// The device of that id, made when it is new; its label becomes `label`.
    ///
    /// - Parameter tokenHash: of a token that takes the place of the one it had.
    /// - Throws: `PlanExceeded` when a new one is one too many.
    public func register(
        _ id: DeviceID, label: String, tokenHash: String? = nil, in scope: AccountScope, now: Timestamp
    ) async throws -> Device {
        try await database.write(in: scope) { session in
            let device = try Self.register(id, label: label, in: scope, now: now, session)
            if let tokenHash { try DeviceTokens.set(tokenHash, for: id, in: scope, now: now, session) }
            return device
        }
    }

    /// - Throws: `PlanExceeded` when a new one is one too many.
    static func register(
        _ id: DeviceID, label: String, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws -> Device {
        if try find(id, in: scope, session) == nil { try Plans.requireRoomForDevice(in: scope, session) }
        let rows = try session.query(
            """
            INSERT INTO devices (account_id, id, label, created_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (account_id, id) DO UPDATE SET label = excluded.label RETURNING *
            """,
            [.text(scope.account.rawValue), .text(id.rawValue), .text(label), .integer(now.milliseconds)], table: "devices")
        try Outbox.add(.deviceUpdated, id.rawValue, in: scope, now: now, session)
        return try Device(rows[0])
    }

    /// `nil` when there is no such device.
    public func rename(_ id: DeviceID, to label: String, in scope: AccountScope, now: Timestamp) async throws -> Device? {
        guard scope.devices.contains(id) else { return nil }
        return try await database.write(in: scope) { session in
            let rows = try session.query(
                "UPDATE devices SET label = $3 WHERE account_id = $1 AND id = $2 RETURNING *",
                [.text(scope.account.rawValue), .text(id.rawValue), .text(label)], table: "devices")
            guard let row = rows.first else { return nil }
            try Outbox.add(.deviceUpdated, id.rawValue, in: scope, now: now, session)
            return try Device(row)
        }
    }

    /// Those of `devices` that the account has.
    static func known(
        _ devices: DeviceAccess, in scope: AccountScope, _ session: borrowing Database.Session
    ) throws(StoreError) -> DeviceAccess {
        guard case .only(let chosen) = devices else { return .all }
        var known: Set<DeviceID> = []
        for device in chosen where try find(device, in: scope.whole, session) != nil { known.insert(device) }
        return .only(known)
    }

    public func find(_ id: DeviceID, in scope: AccountScope) async throws -> Device? {
        try await database.read(in: scope) { session in try Self.find(id, in: scope, session) }
    }

    static func find(_ id: DeviceID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Device? {
        guard scope.devices.contains(id) else { return nil }
        let rows = try session.query(
            "SELECT * FROM devices WHERE account_id = $1 AND id = $2", [.text(scope.account.rawValue), .text(id.rawValue)], table: "devices")
        guard let row = rows.first else { return nil }
        return try Device(row)
    }

    /// All, in the order in which they were registered.
    public func list(in scope: AccountScope) async throws -> [Device] {
        try await database.read(in: scope) { session in
            var parameters = [SQLValue.text(scope.account.rawValue)]
            let condition = scope.condition(on: "id", &parameters)
            return try session.query("SELECT * FROM devices WHERE account_id = $1\(condition) ORDER BY created_at, id", parameters, table: "devices")
                .map { try Device($0) }
        }
    }

    /// What is shown of it has changed.
    public func announce(_ id: DeviceID, in scope: AccountScope, now: Timestamp) async throws {
        try await database.write(in: scope) { session in try Outbox.add(.deviceUpdated, id.rawValue, in: scope, now: now, session) }
    }
}

extension Device {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: DeviceID(trusted: try row.text("id")), label: try row.text("label"),
            createdAt: Timestamp(milliseconds: try row.integer("created_at")),
            lastSeenAt: try row.optionalInteger("last_seen_at").map(Timestamp.init(milliseconds:)))
    }
}
