// Who gets the alerts of which device.

public import Domain

public struct AlertTargets: Sendable {
    let database: Database

    /// Adds the target, or makes it work again; what a person had chosen for it stays.
    static func link(_ target: AlertTarget, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query(
            """
            INSERT INTO alert_targets (account_id, device_id, channel, address, name, created_at, wants_still) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (account_id, device_id, channel, address) DO UPDATE SET name = excluded.name, disabled_reason = NULL
            """,
            [
                .text(scope.account.rawValue), .text(target.device.rawValue), .text(target.channel.rawValue), .text(target.address),
                .optional(target.name), .integer(target.createdAt.milliseconds), .integer(target.wantsStill ? 1 : 0),
            ])
        try Outbox.add(.targetUpdated, target.device.rawValue, in: scope, now: now, session)
    }

    public func link(_ target: AlertTarget, in scope: AccountScope, now: Timestamp) async throws {
        try await database.write(in: scope) { session in try Self.link(target, in: scope, now: now, session) }
    }

    /// Those of a device, the first linked first; those that are disabled too.
    public func list(device: DeviceID, in scope: AccountScope) async throws -> [AlertTarget] {
        try await database.read(in: scope) { session in try Self.list(device: device, in: scope, session) }
    }

    static func list(device: DeviceID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> [AlertTarget] {
        guard scope.devices.contains(device) else { return [] }
        var targets: [AlertTarget] = []
        for row in try session.query(
            "SELECT * FROM alert_targets WHERE account_id = $1 AND device_id = $2 ORDER BY created_at, channel, address",
            [.text(scope.account.rawValue), .text(device.rawValue)], table: "alert_targets")
        {
            targets.append(try AlertTarget(row))
        }
        return targets
    }

    public func find(device: DeviceID, channel: Delivery.Channel, address: String, in scope: AccountScope) async throws -> AlertTarget? {
        try await list(device: device, in: scope).first { $0.channel == channel && $0.address == address }
    }

    /// - Parameters:
    ///   - wantsStill: `nil` leaves it as it is.
    ///   - snoozedUntil: `nil` leaves it as it is; a time that has passed ends the snooze.
    public func change(
        device: DeviceID, channel: Delivery.Channel, address: String, wantsStill: Bool? = nil, snoozedUntil: Timestamp? = nil,
        in scope: AccountScope, now: Timestamp
    ) async throws -> AlertTarget? {
        try await database.write(in: scope) { session in
            let rows = try session.query(
                """
                UPDATE alert_targets SET wants_still = COALESCE($5, wants_still), snoozed_until = COALESCE($6, snoozed_until)
                WHERE account_id = $1 AND device_id = $2 AND channel = $3 AND address = $4 RETURNING *
                """, Self.key(device, channel, address, scope) + [.optional(wantsStill.map { $0 ? Int64(1) : 0 }), .optional(snoozedUntil?.milliseconds)],
                table: "alert_targets")
            guard let row = rows.first else { return nil }
            try Outbox.add(.targetUpdated, device.rawValue, in: scope, now: now, session)
            return try AlertTarget(row)
        }
    }

    /// Nothing is sent there any more, for all devices of the account, until it is linked again.
    public func disable(channel: Delivery.Channel, address: String, reason: String, in scope: AccountScope, now: Timestamp) async throws {
        try await database.write(in: scope) { session in
            let rows = try session.query(
                """
                UPDATE alert_targets SET disabled_reason = $4 WHERE account_id = $1 AND channel = $2 AND address = $3 AND disabled_reason IS NULL
                RETURNING device_id
                """, [.text(scope.account.rawValue), .text(channel.rawValue), .text(address), .text(reason)], table: "alert_targets")
            for row in rows { try Outbox.add(.targetUpdated, try row.text("device_id"), in: scope, now: now, session) }
        }
    }

    /// A provider says that its address has ended: `disable` in whatever account it is linked.
    public func disableEverywhere(channel: Delivery.Channel, address: String, reason: String, now: Timestamp) async throws {
        let accounts = try await database.read(reaching: .everybody) { session in
            try session.query(
                "SELECT DISTINCT account_id FROM alert_targets WHERE channel = $1 AND address = $2", [.text(channel.rawValue), .text(address)],
                table: "alert_targets"
            ).map { AccountScope(AccountID(trusted: try $0.text("account_id"))) }
        }
        for scope in accounts { try await disable(channel: channel, address: address, reason: reason, in: scope, now: now) }
    }

    /// The provider has given the address another name (a Telegram group that became a supergroup): targets and what is on its way there
    /// get it. Where the new one was linked already the old one ends.
    public func rename(channel: Delivery.Channel, from old: String, to new: String, in scope: AccountScope, now: Timestamp) async throws {
        try await database.write(in: scope) { session in
            let names: [SQLValue] = [.text(scope.account.rawValue), .text(channel.rawValue), .text(old), .text(new)]
            let open = "state IN ('pending', 'sending', 'retry')"
            try session.query(
                """
                UPDATE deliveries SET target = $4 WHERE account_id = $1 AND channel = $2 AND target = $3 AND \(open) AND NOT EXISTS (
                    SELECT 1 FROM deliveries AS others WHERE others.account_id = $1 AND others.event_id = deliveries.event_id
                    AND others.channel = $2 AND others.target = $4)
                """, names)
            var devices = try session.query(
                """
                UPDATE alert_targets SET address = $4 WHERE account_id = $1 AND channel = $2 AND address = $3 AND NOT EXISTS (
                    SELECT 1 FROM alert_targets AS others WHERE others.account_id = $1 AND others.channel = $2 AND others.address = $4
                    AND others.device_id = alert_targets.device_id)
                RETURNING device_id
                """, names, table: "alert_targets")
            devices += try session.query(
                "DELETE FROM alert_targets WHERE account_id = $1 AND channel = $2 AND address = $3 RETURNING device_id", names,
                table: "alert_targets")
            for row in devices { try Outbox.add(.targetUpdated, try row.text("device_id"), in: scope, now: now, session) }
        }
    }

    /// `false` when there was none.
    public func remove(
        device: DeviceID, channel: Delivery.Channel, address: String, in scope: AccountScope, now: Timestamp
    ) async throws -> Bool {
        try await database.write(in: scope) { session in
            let rows = try session.query(
                "DELETE FROM alert_targets WHERE account_id = $1 AND device_id = $2 AND channel = $3 AND address = $4 RETURNING address",
                Self.key(device, channel, address, scope), table: "alert_targets")
            if !rows.isEmpty { try Outbox.add(.targetUpdated, device.rawValue, in: scope, now: now, session) }
            return !rows.isEmpty
        }
    }

    /// Of somebody who does not see those cameras any more.
    static func removeMailbox(
        _ address: String, but devices: DeviceAccess, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) {
        let key: [SQLValue] = [.text(scope.account.rawValue), .text(Delivery.Channel.email.rawValue), .text(address)]
        let mine = "account_id = $1 AND channel = $2 AND address = $3"
        for row in try session.query("SELECT device_id FROM alert_targets WHERE \(mine)", key, table: "alert_targets") {
            let device = try row.text("device_id")
            guard !devices.contains(DeviceID(trusted: device)) else { continue }
            try session.query("DELETE FROM alert_targets WHERE \(mine) AND device_id = $4", key + [.text(device)])
            try Outbox.add(.targetUpdated, device, in: scope, now: now, session)
        }
    }

    private static func key(_ device: DeviceID, _ channel: Delivery.Channel, _ address: String, _ scope: AccountScope) -> [SQLValue] {
        [.text(scope.account.rawValue), .text(device.rawValue), .text(channel.rawValue), .text(address)]
    }
}

extension AlertTarget {
    init(_ row: Row) throws(StoreError) {
        guard let channel = Delivery.Channel(rawValue: try row.text("channel")) else { throw row.unreadable("channel") }
        self.init(
            device: DeviceID(trusted: try row.text("device_id")), channel: channel, address: try row.text("address"),
            name: try row.optionalText("name"), createdAt: Timestamp(milliseconds: try row.integer("created_at")),
            wantsStill: try row.integer("wants_still") != 0, snoozedUntil: try row.time("snoozed_until"),
            disabledReason: try row.optionalText("disabled_reason"))
    }
}
