// A delivery and its attempts as rows.

import Domain

extension Deliveries {
    static func insert(_ delivery: Delivery, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query(
            """
            INSERT INTO deliveries (account_id, id, event_id, device_id, channel, target, state, wanted, attempts, possible_repeat, created_at,
            updated_at, deadline_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $9, $10)
            """,
            [
                .text(scope.account.rawValue), .text(delivery.id.rawValue), .text(delivery.event.rawValue), .text(delivery.device.rawValue),
                .text(delivery.channel.rawValue), .text(delivery.target), .text(delivery.state.rawValue), .text(delivery.wanted.rawValue),
                .integer(delivery.createdAt.milliseconds), .integer(delivery.deadline.milliseconds),
            ])
        try Outbox.add(.deliveryUpdated, delivery.id.rawValue, in: scope, now: delivery.updatedAt, session)
    }

    static func write(
        _ delivery: Delivery, change: String?, in scope: AccountScope, _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            """
            UPDATE deliveries SET state = $3, wanted = $4, reached = $5, attempts = $6, reason = $7, status_code = $8, provider_message = $9,
            possible_repeat = $10, updated_at = $11, sent_at = $12, deadline_at = $13 WHERE account_id = $1 AND id = $2
            """,
            [
                .text(scope.account.rawValue), .text(delivery.id.rawValue), .text(delivery.state.rawValue), .text(delivery.wanted.rawValue),
                .optional(delivery.reached?.rawValue), .integer(Int64(delivery.attempts)), .optional(delivery.reason),
                .optional(delivery.statusCode), .optional(delivery.message), .integer(delivery.possibleRepeat ? 1 : 0),
                .integer(delivery.updatedAt.milliseconds), .optional(delivery.sentAt?.milliseconds), .integer(delivery.deadline.milliseconds),
            ])
        try Outbox.add(.deliveryUpdated, delivery.id.rawValue, change: change, in: scope, now: delivery.updatedAt, session)
    }
}

extension Delivery {
    init(_ row: Row) throws(StoreError) {
        guard let channel = Channel(rawValue: try row.text("channel")) else { throw row.unreadable("channel") }
        guard let state = State(rawValue: try row.text("state")) else { throw row.unreadable("state") }
        guard let wanted = Stage(rawValue: try row.text("wanted")) else { throw row.unreadable("wanted") }
        self.init(
            id: DeliveryID(trusted: try row.text("id")), event: EventID(trusted: try row.text("event_id")),
            device: DeviceID(trusted: try row.text("device_id")), channel: channel, target: try row.text("target"), state: state, wanted: wanted,
            reached: try row.optionalText("reached").flatMap(Stage.init(rawValue:)), attempts: Int(try row.integer("attempts")),
            reason: try row.optionalText("reason"), statusCode: try row.optionalInteger("status_code").map(Int.init),
            message: try row.optionalText("provider_message"), possibleRepeat: try row.integer("possible_repeat") != 0,
            createdAt: Timestamp(milliseconds: try row.integer("created_at")), updatedAt: Timestamp(milliseconds: try row.integer("updated_at")),
            sentAt: try row.time("sent_at"), deadline: Timestamp(milliseconds: try row.integer("deadline_at")))
    }
}

extension DeliveryAttempt {
    init(_ row: Row) throws(StoreError) {
        guard let stage = Delivery.Stage(rawValue: try row.text("stage")) else { throw row.unreadable("stage") }
        self.init(
            number: Int(try row.integer("number")), stage: stage, startedAt: Timestamp(milliseconds: try row.integer("started_at")),
            endedAt: try row.time("ended_at"), outcome: try row.optionalText("outcome").flatMap(Outcome.init(rawValue:)),
            statusCode: try row.optionalInteger("status_code").map(Int.init), reason: try row.optionalText("reason"))
    }
}
