// What cameras sign in with: one token each, of which the hash is kept.

public import Domain

public struct DeviceTokens: Sendable {
    let database: Database

    /// Gives the device this token, in the place of the one it had. `false` when there is no such device.
    ///
    /// - Parameter hash: SHA-256 of the token, hexadecimal.
    public func set(_ hash: String, for device: DeviceID, in scope: AccountScope, now: Timestamp) async throws -> Bool {
        try await database.write(in: scope) { session in
            guard try Devices.find(device, in: scope, session) != nil else { return false }
            try Self.set(hash, for: device, in: scope, now: now, session)
            return true
        }
    }

    static func set(
        _ hash: String, for device: DeviceID, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            """
            INSERT INTO device_tokens (hash, account_id, device_id, created_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (account_id, device_id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at
            """, [.text(hash), .text(scope.account.rawValue), .text(device.rawValue), .integer(now.milliseconds)])
        try Outbox.add(.deviceUpdated, device.rawValue, in: scope, now: now, session)
    }

    /// `false` when the device had none.
    public func revoke(_ device: DeviceID, in scope: AccountScope, now: Timestamp) async throws -> Bool {
        guard scope.devices.contains(device) else { return false }
        return try await database.write(in: scope) { session in
            let rows = try session.query(
                "DELETE FROM device_tokens WHERE account_id = $1 AND device_id = $2 RETURNING hash",
                [.text(scope.account.rawValue), .text(device.rawValue)])
            if !rows.isEmpty { try Outbox.add(.deviceUpdated, device.rawValue, in: scope, now: now, session) }
            return !rows.isEmpty
        }
    }

    /// The devices of the account that have one.
    public func list(in scope: AccountScope) async throws -> Set<DeviceID> {
        try await database.read(in: scope) { session in
            Set(
                try session.query(
                    "SELECT device_id FROM device_tokens WHERE account_id = $1", [.text(scope.account.rawValue)], table: "device_tokens"
                ).map { DeviceID(trusted: try $0.text("device_id")) })
        }
    }

    /// Whether the device has one.
    public func contains(_ device: DeviceID, in scope: AccountScope) async throws -> Bool {
        try await database.read(in: scope) { session in
            try !session.query(
                "SELECT hash FROM device_tokens WHERE account_id = $1 AND device_id = $2",
                [.text(scope.account.rawValue), .text(device.rawValue)]
            ).isEmpty
        }
    }

    /// `nil` for one that is not valid, or not any more.
    public nonisolated(nonsending) func principal(hash: String) async throws -> Principal? {
        try await database.read(reaching: .everybody) { session in
            try session.query("SELECT * FROM device_tokens WHERE hash = $1", [.text(hash)], table: "device_tokens").first.map {
                Principal(DeviceID(trusted: try $0.text("device_id")), of: AccountID(trusted: try $0.text("account_id")))
            }
        }
    }
}
