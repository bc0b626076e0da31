// Alerts on their way: one row per event, channel and target, whose state only changes by the rules of `Delivery`.

public import Domain

public struct Deliveries: Sendable {
    let database: Database

    /// Who is to be alerted of an event.
    public struct Recipient: Hashable, Sendable {
        public let channel: Delivery.Channel
        public let target: String

        public init(channel: Delivery.Channel, target: String) {
            self.channel = channel
            self.target = target
        }

        /// The webhook has one address, that of the configuration.
        public static let webhook = Recipient(channel: .webhook, target: "default")
    }

    /// What an attempt came to.
    public struct Begun: Sendable {
        public let delivery: Delivery
        /// Nothing is to be sent: it came to its end instead.
        public let isOver: Bool
        /// How often the process has ended in the middle of it.
        public var breaks = 0
    }

    /// Makes a delivery and its job for each recipient that has none for this event yet; brings those there are to `stage`.
    ///
    /// - Parameter makeID: a new identifier each time.
    /// - Returns: those that have something to send now.
    public func plan(
        _ event: Event, stage: Delivery.Stage, recipients: [Recipient], deadline: Timestamp, in scope: AccountScope, now: Timestamp,
        makeID: @escaping @Sendable () -> String
    ) async throws -> [Delivery] {
        try await database.write(in: scope) { session in
            try Self.plan(event, stage: stage, recipients: recipients, deadline: deadline, in: scope, now: now, makeID: makeID, session)
        }
    }

    public func find(_ id: DeliveryID, in scope: AccountScope) async throws -> Delivery? {
        try await database.read(in: scope) { session in try Self.find(id, in: scope, isChanging: false, session) }
    }

    /// Whose it is, for a button that was pressed: the provider's target is what proves it.
    public func find(_ id: DeliveryID, channel: Delivery.Channel, target: String) async throws -> (scope: AccountScope, delivery: Delivery)? {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                "SELECT * FROM deliveries WHERE id = $1 AND channel = $2 AND target = $3",
                [.text(id.rawValue), .text(channel.rawValue), .text(target)], table: "deliveries"
            ).first.map { (AccountScope(AccountID(trusted: try $0.text("account_id"))), try Delivery($0)) }
        }
    }

    /// Of one event, in the order in which they were made.
    public func list(event: EventID, in scope: AccountScope) async throws -> [Delivery] {
        try await database.read(in: scope) { session in
            var parameters: [SQLValue] = [.text(scope.account.rawValue), .text(event.rawValue)]
            let condition = scope.condition(&parameters)
            return try session.query(
                "SELECT * FROM deliveries WHERE account_id = $1 AND event_id = $2\(condition) ORDER BY created_at, id", parameters,
                table: "deliveries"
            ).map { try Delivery($0) }
        }
    }

    /// Of the account, newest first.
    public func list(state: Delivery.State?, in scope: AccountScope, page: Page) async throws -> Paged<Delivery> {
        let start = try PagePosition(cursor: page.cursor)
        let rows = try await database.read(in: scope) { session in
            var parameters: [SQLValue] = [
                .text(scope.account.rawValue), .optional(state?.rawValue), .integer(start.time), .text(start.id),
                .integer(Int64(page.limit + 1)),
            ]
            let condition = scope.condition(&parameters)
            return try session.query(
                """
                SELECT * FROM deliveries WHERE account_id = $1 AND ($2 IS NULL OR state = $2)\(condition)
                AND (created_at < $3 OR (created_at = $3 AND id < $4)) ORDER BY created_at DESC, id DESC LIMIT $5
                """, parameters, table: "deliveries"
            ).map { try Delivery($0) }
        }
        return page.paged(rows) { PagePosition(time: $0.createdAt, id: $0.id.rawValue) }
    }

    /// Of each delivery in the order in which they were made.
    public func attempts(of deliveries: [Delivery], in scope: AccountScope) async throws -> [DeliveryID: [DeliveryAttempt]] {
        try await database.read(in: scope) { session in
            var attempts: [DeliveryID: [DeliveryAttempt]] = [:]
            for delivery in deliveries {
                attempts[delivery.id] = try session.query(
                    "SELECT * FROM delivery_attempts WHERE account_id = $1 AND delivery_id = $2 ORDER BY number",
                    [.text(scope.account.rawValue), .text(delivery.id.rawValue)], table: "delivery_attempts"
                ).map { try DeliveryAttempt($0) }
            }
            return attempts
        }
    }

    /// An attempt begins; `nil` when there is nothing to send. Before the first one it is decided whether the target wants it at all, by
    /// what has really arrived there.
    ///
    /// - Parameter job: on whose behalf; nothing begins when its lease is lost.
    public func begin(
        _ id: DeliveryID, cooldownSeconds: Double, holding job: Job? = nil, in scope: AccountScope, now: Timestamp
    ) async throws -> Begun? {
        try await database.write(in: scope) { session in
            guard let delivery = try Self.find(id, in: scope, session), delivery.isDue else { return nil }
            if let job, try !Jobs.holds(job, session) { return nil }
            if now >= delivery.deadline {
                return try Self.apply(.expired, to: id, in: scope, now: now, session).map { Begun(delivery: $0, isOver: true) }
            }
            if delivery.reached == nil, delivery.state != .sending, !delivery.possibleRepeat,
                let reason = try Self.suppression(of: delivery, cooldownSeconds: cooldownSeconds, in: scope, now: now, session)
            {
                return try Self.apply(.suppressed(reason: reason), to: id, in: scope, now: now, session).map { Begun(delivery: $0, isOver: true) }
            }
            // Whoever had begun before and did not end is gone.
            try session.query(
                """
                UPDATE delivery_attempts SET outcome = 'unknown', ended_at = $3, reason = 'the hub was stopped meanwhile'
                WHERE account_id = $1 AND delivery_id = $2 AND ended_at IS NULL
                """, [.text(scope.account.rawValue), .text(id.rawValue), .integer(now.milliseconds)])
            guard let begun = try Self.apply(.begun, to: id, in: scope, now: now, session) else { return nil }
            try session.query(
                """
                INSERT INTO delivery_attempts (account_id, delivery_id, number, stage, started_at)
                SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4 FROM delivery_attempts WHERE account_id = $1 AND delivery_id = $2
                """,
                [.text(scope.account.rawValue), .text(id.rawValue), .text(begun.wanted.rawValue), .integer(now.milliseconds)])
            let breaks = try session.query(
                "SELECT COUNT(*) AS n FROM delivery_attempts WHERE account_id = $1 AND delivery_id = $2 AND outcome = 'unknown'",
                [.text(scope.account.rawValue), .text(id.rawValue)], table: "delivery_attempts")[0].integer("n")
            return Begun(delivery: begun, isOver: false, breaks: Int(breaks))
        }
    }

    /// How the attempt ended: `delivered`, `postponed`, `failed`, `suppressed`, or `givenBack`, of which no trace is left.
    ///
    /// - Parameters:
    ///   - kind: a short word for counting what went wrong, such as `429` or `timeout`.
    ///   - job: on whose behalf; nothing changes when its lease is lost, but that something arrived is noted in any case.
    public func finish(
        _ id: DeliveryID, _ input: Delivery.Input, kind: String? = nil, holding job: Job? = nil, in scope: AccountScope, now: Timestamp
    ) async throws -> Delivery? {
        try await database.write(in: scope) { session in
            guard let delivery = try Self.find(id, in: scope, session) else { return nil }
            if let job, try !Jobs.holds(job, session) {
                guard case .delivered = input else { return nil }
            }
            let key: [SQLValue] = [.text(scope.account.rawValue), .text(id.rawValue)]
            guard let end = Attempt(input) else {
                try session.query("DELETE FROM delivery_attempts WHERE account_id = $1 AND delivery_id = $2 AND ended_at IS NULL", key)
                return try Self.apply(input, to: id, in: scope, now: now, session)
            }
            try session.query(
                """
                UPDATE delivery_attempts SET ended_at = $3, outcome = $4, status_code = $5, reason = $6
                WHERE account_id = $1 AND delivery_id = $2 AND ended_at IS NULL
                """, key + [.integer(now.milliseconds), .text(end.outcome.rawValue), .optional(end.statusCode), .optional(end.reason)])
            let change = [delivery.channel.rawValue, end.outcome.rawValue, kind ?? end.statusCode.map { String($0) } ?? "-"]
            return try Self.apply(input, to: id, change: change.joined(separator: " "), in: scope, now: now, session)
        }
    }

    /// The message is not there any more: what is sent next is a new one.
    public func forgetMessage(_ id: DeliveryID, in scope: AccountScope, now: Timestamp) async throws {
        try await database.write(in: scope) { session in _ = try Self.apply(.messageGone, to: id, in: scope, now: now, session) }
    }

    // MARK: Inside a transaction

    @discardableResult
    static func plan(
        _ event: Event, stage: Delivery.Stage, recipients: [Recipient], deadline: Timestamp, in scope: AccountScope, now: Timestamp,
        makeID: () -> String, _ session: borrowing Database.Session
    ) throws(StoreError) -> [Delivery] {
        // While this row is held the event cannot be removed, nor come to its end unseen: a still that was planned after it would never be completed.
        guard let present = try EventRows.find(event.id, in: scope, session), stage != .still || !present.state.isFinal else { return [] }
        var planned: [Delivery] = []
        for recipient in recipients {
            let rows = try session.query(
                """
                SELECT * FROM deliveries WHERE account_id = $1 AND event_id = $2 AND channel = $3 AND target = $4 \(session.dialect.forUpdate)
                """,
                [.text(scope.account.rawValue), .text(event.id.rawValue), .text(recipient.channel.rawValue), .text(recipient.target)],
                table: "deliveries")
            let delivery: Delivery
            if let row = rows.first {
                guard stage == .clip, let completed = try Delivery(row).after(.completed, at: now) else { continue }
                delivery = completed
                try Self.write(delivery, change: nil, in: scope, session)
            } else {
                delivery = Delivery(
                    id: DeliveryID(trusted: makeID()), event: event.id, device: event.device, channel: recipient.channel,
                    target: recipient.target, wanted: stage, createdAt: now, updatedAt: now, deadline: deadline)
                try Self.insert(delivery, in: scope, session)
            }
            planned.append(delivery)
            try Jobs.enqueue(
                JobID(trusted: makeID()), lane: .deliver(delivery.channel), event: event.id, delivery: delivery.id, key: "deliver:\(scope.account)/\(delivery.id)",
                in: scope, now: now, session)
        }
        return planned
    }

    private struct Attempt {
        let outcome: DeliveryAttempt.Outcome
        var statusCode: Int?
        var reason: String?

        init?(_ input: Delivery.Input) {
            switch input {
            case .delivered: outcome = .sent
            case .postponed(let reason, let statusCode, _): (outcome, self.reason, self.statusCode) = (.retry, reason, statusCode)
            case .failed(let reason, let statusCode): (outcome, self.reason, self.statusCode) = (.failed, reason, statusCode)
            case .suppressed(let reason): (outcome, self.reason) = (.suppressed, reason)
            case .begun, .givenBack, .expired, .completed, .messageGone, .retried: return nil
            }
        }
    }

    private static func suppression(
        of delivery: Delivery, cooldownSeconds: Double, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> String? {
        // The webhook is the installation's, not a device's.
        guard delivery.channel != .webhook else { return nil }
        var found: AlertTarget?
        for target in try AlertTargets.list(device: delivery.device, in: scope, session)
        where target.channel == delivery.channel && target.address == delivery.target {
            found = target
        }
        guard let found else { return "unlinked" }
        let importance = try EventRows.find(delivery.event, in: scope, isChanging: false, session)?.importance ?? .usual
        let last = try lastDelivered(before: delivery, cooldownSeconds: cooldownSeconds, in: scope, now: now, session)
        return found.suppression(at: now, lastDelivered: last, cooldownSeconds: cooldownSeconds, importance: importance)
    }

    /// When an alert of what the device saw arrived at the same target, within the cooldown.
    private static func lastDelivered(
        before delivery: Delivery, cooldownSeconds: Double, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> Timestamp? {
        guard cooldownSeconds > 0 else { return nil }
        return try session.query(
            """
            SELECT MAX(sent_at) AS last FROM deliveries JOIN events ON events.account_id = deliveries.account_id AND events.id = deliveries.event_id
            WHERE deliveries.account_id = $1 AND deliveries.device_id = $2 AND channel = $3 AND target = $4 AND sent_at > $6 AND deliveries.id <> $5
            AND events.source <> 'notice'
            """,
            [
                .text(scope.account.rawValue), .text(delivery.device.rawValue), .text(delivery.channel.rawValue), .text(delivery.target),
                .text(delivery.id.rawValue), .integer(now.advanced(bySeconds: -cooldownSeconds).milliseconds),
            ], table: "deliveries")[0].time("last")
    }

    static func isDue(_ id: DeliveryID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Bool {
        guard let delivery = try find(id, in: scope, session) else { return false }
        return delivery.state == .pending && delivery.isDue
    }

    /// Whatever is on its way for the events of a session comes to its end.
    static func suppressAll(
        session id: SessionID, reason: String, in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) {
        let rows = try session.query(
            """
            SELECT id FROM deliveries WHERE account_id = $1 AND state IN ('pending', 'sending', 'retry')
            AND event_id IN (SELECT id FROM events WHERE account_id = $1 AND session_id = $2)
            """, [.text(scope.account.rawValue), .text(id.rawValue)], table: "deliveries")
        for row in rows {
            try apply(.suppressed(reason: reason), to: DeliveryID(trusted: try row.text("id")), in: scope, now: now, session)
        }
    }

    /// `nil` when there is no such delivery or `input` cannot happen in its state: nothing is changed then.
    @discardableResult
    static func apply(
        _ input: Delivery.Input, to id: DeliveryID, change: String? = nil, in scope: AccountScope, now: Timestamp,
        _ session: borrowing Database.Session
    ) throws(StoreError) -> Delivery? {
        guard let delivery = try find(id, in: scope, session), let next = delivery.after(input, at: now) else { return nil }
        try write(next, change: change, in: scope, session)
        return next
    }

    private static func find(
        _ id: DeliveryID, in scope: AccountScope, isChanging: Bool = true, _ session: borrowing Database.Session
    ) throws(StoreError) -> Delivery? {
        let rows = try session.query(
            "SELECT * FROM deliveries WHERE account_id = $1 AND id = $2 \(isChanging ? session.dialect.forUpdate : "")",
            [.text(scope.account.rawValue), .text(id.rawValue)], table: "deliveries")
        guard let row = rows.first else { return nil }
        return try Delivery(row)
    }
}
