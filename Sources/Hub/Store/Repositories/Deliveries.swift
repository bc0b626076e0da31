// Alerts on their way: one row per event, channel and target.

public import Domain

public struct Deliveries: Sendable {
    let database: Database

    /// Makes a delivery and its job for each target that has none for this event yet.
    ///
    /// - Parameter makeID: a new identifier each time.
    /// - Returns: those that were made.
    public func plan(
        event: EventID, channel: Delivery.Channel, targets: [String], in scope: AccountScope, now: Timestamp,
        makeID: @escaping @Sendable () -> String
    ) async throws -> [Delivery] {
        try await database.write { session in
            var made: [Delivery] = []
            for target in targets {
                let id = DeliveryID(trusted: makeID())
                let rows = try session.query(
                    """
                    INSERT INTO deliveries (account_id, id, event_id, channel, target, state, attempts, created_at, updated_at)
                    VALUES ($1, $2, $3, $4, $5, 'pending', 0, $6, $6)
                    ON CONFLICT (account_id, event_id, channel, target) DO NOTHING RETURNING *
                    """,
                    [
                        .text(scope.account.rawValue), .text(id.rawValue), .text(event.rawValue), .text(channel.rawValue), .text(target),
                        .integer(now.milliseconds),
                    ], table: "deliveries")
                guard let row = rows.first else { continue }
                made.append(try Delivery(row))
                try Jobs.enqueue(
                    JobID(trusted: makeID()), work: .deliver, event: event, delivery: id, key: "deliver:\(scope.account)/\(id)", in: scope,
                    now: now, session)
            }
            return made
        }
    }

    public func find(_ id: DeliveryID, in scope: AccountScope) async throws -> Delivery? {
        try await database.read { session in
            try session.query(
                "SELECT * FROM deliveries WHERE account_id = $1 AND id = $2", [.text(scope.account.rawValue), .text(id.rawValue)],
                table: "deliveries"
            ).first.map { try Delivery($0) }
        }
    }

    /// Of one event, in the order in which they were made.
    public func list(event: EventID, in scope: AccountScope) async throws -> [Delivery] {
        try await database.read { session in
            try session.query(
                "SELECT * FROM deliveries WHERE account_id = $1 AND event_id = $2 ORDER BY created_at, id",
                [.text(scope.account.rawValue), .text(event.rawValue)], table: "deliveries"
            ).map { try Delivery($0) }
        }
    }

    /// An attempt begins. `nil` when there is nothing more to send.
    public func begin(_ id: DeliveryID, in scope: AccountScope, now: Timestamp) async throws -> Delivery? {
        try await database.write { session in
            try session.query(
                """
                UPDATE deliveries SET state = 'sending', attempts = attempts + 1, updated_at = $3
                WHERE account_id = $1 AND id = $2 AND state IN ('pending', 'sending', 'retry') RETURNING *
                """, [.text(scope.account.rawValue), .text(id.rawValue), .integer(now.milliseconds)], table: "deliveries"
            ).first.map { try Delivery($0) }
        }
    }

    /// How the attempt ended.
    ///
    /// - Parameters:
    ///   - reason: why it is not `sent`, in words.
    ///   - statusCode: of the provider's answer.
    public func finish(
        _ id: DeliveryID, state: Delivery.State, reason: String?, providerMessage: String?, statusCode: Int?, in scope: AccountScope,
        now: Timestamp
    ) async throws -> Delivery? {
        try await database.write { session in
            try session.query(
                """
                UPDATE deliveries SET state = $3, reason = $4, provider_message = $5, status_code = $6, updated_at = $7,
                sent_at = CASE WHEN $3 = 'sent' THEN $7 ELSE sent_at END
                WHERE account_id = $1 AND id = $2 RETURNING *
                """,
                [
                    .text(scope.account.rawValue), .text(id.rawValue), .text(state.rawValue), .optional(reason), .optional(providerMessage),
                    .optional(statusCode), .integer(now.milliseconds),
                ], table: "deliveries"
            ).first.map { try Delivery($0) }
        }
    }
}

extension Delivery {
    init(_ row: Row) throws(StoreError) {
        guard let channel = Channel(rawValue: try row.text("channel")) else { throw row.unreadable("channel") }
        guard let state = State(rawValue: try row.text("state")) else { throw row.unreadable("state") }
        self.init(
            id: DeliveryID(trusted: try row.text("id")), event: EventID(trusted: try row.text("event_id")), channel: channel,
            target: try row.text("target"), state: state, attempts: Int(try row.integer("attempts")), reason: try row.optionalText("reason"),
            providerMessage: try row.optionalText("provider_message"), createdAt: Timestamp(milliseconds: try row.integer("created_at")),
            updatedAt: Timestamp(milliseconds: try row.integer("updated_at")), sentAt: try row.time("sent_at"))
    }
}
