// What has been kept for long enough.

public import Domain

public struct Retention: Sendable {
    let database: Database

    /// The accounts whose plan, or the hub's own limit, ends what they keep; with the number of days.
    public func accounts(atMost limit: Int?) async throws -> [(scope: AccountScope, days: Int)] {
        try await database.read(reaching: .everybody) { session in
            var accounts: [(scope: AccountScope, days: Int)] = []
            var plans: [String: Plan] = [:]
            for row in try session.query("SELECT * FROM plans", table: "plans") { plans[try row.text("id")] = try Plan(row) }
            for row in try session.query("SELECT id, plan FROM accounts ORDER BY id", table: "accounts") {
                let plan = plans[try row.text("plan")] ?? .unlimited
                guard let days = plan.retentionDays(atMost: limit) else { continue }
                accounts.append((AccountScope(AccountID(trusted: try row.text("id"))), days))
            }
            return accounts
        }
    }

    /// Events that came before `time` and have come to their end, the oldest first. By the hub's clock: a phone that was away for long
    /// brings what is old, and people shall see it.
    public func events(before time: Timestamp, limit: Int, in scope: AccountScope) async throws -> [EventID] {
        try await database.read(in: scope) { session in
            try session.query(
                """
                SELECT id FROM events WHERE account_id = $1 AND created_at < $2 AND status IN ('done', 'failed', 'dropped')
                ORDER BY created_at LIMIT $3
                """, [.text(scope.account.rawValue), .integer(time.milliseconds), .integer(Int64(limit))], table: "events"
            ).map { EventID(trusted: try $0.text("id")) }
        }
    }

    /// Sessions that ended before `time` and have no events any more.
    public func removeSessions(before time: Timestamp, in scope: AccountScope) async throws {
        try await database.write(in: scope) { session in
            _ = try session.query(
                """
                DELETE FROM sessions WHERE account_id = $1 AND status = 'stopped' AND stopped_at < $2 AND NOT EXISTS (
                    SELECT 1 FROM events WHERE events.account_id = sessions.account_id AND events.session_id = sessions.id)
                """, [.text(scope.account.rawValue), .integer(time.milliseconds)])
        }
    }

    /// Of all accounts, what is older than is of use: attempts of deliveries, the audit log, the ledger, links that were not followed, and
    /// whatever expired before `expiredBefore`, which may name people who were never here.
    public func removeTraces(
        attemptsBefore: Timestamp, auditBefore: Timestamp, ledgerBefore: Timestamp, linksBefore: Timestamp, expiredBefore: Timestamp
    ) async throws {
        try await database.write(reaching: .everybody) { session in
            for (table, condition, time) in [
                ("delivery_attempts", "started_at < $1 AND ended_at IS NOT NULL", attemptsBefore), ("audit", "at < $1", auditBefore),
                ("credit_ledger", "at < $1", ledgerBefore), ("telegram_links", "expires_at < $1", linksBefore),
                ("mailed_links", "expires_at < $1", expiredBefore), ("pairings", "expires_at < $1", expiredBefore),
                ("invitations", "expires_at < $1", expiredBefore), ("oidc_starts", "expires_at < $1", expiredBefore),
                ("access_tokens", "expires_at < $1", expiredBefore),
                (
                    "sign_ins", "expires_at < $1 AND NOT EXISTS (SELECT 1 FROM access_tokens WHERE access_tokens.sign_in_id = sign_ins.id)",
                    expiredBefore
                ),
            ] {
                try session.query("DELETE FROM \(table) WHERE \(condition)", [.integer(time.milliseconds)])
            }
        }
    }
}
