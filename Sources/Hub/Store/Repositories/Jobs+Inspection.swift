// What waits, what is dead, and how a person sets it going again.

public import Domain

public struct JobFilter: Hashable, Sendable {
    public var state: Job.State?
    public var work: Job.Work?
    public var event: EventID?
    public init() {}
}

/// What became of the wish to try a job again.
public enum JobRetry: Sendable {
    case queued(Job)
    case unknown
    /// Why it cannot be tried again, in words.
    case refused(String)
}

/// How much waits, of all accounts.
public struct QueueDepth: Hashable, Sendable {
    /// `Job.Lane.name`.
    public let lane: String
    public let state: Job.State
    public let count: Int
    /// When the oldest of them was queued.
    public let oldest: Timestamp?
}

extension Jobs {
    public func find(_ id: JobID, in scope: AccountScope) async throws -> Job? {
        try await database.read(in: scope) { session in try Self.find(id, in: scope, session) }
    }

    /// Newest first.
    public func list(_ filter: JobFilter, in scope: AccountScope, page: Page) async throws -> Paged<Job> {
        let start = try PagePosition(cursor: page.cursor)
        let rows = try await database.read(in: scope) { session in
            var parameters: [SQLValue] = [
                .text(scope.account.rawValue), .optional(filter.state?.rawValue), .optional(filter.work?.rawValue),
                .optional(filter.event?.rawValue), .integer(start.time), .text(start.id), .integer(Int64(page.limit + 1)),
            ]
            let condition = scope.eventCondition(&parameters)
            return try session.query(
                """
                SELECT * FROM jobs WHERE account_id = $1\(condition) AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR work = $3)
                AND ($4 IS NULL OR event_id = $4) AND (created_at < $5 OR (created_at = $5 AND id < $6))
                ORDER BY created_at DESC, id DESC LIMIT $7
                """, parameters, table: "jobs"
            ).map { try Job($0) }
        }
        return page.paged(rows) { PagePosition(time: $0.createdAt, id: $0.id.rawValue) }
    }

    /// How many events of the account wait to be processed.
    public func backlog(in scope: AccountScope) async throws -> Int {
        try await database.read(in: scope) { session in
            Int(
                try session.query(
                    "SELECT COUNT(*) AS n FROM jobs WHERE work = 'process' AND state = 'queued' AND account_id = $1",
                    [.text(scope.account.rawValue)], table: "jobs")[0].integer("n"))
        }
    }

    public func depths() async throws -> [QueueDepth] {
        try await database.read(reaching: .everybody) { session in
            var depths: [QueueDepth] = []
            // One by one, as the indices are.
            for (state, since) in [(Job.State.queued, "run_at"), (.leased, "updated_at"), (.dead, "updated_at")] {
                for row in try session.query(
                    "SELECT lane, COUNT(*) AS n, MIN(\(since)) AS oldest FROM jobs WHERE state = '\(state.rawValue)' GROUP BY lane", table: "jobs")
                {
                    depths.append(
                        QueueDepth(
                            lane: try row.text("lane"), state: state, count: Int(try row.integer("n")), oldest: try row.time("oldest")))
                }
            }
            return depths
        }
    }

    /// Sets a dead job going again, together with what it works on.
    public func requeue(_ id: JobID, deadline: Timestamp, in scope: AccountScope, now: Timestamp) async throws -> JobRetry {
        try await database.write(in: scope) { session in
            guard let job = try Self.find(id, in: scope, session) else { return .unknown }
            guard job.state == .dead else { return .refused("this job is \(job.state.rawValue), not dead") }
            switch job.work {
            case .process:
                guard let event = try EventRows.find(job.event, in: scope, session) else { return .unknown }
                guard try EventRows.apply(.retried, to: event, EventChanges(), in: scope, now: now, session) != nil else {
                    guard case .failed(let failure) = event.state else { return .refused("the event is \(event.state.name)") }
                    return .refused("trying again cannot help: \(failure.reason)")
                }
            case .deliver:
                guard let delivery = job.delivery,
                    try Deliveries.apply(.retried(deadline: deadline), to: delivery, in: scope, now: now, session) != nil
                else { return .refused("the alert has come to its end already") }
            }
            let rows = try session.query(
                "UPDATE jobs SET state = 'queued', attempts = 0, run_at = $2, updated_at = $2 WHERE id = $1 RETURNING *",
                [.text(id.rawValue), .integer(now.milliseconds)], table: "jobs")
            session.signal(job.work.signal)
            return .queued(try Job(rows[0]))
        }
    }

    private static func find(_ id: JobID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Job? {
        var parameters: [SQLValue] = [.text(scope.account.rawValue), .text(id.rawValue)]
        let condition = scope.eventCondition(&parameters)
        let rows = try session.query("SELECT * FROM jobs WHERE account_id = $1 AND id = $2\(condition)", parameters, table: "jobs")
        guard let row = rows.first else { return nil }
        return try Job(row)
    }
}
