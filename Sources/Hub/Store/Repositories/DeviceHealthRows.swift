// How cameras are: their last report, and what people were told of it.

public import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

public struct DeviceHealthRows: Sendable {
    let database: Database

    /// What a device said of itself.
    public struct Report: Hashable, Sendable {
        /// The server's text.
        public let telemetry: String
        public let at: Timestamp

        public init(telemetry: String, at: Timestamp) {
            self.telemetry = telemetry
            self.at = at
        }
    }

    /// A device that is to watch.
    public struct Watched: Hashable, Sendable {
        public let scope: AccountScope
        public let device: DeviceID
        public let label: String
        public let session: SessionID
        /// When it was heard of last, or was to begin if that is later.
        public let lastHeard: Timestamp
        /// What people were told during this session.
        public let memory: DeviceHealth.Memory
    }

    // MARK: Reports

    public func report(of device: DeviceID, in scope: AccountScope) async throws -> Report? {
        guard scope.devices.contains(device) else { return nil }
        return try await database.read(in: scope) { session in
            try session.query(
                "SELECT * FROM device_health WHERE account_id = $1 AND device_id = $2 AND telemetry IS NOT NULL",
                [.text(scope.account.rawValue), .text(device.rawValue)], table: "device_health"
            ).first.map { try Report($0) }
        }
    }

    /// Of all devices of the account.
    public func reports(in scope: AccountScope) async throws -> [DeviceID: Report] {
        try await database.read(in: scope) { session in
            var reports: [DeviceID: Report] = [:]
            for row in try session.query(
                "SELECT * FROM device_health WHERE account_id = $1 AND telemetry IS NOT NULL", [.text(scope.account.rawValue)],
                table: "device_health")
            {
                let device = DeviceID(trusted: try row.text("device_id"))
                if scope.devices.contains(device) { reports[device] = try Report(row) }
            }
            return reports
        }
    }

    /// The device was heard of.
    ///
    /// - Parameter report: its newest; `nil` where it has said nothing since.
    public func heard(_ device: DeviceID, report: Report?, in scope: AccountScope, at now: Timestamp) async throws {
        try await database.write(in: scope) { session in
            let key: [SQLValue] = [.text(scope.account.rawValue), .text(device.rawValue)]
            let known = try session.query(
                "UPDATE devices SET last_seen_at = $3 WHERE account_id = $1 AND id = $2 RETURNING id", key + [.integer(now.milliseconds)])
            guard let report, !known.isEmpty else { return }
            try session.query(
                """
                INSERT INTO device_health (account_id, device_id, telemetry, reported_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (account_id, device_id) DO UPDATE SET telemetry = excluded.telemetry, reported_at = excluded.reported_at
                """, key + [.text(report.telemetry), .integer(report.at.milliseconds)])
        }
    }

    // MARK: What people are told

    /// All devices that are to watch and have ever been connected.
    public func watched() async throws -> [Watched] {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                """
                SELECT sessions.account_id, sessions.device_id, sessions.id AS session_id, sessions.started_at, devices.label, devices.last_seen_at,
                device_health.session_id AS told_session_id, device_health.outage_since, device_health.attended
                FROM sessions JOIN devices ON devices.account_id = sessions.account_id AND devices.id = sessions.device_id
                LEFT JOIN device_health ON device_health.account_id = sessions.account_id AND device_health.device_id = sessions.device_id
                WHERE sessions.status = 'active' AND devices.last_seen_at IS NOT NULL
                """, table: "device_health"
            ).map { try Watched($0) }
        }
    }

    /// Keeps what was told, with nothing new to tell.
    public func remember(_ memory: DeviceHealth.Memory, of device: DeviceID, during id: SessionID, in scope: AccountScope) async throws {
        try await database.write(in: scope) { session in try Self.remember(memory, device, id, in: scope, session) }
    }

    /// Tells people: events, the alerts of them, and that they were told, in one transaction. Nothing happens when the session is not active
    /// any more, and an event that is there already was told already.
    ///
    /// - Parameters:
    ///   - events: with `ClipSource.notice`, of that device and session.
    ///   - channels: those that this installation can use.
    public func tell(
        _ events: [Event], _ memory: DeviceHealth.Memory, of device: DeviceID, during id: SessionID, channels: Set<Delivery.Channel>,
        deadline: Timestamp, in scope: AccountScope, now: Timestamp, makeID: @escaping @Sendable () -> String
    ) async throws {
        try await database.write(in: scope) { session in
            let active = try session.query(
                "SELECT id FROM sessions WHERE account_id = $1 AND id = $2 AND device_id = $3 AND status = 'active' \(session.dialect.forUpdate)",
                [.text(scope.account.rawValue), .text(id.rawValue), .text(device.rawValue)])
            guard !active.isEmpty else { return }
            try Self.remember(memory, device, id, in: scope, session)
            let recipients = try AlertTargets.list(device: device, in: scope, session).map {
                Deliveries.Recipient(channel: $0.channel, target: $0.address)
            }
            let everybody = (recipients + [.webhook]).filter { channels.contains($0.channel) }
            for event in events {
                if try EventRows.find(event.id, in: scope, session) != nil { continue }
                try EventRows.insert(event, in: scope, session)
                try Deliveries.plan(event, stage: .clip, recipients: everybody, deadline: deadline, in: scope, now: now, makeID: makeID, session)
            }
        }
    }

    private static func remember(
        _ memory: DeviceHealth.Memory, _ device: DeviceID, _ id: SessionID, in scope: AccountScope, _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            """
            INSERT INTO device_health (account_id, device_id, session_id, outage_since, attended) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (account_id, device_id) DO UPDATE SET session_id = excluded.session_id, outage_since = excluded.outage_since,
            attended = excluded.attended
            """,
            [
                .text(scope.account.rawValue), .text(device.rawValue), .text(id.rawValue), .optional(memory.outageSince?.milliseconds),
                .text(StoredProblems.encode(memory.attended)),
            ])
    }
}

extension DeviceHealthRows.Report {
    init(_ row: Row) throws(StoreError) {
        self.init(telemetry: try row.text("telemetry"), at: Timestamp(milliseconds: try row.integer("reported_at")))
    }
}

extension DeviceHealthRows.Watched {
    init(_ row: Row) throws(StoreError) {
        scope = AccountScope(AccountID(trusted: try row.text("account_id")))
        device = DeviceID(trusted: try row.text("device_id"))
        label = try row.text("label")
        session = SessionID(trusted: try row.text("session_id"))
        lastHeard = Timestamp(milliseconds: max(try row.integer("last_seen_at"), try row.integer("started_at")))
        guard try row.optionalText("told_session_id") == session.rawValue else {
            memory = DeviceHealth.Memory()
            return
        }
        guard let attended = StoredProblems.decode(try row.optionalText("attended") ?? "{}") else { throw row.unreadable("attended") }
        memory = DeviceHealth.Memory(outageSince: try row.time("outage_since"), attended: attended)
    }
}

/// Problems and when they began, in one column, as JSON.
private enum StoredProblems {
    static func encode(_ problems: [DeviceProblem: Timestamp]) -> String {
        let stored = Dictionary(problems.map { ($0.rawValue, $1.milliseconds) }) { first, _ in first }
        // Encoding strings and numbers cannot fail.
        return String(decoding: (try? JSONEncoder().encode(stored)) ?? Data("{}".utf8), as: UTF8.self)
    }

    /// Those that this version does not know are left out.
    static func decode(_ text: String) -> [DeviceProblem: Timestamp]? {
        guard let stored = try? JSONDecoder().decode([String: Int64].self, from: Data(text.utf8)) else { return nil }
        let known = stored.compactMap { name, time in DeviceProblem(rawValue: name).map { ($0, Timestamp(milliseconds: time)) } }
        return Dictionary(known) { first, _ in first }
    }
}
