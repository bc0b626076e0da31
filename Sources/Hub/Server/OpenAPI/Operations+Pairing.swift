// The routes by which phones become cameras.

import Domain
import Loop

extension Operation {
    private static let pairingObject = Schema.named(
        "Pairing",
        .object([
            "pairing_id": .identifier, "state": .words(["waiting", "claimed", "confirmed", "rejected", "expired"]),
            "label": Schema.string.orNull.about("What the phone shall be called"), "address": Schema.string.orNull.about("From where the phone asks"),
            "agent": Schema.string.orNull, "confirm_word": Schema.string.orNull.about("The phone shows the same"),
            "device_id": Schema.identifier.orNull, "expires_at": .time,
        ]))

    private static let activationCode = Schema.named(
        "ActivationCode",
        .object([
            "code_id": .identifier, "label": .string, "uses": .count, "used": .count, "expires_at": .time, "revoked": .boolean, "created_at": .time,
            "redemptions": .list(.object(["at": .time, "device_id": .identifier, "label": .string, "address": Schema.string.orNull])),
        ]))

    private static let token = Schema.string.about("Shown only here")
    private static let svg = Schema.string.about("A QR code of the link")
    /// With hyphens and spaces anywhere, in either case.
    private static func code(_ length: Int) -> Schema { .string(pattern: "^[2-9A-HJKMNP-Za-hjkmnp-z]{\(length)}$") }

    static let pairing: [Operation] = [
        Operation(
            .post, "/pairings", .pairing, "Show a code that makes a phone a camera", detail: "It is good once, for five minutes.",
            body: .optionalJSON(.object([:])),
            .json(
                .object([
                    "pairing_id": .identifier, "url": .address, "code": Schema.string.about("To be typed"), "qr_svg": svg, "expires_at": .time,
                ])),
            errors: [429: "limit_exceeded"]
        ).giving("pairing_id"),
        Operation(.get, "/pairings/{id}", .pairing, "Who has shown the code", .json(pairingObject)),
        Operation(
            .post, "/pairings/{id}/confirm", .pairing, "Take the phone as a camera, or send it away", body: .json(.object(["accept": .boolean])),
            .json(pairingObject), errors: [403: "plan_limit", 409: "not_claimed, pairing_expired, pairing_decided"]),
        Operation(
            .post, "/pairings/claim", .pairing, "The phone asks to be a camera",
            body: .json(
                .oneOf([
                    .object(["secret": .text(128), "code": .nothing, "label": .name]),
                    .object(["secret": .nothing, "code": code(8), "label": .name]),
                ])),
            .json(
                .object([
                    "claim": token, "state": .words(["claimed"]), "account_name": Schema.string.orNull, "confirm_word": .string,
                    "expires_at": .time,
                ])),
            errors: [404: "link_expired", 429: "too_many_attempts"]),
        Operation(
            .post, "/pairings/claim/status", .pairing, "What became of it", body: .json(.object(["claim": .text(128)])),
            .json(
                .object([
                    "state": .words(["claimed", "confirmed", "rejected", "expired"]), "device": Schema.device.orAbsent,
                    "device_token": Schema.string.orAbsent.about("Once; within half a minute another one"),
                ])),
            errors: [404: "link_expired"]),
        Operation(.get, "/activation-codes", .pairing, "Codes for many cameras", parameters: paging, .page(activationCode))
            .giving("code_id", at: "/0"),
        Operation(
            .post, "/activation-codes", .pairing, "Make a code for many cameras",
            body: .json(.object(["label": .name, "uses": .integer(1...1000), "expires_in_hours": .integer(1...8760)])),
            .json(.named("NewActivationCode", activationCode.with(["code": token, "url": .address, "qr_svg": svg])))
        ).giving("code_id"),
        Operation(.delete, "/activation-codes/{id}", .pairing, "Revoke a code", detail: "Cameras that used it stay.", .none),
        Operation(
            .post, "/activation-codes/redeem", .pairing, "A phone becomes a camera",
            body: .json(.object(["code": code(ActivationCode.length), "label": .name])),
            .json(.object(["device": .device, "device_token": token])), errors: [403: "plan_limit", 404: "link_expired", 429: "too_many_attempts"]),
    ]
}
