// The routes of what an account uses, and of what is removed for good.

import Domain
import Loop

extension Operation {
    private static let plan = Schema.named(
        "Plan",
        .object([
            "plan_id": .string, "name": .string, "analysed_seconds_per_month": Schema.count.orNull.about("Null, here and below: no limit"),
            "maximum_clip_seconds": Schema.number.orNull, "uploads_per_hour": Schema.count.orNull, "retention_days": Schema.count.orNull,
            "devices": Schema.count.orNull, "viewers": Schema.count.orNull.about("Who may watch live at a time"),
        ]))

    static let plans: [Operation] = [
        Operation(
            .get, "/account/usage", .account, "What the account uses of its plan",
            .json(
                .object([
                    "plan": plan, "month": Schema.string(pattern: "^[0-9]{4,}-[0-9]{2}$").about("By UTC"),
                    "credits": Schema.object(["used": .count, "included": Schema.count.orNull, "left": Schema.count.orNull])
                        .about("One is ten analysed seconds"),
                    "analysed_seconds": .object(["used": .number, "included": Schema.count.orNull]), "devices": .count,
                    "viewers": Schema.count.about("Who watches live now"), "entries_url": .address,
                ]))),
        Operation(
            .get, "/account/usage/entries", .account, "What was charged", parameters: paging,
            .page(
                .object([
                    "entry_id": .identifier, "at": .time, "event_id": Schema.identifier.about("It may be gone"), "seconds": .number, "credits": .count,
                    "kind": Schema.words(["analysis", "rest"]).about("`rest`: what came later of a clip"),
                ]))),
        Operation(
            .get, "/account/export", .account, "Everything of the account, to take along", detail: "No hashes and no tokens. Media links live an hour.",
            .json(.fields, "A file", headers: [("Content-Disposition", .string)]), errors: [507: "storage_full"]),
        Operation(
            .delete, "/account", .account, "Remove the account and everything in it", detail: "`name` is the account's own, typed.",
            body: .json(.object(["name": .text(200), "password": Schema.string(1...1024).optional])), .none,
            errors: [403: "wrong_name, invalid_credentials", 429: "too_many_attempts"]),
        Operation(
            .delete, "/devices/{id}", .devices, "Remove a device", detail: "With its sessions, events, alerts, targets, settings, token and files.",
            .none),
        Operation(
            .delete, "/events/{id}", .events, "Remove an event", detail: "With its alerts, jobs and files. Its id is refused for 30 days.", .none),
    ]
}
