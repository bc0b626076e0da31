// The routes of alerts, Telegram and background work.

import Domain
import Loop
import Runtime

extension Operation {
    private static let device = Parameter.query("device_id", .identifier).required

    /// `{device_id, channel, target?}` and more.
    private static func targeted(_ more: KeyValuePairs<String, Schema>) -> Schema {
        func of(_ channel: Delivery.Channel, _ target: Schema) -> Schema {
            .object(["device_id": .identifier, "channel": .words([channel.rawValue]), "target": target]).with(more)
        }
        return .oneOf([
            of(.telegram, Schema.text(64).about("The chat's id")), of(.email, Schema.text(254).optional.about("One's own address")),
            of(.webhook, Schema.any.orAbsent.about("There is one webhook: this is not looked at")),
        ])
    }

    static let alerts: [Operation] = [
        Operation(
            .get, "/notifications/targets", .alerts, "Who gets the alerts of a device", detail: "Those that are disabled, too.",
            parameters: [device], .json(.list(.target)), errors: [404: "not_found"]),
        Operation(
            .post, "/notifications/targets", .alerts, "Change a target, or add one's mailbox",
            detail: "The target of `email` is one's own address, also where it is not said. Chats are added by linking.",
            body: .json(
                targeted([
                    "still_first": Schema.boolean.optional, "snooze_minutes": Schema.integer(0...10_080).optional.about("0 ends a snooze"),
                ])), .json(.target), errors: [404: "not_found", 409: "not_configured"]),
        Operation(
            .delete, "/notifications/targets", .alerts, "Remove a target",
            parameters: [device, .query("channel", .words(Delivery.Channel.self)).required, .query("target", .string).required], .none,
            errors: [404: "not_found"]),
        Operation(
            .post, "/notifications/test", .alerts, "Send a harmless message now",
            body: .json(targeted([:])),
            .json(
                .object([
                    "sent": .boolean, "channel": .words(Delivery.Channel.self), "target": .string, "status_code": Schema.integer.orNull,
                    "reason": Schema.string.orNull,
                ])), errors: [404: "not_found"]),
        Operation(.get, "/deliveries", .alerts, "Alerts on their way", parameters: [.query("state", .words(Delivery.State.self))] + paging, .page(.delivery)),
    ]

    static let work: [Operation] = [
        Operation(
            .get, "/jobs", .work, "Background work",
            parameters: [.query("state", .words(Job.State.self)), .query("work", .words(Job.Work.self)), .query("event_id", .identifier)] + paging,
            .page(.job)
        ).giving("job_id", at: "/0"),
        Operation(
            .post, "/jobs/{id}/retry", .work, "Try a dead job again", detail: "Its event or delivery is queued again with it.", .json(.job),
            errors: [409: "not_retryable"]),
    ]

    // Fields that a hub without a bot has nothing to say in are null, or left out.
    private static let linking: KeyValuePairs<String, Schema> = [
        "attempt_id": Schema.identifier.orNull.orAbsent, "connect_url": Schema.address.orNull.orAbsent,
        "fallback_command": Schema.string.orNull.orAbsent, "link_code": Schema.string.orNull.orAbsent, "expires_at": Schema.time.orNull.orAbsent,
    ]

    private static func readiness(_ states: [String]) -> Schema {
        Schema.object([
            "enabled": .boolean, "ready": .boolean, "linked": Schema.boolean.orAbsent, "status": .words(states), "reason": Schema.string.orNull,
        ]).with(linking)
    }

    static let telegram: [Operation] = [
        Operation(
            .get, "/notifications/telegram/readiness", .telegram, "Whether a device's alerts reach a chat", parameters: [device],
            .json(readiness(["not_configured", "not_linked", "ready"])), errors: [404: "not_found"]),
        Operation(
            .get, "/notifications/telegram/target", .telegram, "The chat of a device", parameters: [device],
            .json(.object(["enabled": .boolean, "linked": .boolean, "device_id": .identifier, "chat_id": Schema.string.orNull])),
            errors: [404: "not_found"]),
        Operation(
            .post, "/notifications/telegram/link/start", .telegram, "Begin to link a chat", body: .json(.object(["device_id": .identifier])),
            .json(readiness(["not_configured", "pending"])), errors: [404: "not_found"]),
        Operation(
            .get, "/notifications/telegram/link/status", .telegram, "Whether the chat is linked", detail: "Also reads the bot's updates.",
            parameters: [device, .query("attempt_id", .identifier).required],
            .json(readiness(["not_configured", "pending", "expired", "ready"])), errors: [404: "not_found"]),
        Operation(
            .post, "/notifications/telegram/webhook", .telegram, "An update of the Bot API",
            detail: "200 also for what cannot be read: Telegram would send it again and again.", proof: .telegramSecret, body: .optionalJSON(.any),
            .json(.object(["ok": .boolean])), errors: [404: "not_found"]),
    ]
}
