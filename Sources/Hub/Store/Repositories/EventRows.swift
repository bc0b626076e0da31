// Events, whose state only changes by the rules of `EventState`.

public import Domain

/// What happened to an event that was to be inserted.
public enum EventInsertion: Sendable {
    case inserted(Event)
    /// There was one with this id; it is unchanged.
    case exists(Event)
    /// There is one with this id, of a device that is not in the scope.
    case taken
    /// The account has no such session, or it belongs to another device.
    case noSuchSession
    /// There was one with this id, and somebody removed it.
    case removed
    /// The device has begun as many as it may; nothing was stored.
    case limited(retryAt: Timestamp)
    /// All devices of the account together.
    case limitedByPlan(retryAt: Timestamp)
}

public struct EventFilter: Hashable, Sendable {
    public var session: SessionID?
    public var device: DeviceID?
    /// `EventState.name`.
    public var status: String?
    public init() {}
}

/// What is to change besides the state; `nil` leaves as it is.
public struct EventChanges: Sendable {
    /// Replaces the clip, read and written in one transaction.
    public var clip: (@Sendable (inout Clip) -> Void)?
    public var startedAt: Timestamp?
    public var analysis: AnalysisResult?
    /// Kept only when there is none yet.
    public var firstByteAt: Timestamp?
    public var feedback: Feedback?
    public var causes: [Trigger]?
    public init() {}

    func apply(to event: inout Event) {
        clip?(&event.clip)
        if let startedAt { event.startedAt = startedAt }
        if let analysis { event.analysis = analysis }
        if let feedback { event.feedback = feedback }
        if let causes { event.causes = causes }
        if let firstByteAt, event.times.firstByte == nil { event.times.firstByte = firstByteAt }
    }
}

public struct EventRows: Sendable {
    let database: Database

    // MARK: Reading

    public func find(_ id: EventID, in scope: AccountScope) async throws -> Event? {
        try await database.read(in: scope) { session in try Self.find(id, in: scope, isChanging: false, session) }
    }

    /// The accounts that have an event of that id, for whoever works for all of them.
    public func owners(of id: EventID) async throws -> [AccountScope] {
        try await database.read(reaching: .everybody) { session in
            try session.query("SELECT account_id FROM events WHERE id = $1 ORDER BY account_id LIMIT 10", [.text(id.rawValue)], table: "events")
                .map { AccountScope(AccountID(trusted: try $0.text("account_id"))) }
        }
    }

    /// Newest trigger first.
    public func list(_ filter: EventFilter, in scope: AccountScope, page: Page) async throws -> Paged<Event> {
        let start = try PagePosition(cursor: page.cursor)
        // Conditions that are not asked for would hide the indices.
        var conditions = ""
        if filter.session != nil { conditions += " AND session_id = $2" }
        if filter.device != nil { conditions += " AND device_id = $3" }
        if filter.status != nil { conditions += " AND status = $4" }
        var parameters: [SQLValue] = [
            .text(scope.account.rawValue), .optional(filter.session?.rawValue), .optional(filter.device?.rawValue),
            .optional(filter.status), .integer(start.time), .text(start.id), .integer(Int64(page.limit + 1)),
        ]
        conditions += scope.condition(&parameters)
        let rows = try await database.read(in: scope) { [conditions, parameters] session in
            try session.query(
                """
                SELECT * FROM events WHERE account_id = $1\(conditions) AND (triggered_at < $5 OR (triggered_at = $5 AND id < $6))
                ORDER BY triggered_at DESC, id DESC LIMIT $7
                """, parameters, table: "events"
            ).map { try Event($0) }
        }
        return page.paged(rows) { PagePosition(time: $0.trigger.at, id: $0.id.rawValue) }
    }

    /// Events of all accounts whose clip is still being received though nothing was heard of them since `time`.
    public func recordings(_ source: ClipSource, updatedBefore time: Timestamp) async throws -> [(scope: AccountScope, event: Event)] {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                "SELECT * FROM events WHERE status = 'recording' AND source = $2 AND updated_at < $1 ORDER BY updated_at LIMIT 500",
                [.integer(time.milliseconds), .text(source.rawValue)], table: "events"
            ).map { row in (AccountScope(AccountID(trusted: try row.text("account_id"))), try Event(row)) }
        }
    }

    /// Events that have come to their end while an alert of theirs still waits for that.
    public func endedWithBegunAlerts() async throws -> [(scope: AccountScope, event: Event)] {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                """
                SELECT events.* FROM deliveries JOIN events ON events.account_id = deliveries.account_id AND events.id = deliveries.event_id
                WHERE deliveries.wanted = 'still' AND deliveries.state IN ('pending', 'sending', 'retry')
                AND events.status IN ('done', 'failed', 'dropped') ORDER BY deliveries.updated_at LIMIT 100
                """, table: "events"
            ).map { row in (AccountScope(AccountID(trusted: try row.text("account_id"))), try Event(row)) }
        }
    }

    // MARK: Writing

    /// - Parameters: of clips that come to this hub; an event that is there already is not refused for it.
    ///   - limit: of the device.
    ///   - planLimit: of the account.
    public func insert(
        _ event: Event, limit: UploadLimit? = nil, planLimit: UploadLimit? = nil, in scope: AccountScope
    ) async throws -> EventInsertion {
        try await database.write(in: scope) { session in
            if let existing = try Self.find(event.id, in: scope, session) { return .exists(existing) }
            if try Self.find(event.id, in: AccountScope(scope.account), session) != nil { return .taken }
            if try Removals.isRemoved(event.id, in: scope, session) { return .removed }
            let known = try session.query(
                "SELECT id FROM sessions WHERE account_id = $1 AND id = $2 AND device_id = $3 \(session.dialect.forReference)",
                [.text(scope.account.rawValue), .text(event.session.rawValue), .text(event.device.rawValue)])
            guard !known.isEmpty, scope.devices.contains(event.device) else { return .noSuchSession }
            if let limit, let time = try Self.retryAt(limit, of: event.device, in: scope, now: event.createdAt, session) {
                return .limited(retryAt: time)
            }
            if let planLimit, let time = try Self.retryAt(planLimit, of: nil, in: scope, now: event.createdAt, session) {
                return .limitedByPlan(retryAt: time)
            }
            try Self.insert(event, in: scope, session)
            return .inserted(event)
        }
    }

    /// Changes the state by `input`, and the rest by `changes`. `nil` when there is no such event or `input` cannot happen in its state:
    /// nothing is changed then.
    ///
    /// - Parameter job: on whose behalf; nothing is changed when its lease is lost.
    public func apply(
        _ input: EventState.Input, to id: EventID, changes: EventChanges = EventChanges(), holding job: Job? = nil, in scope: AccountScope,
        now: Timestamp
    ) async throws -> Event? {
        try await database.write(in: scope) { session in
            guard let event = try Self.find(id, in: scope, session) else { return nil }
            if let job, try !Jobs.holds(job, session) { return nil }
            return try Self.apply(input, to: event, changes, in: scope, now: now, session)
        }
    }

    /// The event of a job has failed, and the job with it: it stays as a dead letter. `nil` when its lease is lost, or when there is nothing
    /// to fail any more.
    public func fail(_ job: Job, _ failure: EventFailure, now: Timestamp) async throws -> Event? {
        try await database.write(reaching: .everybody) { session in
            guard let event = try Self.find(job.event, in: job.scope, session), try Jobs.holds(job, session),
                let failed = try Self.apply(.failed(failure), to: event, EventChanges(), in: job.scope, now: now, session)
            else { return nil }
            _ = try Jobs.change(
                job, "state = 'dead', lease_until = NULL, lease_owner = NULL, last_error = $4", [.text(failure.reason)], now: now, session)
            return failed
        }
    }

    /// Changes what is not the state. `nil` when there is no such event, or none in that state.
    public func update(
        _ id: EventID, changes: EventChanges, ifState state: EventState? = nil, in scope: AccountScope, now: Timestamp
    ) async throws -> Event? {
        try await database.write(in: scope) { session in
            guard var event = try Self.find(id, in: scope, session), state == nil || event.state == state else { return nil }
            changes.apply(to: &event)
            event.updatedAt = now
            try Self.write(event, change: nil, in: scope, session)
            return event
        }
    }

    /// The clip has been received: from `recording` to `queued` in one transaction, with the job that will process it. `nil` when it was not
    /// `recording`: a clip is received once.
    public func receive(
        _ id: EventID, changes: EventChanges, job: JobID, in scope: AccountScope, now: Timestamp
    ) async throws -> Event? {
        try await database.write(in: scope) { session in
            guard let event = try Self.find(id, in: scope, session),
                let uploaded = try Self.apply(.received, to: event, changes, in: scope, now: now, session),
                let queued = try Self.apply(.enqueued, to: uploaded, EventChanges(), in: scope, now: now, session)
            else { return nil }
            try Self.enqueue(job, id, in: scope, now: now, session)
            return queued
        }
    }

    /// A clip whose sender has not been heard of since `limit` is closed without it: what arrived goes to the pipeline, and where nothing
    /// did the event fails. `nil` when there is no such event, or when it was heard of meanwhile.
    public func abandon(
        _ id: EventID, hasClip: Bool, isWhole: Bool, reason: String, updatedBefore limit: Timestamp, job: JobID, in scope: AccountScope,
        now: Timestamp
    ) async throws -> Event? {
        try await database.write(in: scope) { session in
            guard let event = try Self.find(id, in: scope, session), event.state == .recording, event.updatedAt < limit else { return nil }
            var changes = EventChanges()
            changes.clip = { clip in
                clip.isIncomplete = !isWhole
                clip.problem = isWhole ? nil : reason
            }
            guard hasClip else {
                let failure = EventFailure(stage: .receiving, reason: reason, retryable: false)
                return try Self.apply(.failed(failure), to: event, changes, in: scope, now: now, session)
            }
            guard let uploaded = try Self.apply(.received, to: event, changes, in: scope, now: now, session),
                let queued = try Self.apply(.enqueued, to: uploaded, EventChanges(), in: scope, now: now, session)
            else { return nil }
            try Self.enqueue(job, id, in: scope, now: now, session)
            return queued
        }
    }

    /// The files that events refer to: `(account, event)` after `position`, in order.
    public func withFiles(after position: (account: String, event: String), limit: Int) async throws -> [(scope: AccountScope, event: Event)] {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                """
                SELECT * FROM events WHERE (account_id > $1 OR (account_id = $1 AND id > $2)) AND source IN ('stream', 'upload')
                ORDER BY account_id, id LIMIT $3
                """, [.text(position.account), .text(position.event), .integer(Int64(limit))], table: "events"
            ).map { row in (AccountScope(AccountID(trusted: try row.text("account_id"))), try Event(row)) }
        }
    }

    /// A sensor came back to a clip that was closed without it, or that it had kept: the event takes frames again. `nil` when its clip is
    /// whole, or when it is being processed just now.
    public func resume(_ id: EventID, in scope: AccountScope, now: Timestamp) async throws -> Event? {
        try await database.write(in: scope) { session in
            guard let event = try Self.find(id, in: scope, session), event.clip.isIncomplete || event.clip.isKept else { return nil }
            var changes = EventChanges()
            // Whoever sends it does so because somebody asked for it.
            if event.clip.isKept { changes.clip = { $0.state = .requested } }
            return try Self.apply(.resumed, to: event, changes, in: scope, now: now, session)
        }
    }

    /// Events that wait for work of which there is no job: that cannot be, and is mended where it is.
    public func enqueueForgotten(now: Timestamp, makeID: @escaping @Sendable () -> String) async throws -> Int {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                """
                SELECT * FROM events WHERE status IN ('uploaded', 'queued', 'processing') AND NOT EXISTS (
                    SELECT 1 FROM jobs WHERE jobs.account_id = events.account_id AND jobs.event_id = events.id AND jobs.work = 'process'
                    AND jobs.state IN ('queued', 'leased'))
                """, table: "events")
            for row in rows {
                let scope = AccountScope(AccountID(trusted: try row.text("account_id"))), event = try Event(row)
                try Self.enqueue(JobID(trusted: makeID()), event.id, in: scope, now: now, session)
            }
            return rows.count
        }
    }

    // MARK: Inside a transaction

    /// - Parameter device: `nil`: of all.
    private static func retryAt(
        _ limit: UploadLimit, of device: DeviceID?, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> Timestamp? {
        var begun: [Timestamp] = []
        for row in try session.query(
            """
            SELECT created_at FROM events WHERE account_id = $1\(device == nil ? "" : " AND device_id = $2") AND created_at > $3 AND created_at <= $4
            AND source IN ('stream', 'upload') AND (clip_state IS NULL OR clip_state <> 'on_device') ORDER BY created_at DESC LIMIT $5
            """,
            [
                .text(scope.account.rawValue), .optional(device?.rawValue), .integer(now.advanced(bySeconds: -UploadLimit.seconds).milliseconds),
                .integer(now.milliseconds), .integer(Int64(limit.perHour)),
            ], table: "events")
        {
            begun.append(Timestamp(milliseconds: try row.integer("created_at")))
        }
        return limit.retryAt(begun: begun, now: now)
    }

    private static func enqueue(
        _ job: JobID, _ event: EventID, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) {
        try Jobs.enqueue(
            job, lane: .process, event: event, delivery: nil, key: "process:\(scope.account)/\(event)", in: scope, now: now, session)
    }

    /// - Parameter isChanging: the row is about to be changed in this transaction; others wait for it.
    static func find(
        _ id: EventID, in scope: AccountScope, isChanging: Bool = true, _ session: borrowing Database.Session
    ) throws(StoreError) -> Event? {
        let rows = try session.query(
            "SELECT * FROM events WHERE account_id = $1 AND id = $2 \(isChanging ? session.dialect.forUpdate : "")",
            [.text(scope.account.rawValue), .text(id.rawValue)], table: "events")
        guard let row = rows.first else { return nil }
        let event = try Event(row)
        return scope.devices.contains(event.device) ? event : nil
    }

    static func apply(
        _ input: EventState.Input, to event: Event, _ changes: EventChanges, in scope: AccountScope, now: Timestamp,
        _ session: borrowing Database.Session
    ) throws(StoreError) -> Event? {
        guard let state = event.state.after(input) else { return nil }
        var event = event
        event.state = state
        event.updatedAt = now
        switch state {
        case .uploaded: event.times.durable = now
        case .queued: event.times.queued = now
        case .processing: event.times.processing = now
        case .done: event.times.done = now
        case .recording, .failed, .dropped: break
        }
        changes.apply(to: &event)
        try write(event, change: state.name, in: scope, session)
        return event
    }
}
