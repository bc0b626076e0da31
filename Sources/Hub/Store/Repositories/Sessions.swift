// Stretches of watching.

public import Domain

/// What a forced stop ended.
public struct ForceStopped: Sendable {
    public let session: WatchSession
    /// Events that were being processed.
    public let droppedProcessingEvents: Int
    /// Jobs that waited or were being worked on.
    public let droppedQueuedJobs: Int
    /// The events that are `dropped` now.
    public let events: [Event]
}

public struct Sessions: Sendable {
    let database: Database

    /// Begins a session, or gives the one that is active. `nil` when there is no such device.
    public func start(
        _ id: SessionID, device: DeviceID, analysisPrompt: String?, in scope: AccountScope, now: Timestamp
    ) async throws -> (session: WatchSession, isNew: Bool)? {
        let account = SQLValue.text(scope.account.rawValue)
        return try await database.write(in: scope) { session in
            let known = try session.query(
                "SELECT id FROM devices WHERE account_id = $1 AND id = $2 \(session.dialect.forReference)", [account, .text(device.rawValue)])
            guard !known.isEmpty, scope.devices.contains(device) else { return nil }
            let active = try session.query(
                "SELECT * FROM sessions WHERE account_id = $1 AND device_id = $2 AND status = 'active'", [account, .text(device.rawValue)],
                table: "sessions")
            if let row = active.first { return (try WatchSession(row), false) }
            let rows = try session.query(
                """
                INSERT INTO sessions (account_id, id, device_id, status, started_at, analysis_prompt)
                VALUES ($1, $2, $3, 'active', $4, $5) RETURNING *
                """,
                [account, .text(id.rawValue), .text(device.rawValue), .integer(now.milliseconds), .optional(analysisPrompt)], table: "sessions")
            try Outbox.add(.sessionStarted, id.rawValue, in: scope, now: now, session)
            return (try WatchSession(rows[0]), true)
        }
    }

    public func find(_ id: SessionID, in scope: AccountScope) async throws -> WatchSession? {
        try await database.read(in: scope) { session in try Self.find(id, in: scope, session) }
    }

    /// Whether the device watches.
    public func isActive(device: DeviceID, in scope: AccountScope) async throws -> Bool {
        try await database.read(in: scope) { session in
            try !session.query(
                "SELECT id FROM sessions WHERE account_id = $1 AND device_id = $2 AND status = 'active'",
                [.text(scope.account.rawValue), .text(device.rawValue)]
            ).isEmpty
        }
    }

    /// Newest first.
    public func list(device: DeviceID?, in scope: AccountScope, page: Page) async throws -> Paged<WatchSession> {
        let start = try PagePosition(cursor: page.cursor)
        let rows = try await database.read(in: scope) { session in
            var parameters: [SQLValue] = [
                .text(scope.account.rawValue), .optional(device?.rawValue), .integer(start.time), .text(start.id),
                .integer(Int64(page.limit + 1)),
            ]
            let condition = scope.condition(&parameters)
            return try session.query(
                """
                SELECT * FROM sessions WHERE account_id = $1 AND ($2 IS NULL OR device_id = $2)\(condition)
                AND (started_at < $3 OR (started_at = $3 AND id < $4)) ORDER BY started_at DESC, id DESC LIMIT $5
                """, parameters, table: "sessions"
            ).map { try WatchSession($0) }
        }
        return page.paged(rows) { PagePosition(time: $0.startedAt, id: $0.id.rawValue) }
    }

    /// Ends it, once. `nil` when there is no such session.
    public func stop(_ id: SessionID, in scope: AccountScope, now: Timestamp) async throws -> WatchSession? {
        try await database.write(in: scope) { session in try Self.stop(id, in: scope, now: now, session) }
    }

    /// Ends it and drops what is still to be done for its events. `nil` when there is no such session.
    public func forceStop(_ id: SessionID, reason: String, in scope: AccountScope, now: Timestamp) async throws -> ForceStopped? {
        let account = SQLValue.text(scope.account.rawValue)
        return try await database.write(in: scope) { session in
            guard let stopped = try Self.stop(id, in: scope, now: now, session) else { return nil }
            let open = try session.query(
                """
                SELECT * FROM events WHERE account_id = $1 AND session_id = $2
                AND status IN ('recording', 'uploaded', 'queued', 'processing') ORDER BY triggered_at, id
                \(session.dialect.forUpdate)
                """, [account, .text(id.rawValue)], table: "events"
            ).map { try Event($0) }
            // Rows are locked in the order events, deliveries, jobs.
            try Deliveries.suppressAll(session: id, reason: reason, in: scope, now: now, session)
            let jobs = try session.query(
                """
                UPDATE jobs SET state = 'dropped', last_error = $3, updated_at = $4, lease_until = NULL, lease_owner = NULL
                WHERE account_id = $1 AND state IN ('queued', 'leased')
                AND event_id IN (SELECT id FROM events WHERE account_id = $1 AND session_id = $2) RETURNING id
                """, [account, .text(id.rawValue), .text(reason), .integer(now.milliseconds)], table: "jobs")
            var dropped: [Event] = []
            for event in open {
                if let event = try EventRows.apply(.dropped(reason: reason), to: event, EventChanges(), in: scope, now: now, session) {
                    dropped.append(event)
                }
            }
            return ForceStopped(
                session: stopped, droppedProcessingEvents: open.count { $0.state == .processing }, droppedQueuedJobs: jobs.count,
                events: dropped)
        }
    }

    private static func find(_ id: SessionID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> WatchSession? {
        let rows = try session.query(
            "SELECT * FROM sessions WHERE account_id = $1 AND id = $2", [.text(scope.account.rawValue), .text(id.rawValue)], table: "sessions")
        guard let row = rows.first else { return nil }
        let found = try WatchSession(row)
        return scope.devices.contains(found.device) ? found : nil
    }

    private static func stop(
        _ id: SessionID, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> WatchSession? {
        guard try find(id, in: scope, session) != nil else { return nil }
        let stopped = try session.query(
            "UPDATE sessions SET status = 'stopped', stopped_at = $3 WHERE account_id = $1 AND id = $2 AND status = 'active' RETURNING id",
            [.text(scope.account.rawValue), .text(id.rawValue), .integer(now.milliseconds)])
        if !stopped.isEmpty { try Outbox.add(.sessionStopped, id.rawValue, in: scope, now: now, session) }
        return try find(id, in: scope, session)
    }
}

extension WatchSession {
    init(_ row: Row) throws(StoreError) {
        guard let status = Status(rawValue: try row.text("status")) else { throw row.unreadable("status") }
        self.init(
            id: SessionID(trusted: try row.text("id")), device: DeviceID(trusted: try row.text("device_id")), status: status,
            startedAt: Timestamp(milliseconds: try row.integer("started_at")),
            stoppedAt: try row.optionalInteger("stopped_at").map(Timestamp.init(milliseconds:)),
            analysisPrompt: try row.optionalText("analysis_prompt"))
    }
}
