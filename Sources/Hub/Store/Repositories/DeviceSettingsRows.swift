// What people set for their devices, as the server's text.

public import Domain

public struct DeviceSettingsRows: Sendable {
    let database: Database

    /// A text and how often it has been changed.
    public struct Stored: Hashable, Sendable {
        /// From 1.
        public let revision: Int64
        public let text: String
    }

    /// `nil` where nothing was ever set.
    public func find(_ device: DeviceID, in scope: AccountScope) async throws -> Stored? {
        guard scope.devices.contains(device) else { return nil }
        return try await database.read(in: scope) { session in
            try session.query(
                "SELECT revision, settings FROM device_settings WHERE account_id = $1 AND device_id = $2",
                [.text(scope.account.rawValue), .text(device.rawValue)], table: "device_settings"
            ).first.map { Stored(revision: try $0.integer("revision"), text: try $0.text("settings")) }
        }
    }

    /// Sets another text.
    ///
    /// - Parameter revision: what is there now; 0 for nothing.
    /// - Returns: `false` when somebody was faster: nothing is changed then.
    public func replace(
        _ device: DeviceID, revision: Int64, with text: String, in scope: AccountScope, now: Timestamp
    ) async throws -> Bool {
        guard scope.devices.contains(device) else { return false }
        return try await database.write(in: scope) { session in
            let statement =
                revision == 0
                ? """
                INSERT INTO device_settings (account_id, device_id, revision, settings, updated_at) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (account_id, device_id) DO NOTHING RETURNING revision
                """
                : """
                UPDATE device_settings SET revision = $3, settings = $4, updated_at = $5
                WHERE account_id = $1 AND device_id = $2 AND revision = $3 - 1 RETURNING revision
                """
            let rows = try session.query(
                statement,
                [
                    .text(scope.account.rawValue), .text(device.rawValue), .integer(revision + 1), .text(text), .integer(now.milliseconds),
                ], table: "device_settings")
            guard !rows.isEmpty else { return false }
            try Outbox.add(.deviceSettings, device.rawValue, in: scope, now: now, session)
            return true
        }
    }
}
