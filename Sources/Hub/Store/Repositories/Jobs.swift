// Background work as rows, leased one by one.

public import Domain
public import Runtime

public struct Jobs: Sendable {
    let database: Database

    /// Rings when there may be work of this kind.
    public func bell(_ work: Job.Work) -> WakeBell {
        switch work {
        case .process: database.bells.process
        case .deliver: database.bells.deliver
        }
    }

    /// Takes a job that may run now, for `seconds`: of the accounts that wait the one that has the fewest jobs under way, then the one
    /// whose last turn is the longest ago, so that nobody waits behind another's flood. Within an account the oldest goes first. A lease
    /// that ran out is free again.
    ///
    /// - Parameters:
    ///   - owner: who leases, see `releaseAll`.
    ///   - limitPerAccount: how many jobs of one account may be under way at once.
    public func lease(_ lane: Job.Lane, owner: String, seconds: Double, limitPerAccount: Int = .max, now: Timestamp) async throws -> Job? {
        try await database.write(reaching: .everybody) { session in
            if let lock = session.dialect.leaseLock { try session.query(lock, [.text(lane.name)]) }
            try session.query(
                "UPDATE jobs SET state = 'queued', lease_until = NULL, lease_owner = NULL WHERE lane = $1 AND state = 'leased' AND lease_until <= $2",
                [.text(lane.name), .integer(now.milliseconds)])
            guard let account = try Self.accountInTurn(lane, limit: limitPerAccount, now: now, session) else { return nil }
            let rows = try session.query(
                """
                UPDATE jobs SET state = 'leased', attempts = attempts + 1, leases = leases + 1, lease_until = $4, lease_owner = $5, updated_at = $3
                WHERE id = (SELECT id FROM jobs WHERE lane = $1 AND account_id = $2 AND state = 'queued' AND run_at <= $3
                    ORDER BY run_at, id LIMIT 1 \(session.dialect.skipLocked))
                RETURNING *
                """,
                [
                    .text(lane.name), .text(account), .integer(now.milliseconds), .integer(now.advanced(bySeconds: seconds).milliseconds),
                    .text(owner),
                ], table: "jobs")
            guard let row = rows.first else { return nil }
            try session.query(
                """
                INSERT INTO job_turns (lane, account_id, served_at) VALUES ($1, $2, $3)
                ON CONFLICT (lane, account_id) DO UPDATE SET served_at = excluded.served_at
                """, [.text(lane.name), .text(account), .integer(now.milliseconds)])
            return try Job(row)
        }
    }

    /// The distinct accounts are found by jumps in the index, however many jobs each has.
    private static func accountInTurn(
        _ lane: Job.Lane, limit: Int, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> String? {
        try session.query(
            """
            WITH RECURSIVE waiting (id) AS (
                SELECT MIN(account_id) FROM jobs WHERE lane = $1 AND state = 'queued'
                UNION ALL
                SELECT (SELECT MIN(account_id) FROM jobs WHERE lane = $1 AND state = 'queued' AND account_id > waiting.id)
                FROM waiting WHERE waiting.id IS NOT NULL)
            SELECT id FROM (SELECT waiting.id AS id,
                (SELECT COUNT(*) FROM jobs WHERE lane = $1 AND state = 'leased' AND account_id = waiting.id) AS leased,
                (SELECT served_at FROM job_turns WHERE lane = $1 AND account_id = waiting.id) AS served_at
                FROM waiting WHERE waiting.id IS NOT NULL AND EXISTS (
                    SELECT 1 FROM jobs WHERE lane = $1 AND state = 'queued' AND account_id = waiting.id AND run_at <= $2)) AS candidates
            WHERE leased < $3 ORDER BY leased, COALESCE(served_at, 0), id LIMIT 1
            """, [.text(lane.name), .integer(now.milliseconds), .integer(Int64(limit))], table: "jobs"
        ).first?.text("id")
    }

    /// Keeps a lease. `false` when the job is no longer this worker's: it was dropped, or leased to another.
    public func extend(_ job: Job, seconds: Double, now: Timestamp) async throws -> Bool {
        try await change(job, "lease_until = $4", [.integer(now.advanced(bySeconds: seconds).milliseconds)], now: now)
    }

    /// The work is done. `false` as with `extend`.
    @discardableResult
    public func complete(_ job: Job, now: Timestamp) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            // More may have become due while the worker sent what there was: then the job goes on, with that.
            if let delivery = job.delivery, try Deliveries.isDue(delivery, in: job.scope, session) {
                return try Self.change(
                    job, "state = 'queued', attempts = 0, lease_until = NULL, lease_owner = NULL, run_at = $1", [], now: now, session)
            }
            return try Self.change(job, "state = 'done', lease_until = NULL, lease_owner = NULL, last_error = NULL", [], now: now, session)
        }
    }

    /// The work failed and is tried again at `time`.
    @discardableResult
    public func retry(_ job: Job, at time: Timestamp, error: String, now: Timestamp) async throws -> Bool {
        try await change(
            job, "state = 'queued', lease_until = NULL, lease_owner = NULL, run_at = $4, last_error = $5",
            [.integer(time.milliseconds), .text(error)], now: now)
    }

    /// Given back unharmed, because the worker stops or it is not yet time: it is as if the job had not been leased.
    @discardableResult
    public func release(_ job: Job, at time: Timestamp? = nil, now: Timestamp) async throws -> Bool {
        try await change(
            job, "state = 'queued', lease_until = NULL, lease_owner = NULL, attempts = attempts - 1, run_at = COALESCE($4, run_at)",
            [.optional(time?.milliseconds)], now: now)
    }

    /// The work failed for good: it stays as a dead letter.
    @discardableResult
    public func kill(_ job: Job, error: String, now: Timestamp) async throws -> Bool {
        try await change(job, "state = 'dead', lease_until = NULL, lease_owner = NULL, last_error = $4", [.text(error)], now: now)
    }

    /// When the next job of the lane may run or its lease ends; `nil` when none waits.
    public func nextRunAt(_ lane: Job.Lane) async throws -> Timestamp? {
        try await database.read(reaching: .everybody) { session in
            var times: [Timestamp] = []
            for (column, state) in [("run_at", "queued"), ("lease_until", "leased")] {
                let rows = try session.query(
                    "SELECT MIN(\(column)) AS next FROM jobs WHERE lane = $1 AND state = '\(state)'", [.text(lane.name)], table: "jobs")
                if let time = try rows[0].time("next") { times.append(time) }
            }
            return times.min()
        }
    }

    // MARK: What a start and a clock need

    /// A worker of that name begins: what it had leased before, it does not work on any more.
    public func releaseAll(owner: String, now: Timestamp) async throws {
        try await database.write(reaching: .everybody) { session in
            _ = try session.query(
                "UPDATE jobs SET state = 'queued', lease_until = NULL, lease_owner = NULL, updated_at = $2 WHERE state = 'leased' AND lease_owner = $1",
                [.text(owner), .integer(now.milliseconds)])
        }
    }

    /// The clock of `owner`'s machine was set by `milliseconds` (negative: back): times that lie ahead keep their distance from now.
    public func clockJumped(by milliseconds: Int64, owner: String) async throws {
        try await database.write(reaching: .everybody) { session in
            let jump = SQLValue.integer(milliseconds)
            try session.query(
                "UPDATE jobs SET lease_until = lease_until + $1 WHERE state = 'leased' AND lease_owner = $2", [jump, .text(owner)])
            if milliseconds < 0 {
                try session.query("UPDATE jobs SET run_at = run_at + $1 WHERE state = 'queued'", [jump])
            } else {
                // What waits has not grown old by that.
                try session.query(
                    "UPDATE deliveries SET deadline_at = deadline_at + $1 WHERE state IN ('pending', 'sending', 'retry')", [jump])
            }
            session.signal(.process)
            session.signal(.deliver)
        }
    }

    /// No job is put off for longer than `limitSeconds`: if one seems to be, the clock was wrong when that was decided.
    public func clampFuture(limitSeconds: Double, now: Timestamp) async throws {
        let limit = now.advanced(bySeconds: limitSeconds)
        try await database.write(reaching: .everybody) { session in
            try session.query(
                "UPDATE jobs SET run_at = $1 WHERE state = 'queued' AND run_at > $2", [.integer(now.milliseconds), .integer(limit.milliseconds)])
            try session.query(
                "UPDATE jobs SET lease_until = $1 WHERE state = 'leased' AND lease_until > $2",
                [.integer(now.milliseconds), .integer(limit.milliseconds)])
        }
    }

    /// Forgets what ended before `time`, and dead letters that nobody asked for since `deadTime`.
    public func removeEnded(before time: Timestamp, deadBefore deadTime: Timestamp) async throws {
        try await database.write(reaching: .everybody) { session in
            for (state, time) in [("done", time), ("dropped", time), ("dead", deadTime)] {
                try session.query("DELETE FROM jobs WHERE state = '\(state)' AND updated_at < $1", [.integer(time.milliseconds)])
            }
        }
    }

    // MARK: Inside

    /// Changes a job that this lease still holds. Nobody is told: the worker that had it looks for its next one itself.
    private func change(_ job: Job, _ assignments: String, _ parameters: [SQLValue], now: Timestamp) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in try Self.change(job, assignments, parameters, now: now, session) }
    }

    static func change(
        _ job: Job, _ assignments: String, _ parameters: [SQLValue], now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> Bool {
        let rows = try session.query(
            "UPDATE jobs SET \(assignments), updated_at = $1 WHERE id = $2 AND state = 'leased' AND leases = $3 RETURNING id",
            [.integer(now.milliseconds), .text(job.id.rawValue), .integer(Int64(job.lease))] + parameters, table: "jobs")
        return !rows.isEmpty
    }

    /// Whether this lease still holds: what a worker writes in the same transaction then, nobody else writes meanwhile. Rows are locked in
    /// the order events, deliveries, jobs.
    static func holds(_ job: Job, _ session: borrowing Database.Session) throws(StoreError) -> Bool {
        try !session.query(
            "SELECT id FROM jobs WHERE id = $1 AND leases = $2 AND state = 'leased' \(session.dialect.forUpdate)",
            [.text(job.id.rawValue), .integer(Int64(job.lease))]
        ).isEmpty
    }

    /// Queues work; what is queued or under way already is left as it is, what has ended begins anew.
    static func enqueue(
        _ id: JobID, lane: Job.Lane, event: EventID, delivery: DeliveryID?, key: String, in scope: AccountScope, now: Timestamp,
        _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            """
            INSERT INTO jobs (id, account_id, work, event_id, delivery_id, idempotency_key, state, attempts, run_at, created_at, updated_at, lane)
            VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $7, $7, $8)
            ON CONFLICT (idempotency_key) DO UPDATE SET state = 'queued', attempts = 0, run_at = excluded.run_at, last_error = NULL,
            updated_at = excluded.updated_at WHERE jobs.state IN ('done', 'dead', 'dropped')
            """,
            [
                .text(id.rawValue), .text(scope.account.rawValue), .text(lane.work.rawValue), .text(event.rawValue), .optional(delivery?.rawValue),
                .text(key), .integer(now.milliseconds), .text(lane.name),
            ])
        session.signal(lane.work.signal)
    }
}

extension Job.Work {
    var signal: Database.Signal {
        switch self {
        case .process: .process
        case .deliver: .deliver
        }
    }
}

extension Job {
    init(_ row: Row) throws(StoreError) {
        guard let work = Work(rawValue: try row.text("work")) else { throw row.unreadable("work") }
        guard let state = State(rawValue: try row.text("state")) else { throw row.unreadable("state") }
        self.init(
            id: JobID(trusted: try row.text("id")), account: AccountID(trusted: try row.text("account_id")), work: work,
            event: EventID(trusted: try row.text("event_id")), delivery: try row.optionalText("delivery_id").map(DeliveryID.init(trusted:)),
            state: state, attempts: Int(try row.integer("attempts")), lease: Int(try row.integer("leases")),
            runAt: Timestamp(milliseconds: try row.integer("run_at")), leaseUntil: try row.time("lease_until"), lastError: try row.optionalText("last_error"),
            createdAt: Timestamp(milliseconds: try row.integer("created_at")), updatedAt: Timestamp(milliseconds: try row.integer("updated_at")))
    }
}
