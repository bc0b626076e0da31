// Background work as rows, leased one by one.

public import Domain

public struct Jobs: Sendable {
    let database: Database

    /// Takes the job that has waited longest and may run now, for `seconds`. A lease that ran out is free again.
    public func lease(_ work: Job.Work, seconds: Double, now: Timestamp) async throws -> Job? {
        try await database.write { session in
            let rows = try session.query(
                """
                UPDATE jobs SET state = 'leased', attempts = attempts + 1, lease_until = $3, updated_at = $2
                WHERE id = (SELECT id FROM jobs WHERE work = $1 AND ((state = 'queued' AND run_at <= $2)
                    OR (state = 'leased' AND lease_until <= $2)) ORDER BY run_at, id LIMIT 1 \(session.dialect.skipLocked))
                RETURNING *
                """,
                [.text(work.rawValue), .integer(now.milliseconds), .integer(now.advanced(bySeconds: seconds).milliseconds)], table: "jobs")
            return try rows.first.map { try Job($0) }
        }
    }

    /// Keeps a lease. `false` when the job is no longer this worker's: it was dropped, or leased to another.
    public func extend(_ job: Job, seconds: Double, now: Timestamp) async throws -> Bool {
        try await change(job, "lease_until = $4", [.integer(now.advanced(bySeconds: seconds).milliseconds)], now: now)
    }

    /// The work is done. `false` as with `extend`.
    @discardableResult
    public func complete(_ job: Job, now: Timestamp) async throws -> Bool {
        try await change(job, "state = 'done', lease_until = NULL, last_error = NULL", [], now: now)
    }

    /// The work failed and is tried again at `time`.
    @discardableResult
    public func retry(_ job: Job, at time: Timestamp, error: String, now: Timestamp) async throws -> Bool {
        try await change(
            job, "state = 'queued', lease_until = NULL, run_at = $4, last_error = $5", [.integer(time.milliseconds), .text(error)], now: now)
    }

    /// Given back unharmed, because the worker stops: it is as if the job had not been leased.
    @discardableResult
    public func release(_ job: Job, now: Timestamp) async throws -> Bool {
        try await change(job, "state = 'queued', lease_until = NULL, attempts = attempts - 1", [], now: now)
    }

    /// The work failed for good.
    @discardableResult
    public func kill(_ job: Job, error: String, now: Timestamp) async throws -> Bool {
        try await change(job, "state = 'dead', lease_until = NULL, last_error = $4", [.text(error)], now: now)
    }

    /// When the next job of this kind may run; `nil` when none waits.
    public func nextRunAt(_ work: Job.Work) async throws -> Timestamp? {
        try await database.read { session in
            try session.query(
                """
                SELECT MIN(CASE WHEN state = 'leased' THEN lease_until ELSE run_at END) AS next FROM jobs
                WHERE work = $1 AND state IN ('queued', 'leased')
                """, [.text(work.rawValue)], table: "jobs")[0].time("next")
        }
    }

    public func find(_ id: JobID, in scope: AccountScope) async throws -> Job? {
        try await database.read { session in
            try session.query(
                "SELECT * FROM jobs WHERE account_id = $1 AND id = $2", [.text(scope.account.rawValue), .text(id.rawValue)], table: "jobs"
            ).first.map { try Job($0) }
        }
    }

    /// Changes a job that this lease still holds: `attempts` tells one lease from the next.
    private func change(_ job: Job, _ assignments: String, _ parameters: [SQLValue], now: Timestamp) async throws -> Bool {
        try await database.write { session in
            let rows = try session.query(
                "UPDATE jobs SET \(assignments), updated_at = $1 WHERE id = $2 AND state = 'leased' AND attempts = $3 RETURNING id",
                [.integer(now.milliseconds), .text(job.id.rawValue), .integer(Int64(job.attempts))] + parameters, table: "jobs")
            return !rows.isEmpty
        }
    }

    /// Queues work; the same key is queued once.
    static func enqueue(
        _ id: JobID, work: Job.Work, event: EventID, delivery: DeliveryID?, key: String, in scope: AccountScope, now: Timestamp,
        _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            """
            INSERT INTO jobs (id, account_id, work, event_id, delivery_id, idempotency_key, state, attempts, run_at, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $7, $7) ON CONFLICT (idempotency_key) DO NOTHING
            """,
            [
                .text(id.rawValue), .text(scope.account.rawValue), .text(work.rawValue), .text(event.rawValue), .optional(delivery?.rawValue),
                .text(key), .integer(now.milliseconds),
            ])
    }
}

extension Job {
    init(_ row: Row) throws(StoreError) {
        guard let work = Work(rawValue: try row.text("work")) else { throw row.unreadable("work") }
        guard let state = State(rawValue: try row.text("state")) else { throw row.unreadable("state") }
        self.init(
            id: JobID(trusted: try row.text("id")), account: AccountID(trusted: try row.text("account_id")), work: work,
            event: EventID(trusted: try row.text("event_id")), delivery: try row.optionalText("delivery_id").map(DeliveryID.init(trusted:)),
            state: state, attempts: Int(try row.integer("attempts")), runAt: Timestamp(milliseconds: try row.integer("run_at")),
            leaseUntil: try row.time("lease_until"), lastError: try row.optionalText("last_error"))
    }
}
