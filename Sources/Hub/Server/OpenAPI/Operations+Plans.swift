// The routes of what an account uses, of taking everything along, and of removing for good.

import Domain
import Loop

extension Operation {
    private static let unlimited = Schema.count.orNull
    private static let plan = Schema.named(
        "Plan",
        Schema.object([
            "plan_id": .string, "name": .string, "analysed_seconds_per_month": Schema.number.orNull, "maximum_clip_seconds": Schema.number.orNull,
            "uploads_per_hour": unlimited, "retention_days": unlimited, "devices": unlimited, "viewers": unlimited,
        ]).about("null: no limit"))

    private static let creditEntry = Schema.named(
        "CreditEntry",
        .object([
            "entry_id": .string, "at": .time, "event_id": .identifier, "seconds": .number, "credits": .integer,
            "kind": Schema.words(["analysis", "rest"]).about("rest: what came later of a clip of which a part had been analysed"),
        ]))

    static let plans: [Operation] = [
        Operation(
            .get, "/account/usage", .people, "What the plan allows, and what was used of it",
            .json(
                .object([
                    "plan": plan, "month": .string(pattern: "^[0-9]{4}-[0-9]{2}$"),
                    "credits": .object(["used": .count, "included": unlimited, "left": unlimited]),
                    "analysed_seconds": .object(["used": .number, "included": Schema.number.orNull]), "devices": .count, "viewers": .count,
                    "entries_url": .address,
                ]))),
        Operation(
            .get, "/account/usage/entries", .people, "What each event cost", parameters: paging, .page(creditEntry)),
        Operation(
            .get, "/account/export", .people, "Everything of the account, to take along",
            detail: "One JSON object with signed links to clips and pictures; no secrets.",
            .json(
                .object([
                    "format": .words(["pingwatch-export-1"]), "exported_at": .time, "account": .fields, "people": .list(.fields),
                    "api_keys": .list(.fields), "devices": .list(.fields), "sessions": .list(.session), "events": .list(.fields),
                    "credits": .list(creditEntry), "audit": .list(.fields),
                ]), headers: [("Content-Disposition", .string)])),
        Operation(
            .delete, "/account", .people, "Delete the account with everything in it", detail: "`name` is the account's own, typed once more.",
            body: .json(.object(["name": .text(200)])), .none, errors: [404: "not_found"]),
        Operation(
            .delete, "/devices/{id}", .devices, "Remove a device with its events, clips and token", detail: "Its connection ends.", .none),
        Operation(.delete, "/events/{id}", .events, "Remove an event with its clip and pictures", .none),
    ]
}
