// What was charged for analysing: a ledger and not a counter, so that each credit says for what it went.

public import Domain

public struct CreditLedger: Sendable {
    let database: Database

    /// Of one month.
    public struct Use: Hashable, Sendable {
        public let credits: Int
        public let seconds: Double

        public init(credits: Int, seconds: Double) {
            self.credits = credits
            self.seconds = seconds
        }
    }

    /// Charges the account for so much of an event's clip, once however often it is asked for. Of a clip that has grown since only the rest is
    /// charged.
    ///
    /// - Parameter id: of the entry.
    /// - Returns: why there is nothing to be had; `nil` when it was charged.
    public func charge(_ event: EventID, seconds: Double, id: String, in scope: AccountScope, now: Timestamp) async throws -> String? {
        let account = SQLValue.text(scope.account.rawValue)
        return try await database.write(in: scope) { session in
            // One after another, or two would share what is left for one.
            guard try !session.query("SELECT id FROM accounts WHERE id = $1 \(session.dialect.forUpdate)", [account]).isEmpty else { return nil }
            let before = try session.query(
                """
                SELECT COUNT(*) AS n, COALESCE(SUM(seconds), 0) AS seconds, CAST(COALESCE(SUM(credits), 0) AS BIGINT) AS credits
                FROM credit_ledger WHERE account_id = $1 AND event_id = $2
                """, [account, .text(event.rawValue)], table: "credit_ledger")[0]
            let charged = Int(try before.integer("credits")), needed = Credits.needed(forSeconds: seconds) - charged
            guard needed > 0 else { return nil }
            let month = CalendarMonth(containing: now), plan = try Plans.current(in: scope, session)
            let used = try Self.use(in: month, scope, session)
            if let reason = Credits.refusal(needed: needed, used: used.credits, included: plan.credits) { return reason }
            let number = try before.integer("n") + 1, kind = number == 1 ? CreditEntry.Kind.analysis : .rest
            try session.query(
                """
                INSERT INTO credit_ledger (account_id, id, event_id, number, at, month, seconds, credits, kind)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                [
                    account, .text(id), .text(event.rawValue), .integer(number), .integer(now.milliseconds), .text(month.description),
                    .real(seconds - (try before.optionalReal("seconds") ?? 0)), .integer(Int64(needed)), .text(kind.rawValue),
                ])
            return nil
        }
    }

    public func use(in month: CalendarMonth, _ scope: AccountScope) async throws -> Use {
        try await database.read(in: scope) { session in try Self.use(in: month, scope, session) }
    }

    /// Newest first. Who sees some devices only sees what was spent on events of these that are still there.
    public func list(in scope: AccountScope, page: Page) async throws -> Paged<CreditEntry> {
        let start = try PagePosition(cursor: page.cursor)
        let rows = try await database.read(in: scope) { session in
            var parameters: [SQLValue] = [.text(scope.account.rawValue), .integer(start.time), .text(start.id), .integer(Int64(page.limit + 1))]
            let seen = scope.eventCondition(&parameters)
            return try session.query(
                """
                SELECT * FROM credit_ledger WHERE account_id = $1 AND (at < $2 OR (at = $2 AND id < $3))\(seen)
                ORDER BY at DESC, id DESC LIMIT $4
                """, parameters, table: "credit_ledger"
            ).map { try CreditEntry($0) }
        }
        return page.paged(rows) { PagePosition(time: $0.at, id: $0.id) }
    }

    private static func use(in month: CalendarMonth, _ scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Use {
        let row = try session.query(
            """
            SELECT COALESCE(SUM(seconds), 0) AS seconds, CAST(COALESCE(SUM(credits), 0) AS BIGINT) AS credits
            FROM credit_ledger WHERE account_id = $1 AND month = $2
            """, [.text(scope.account.rawValue), .text(month.description)], table: "credit_ledger")[0]
        return Use(credits: Int(try row.integer("credits")), seconds: try row.optionalReal("seconds") ?? 0)
    }
}

extension CreditEntry {
    init(_ row: Row) throws(StoreError) {
        guard let kind = Kind(rawValue: try row.text("kind")) else { throw row.unreadable("kind") }
        self.init(
            id: try row.text("id"), at: Timestamp(milliseconds: try row.integer("at")), event: EventID(trusted: try row.text("event_id")),
            seconds: try row.optionalReal("seconds") ?? 0, credits: Int(try row.integer("credits")), kind: kind)
    }
}
