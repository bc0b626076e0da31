// Events, whose state only changes by the rules of `EventState`.

public import Domain

/// What happened to an event that was to be inserted.
public enum EventInsertion: Sendable {
    case inserted(Event)
    /// There was one with this id; it is unchanged.
    case exists(Event)
    /// The account has no such session, or it belongs to another device.
    case noSuchSession
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
    public init() {}

    func apply(to event: inout Event) {
        clip?(&event.clip)
        if let startedAt { event.startedAt = startedAt }
        if let analysis { event.analysis = analysis }
        if let feedback { event.feedback = feedback }
        if let firstByteAt, event.times.firstByte == nil { event.times.firstByte = firstByteAt }
    }
}

public struct EventRows: Sendable {
    let database: Database

    // MARK: Reading

    public func find(_ id: EventID, in scope: AccountScope) async throws -> Event? {
        try await database.read { session in try Self.find(id, in: scope, isChanging: false, session) }
    }

    /// Newest trigger first.
    public func list(_ filter: EventFilter, in scope: AccountScope, page: Page) async throws -> Paged<Event> {
        let start = try PagePosition(cursor: page.cursor)
        let rows = try await database.read { session in
            try session.query(
                """
                SELECT * FROM events WHERE account_id = $1 AND ($2 IS NULL OR session_id = $2) AND ($3 IS NULL OR device_id = $3)
                AND ($4 IS NULL OR status = $4) AND (triggered_at < $5 OR (triggered_at = $5 AND id < $6))
                ORDER BY triggered_at DESC, id DESC LIMIT $7
                """,
                [
                    .text(scope.account.rawValue), .optional(filter.session?.rawValue), .optional(filter.device?.rawValue),
                    .optional(filter.status), .integer(start.time), .text(start.id), .integer(Int64(page.limit + 1)),
                ], table: "events"
            ).map { try Event($0) }
        }
        return page.paged(rows) { PagePosition(time: $0.trigger.at, id: $0.id.rawValue) }
    }

    /// Events of all accounts whose clip is still being received though nothing was heard of them since `time`.
    public func recordings(updatedBefore time: Timestamp) async throws -> [(scope: AccountScope, event: Event)] {
        try await database.read { session in
            try session.query(
                "SELECT * FROM events WHERE status = 'recording' AND updated_at < $1 ORDER BY updated_at LIMIT 200",
                [.integer(time.milliseconds)], table: "events"
            ).map { row in (AccountScope(AccountID(trusted: try row.text("account_id"))), try Event(row)) }
        }
    }

    // MARK: Writing

    public func insert(_ event: Event, in scope: AccountScope) async throws -> EventInsertion {
        try await database.write { session in
            if let existing = try Self.find(event.id, in: scope, session) { return .exists(existing) }
            let known = try session.query(
                "SELECT id FROM sessions WHERE account_id = $1 AND id = $2 AND device_id = $3",
                [.text(scope.account.rawValue), .text(event.session.rawValue), .text(event.device.rawValue)])
            guard !known.isEmpty else { return .noSuchSession }
            try Self.insert(event, in: scope, session)
            return .inserted(event)
        }
    }

    /// Changes the state by `input`, and the rest by `changes`. `nil` when there is no such event or `input` cannot happen in its state:
    /// nothing is changed then.
    public func apply(
        _ input: EventState.Input, to id: EventID, changes: EventChanges = EventChanges(), in scope: AccountScope, now: Timestamp
    ) async throws -> Event? {
        try await database.write { session in
            guard let event = try Self.find(id, in: scope, session) else { return nil }
            return try Self.apply(input, to: event, changes, in: scope, now: now, session)
        }
    }

    /// Changes what is not the state. `nil` when there is no such event.
    public func update(_ id: EventID, changes: EventChanges, in scope: AccountScope, now: Timestamp) async throws -> Event? {
        try await database.write { session in
            guard var event = try Self.find(id, in: scope, session) else { return nil }
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
        try await database.write { session in
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
        try await database.write { session in
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
        try await database.read { session in
            try session.query(
                """
                SELECT * FROM events WHERE (account_id > $1 OR (account_id = $1 AND id > $2)) AND source <> 'external'
                ORDER BY account_id, id LIMIT $3
                """, [.text(position.account), .text(position.event), .integer(Int64(limit))], table: "events"
            ).map { row in (AccountScope(AccountID(trusted: try row.text("account_id"))), try Event(row)) }
        }
    }

    /// A sensor came back to a clip that was closed without it: the event takes frames again. `nil` when its clip is whole, or when it is
    /// being processed just now.
    public func resume(_ id: EventID, in scope: AccountScope, now: Timestamp) async throws -> Event? {
        try await database.write { session in
            guard let event = try Self.find(id, in: scope, session), event.clip.isIncomplete else { return nil }
            return try Self.apply(.resumed, to: event, EventChanges(), in: scope, now: now, session)
        }
    }

    /// Events that wait for work of which there is no job: that cannot be, and is mended where it is.
    public func enqueueForgotten(now: Timestamp, makeID: @escaping @Sendable () -> String) async throws -> Int {
        try await database.write { session in
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

    private static func enqueue(
        _ job: JobID, _ event: EventID, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) {
        try Jobs.enqueue(
            job, work: .process, event: event, delivery: nil, key: "process:\(scope.account)/\(event)", in: scope, now: now, session)
    }

    /// - Parameter isChanging: the row is about to be changed in this transaction; others wait for it.
    static func find(
        _ id: EventID, in scope: AccountScope, isChanging: Bool = true, _ session: borrowing Database.Session
    ) throws(StoreError) -> Event? {
        let rows = try session.query(
            "SELECT * FROM events WHERE account_id = $1 AND id = $2 \(isChanging ? session.dialect.forUpdate : "")",
            [.text(scope.account.rawValue), .text(id.rawValue)], table: "events")
        guard let row = rows.first else { return nil }
        return try Event(row)
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
