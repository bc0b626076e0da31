// The routes of devices and their sessions.

import Domain
import Loop

extension Operation {
    static let devices: [Operation] = [
        Operation(
            .post, "/devices/register", .devices, "Add a device, or name it again",
            detail: "The same id is the same device. `with_token` gives it a token of its own in the place of the one it had.",
            body: .json(.object(["device_id": Schema.identifier.optional, "label": .name, "with_token": Schema.boolean.optional])),
            .json(.named("RegisteredDevice", .device.with(["device_token": Schema.string.orAbsent.about("Shown only here")]))),
            errors: [403: "plan_limit"]
        ).giving("device_id"),
        Operation(.get, "/devices", .devices, "All devices", .json(.list(.device))),
        Operation(.get, "/devices/self", .devices, "The camera whose token this is", .json(.device), errors: [404: "not_found"]),
        Operation(.patch, "/devices/{id}", .devices, "Name a device", body: .json(.object(["label": .name])), .json(.device)),
        Operation(
            .post, "/devices/{id}/token", .devices, "Give a camera a token of its own",
            detail: "The one before ends, and the connection that was opened with it.",
            .json(.object(["device_id": .identifier, "device_token": Schema.string.about("Shown only here")]))),
        Operation(
            .delete, "/devices/{id}/token", .devices, "Revoke a camera's token", detail: "Its connection ends at once, and its live stream with it.",
            .none),
        Operation(.get, "/devices/{id}/settings", .devices, "How a camera watches", .json(.settings)),
        Operation(
            .patch, "/devices/{id}/settings", .devices, "Change how a camera watches", body: .json(.settingsPatch), .json(.settings),
            errors: [409: "settings_changed"]),
        Operation(
            .post, "/devices/{id}/commands", .devices, "Ask something of a camera", detail: "docs/PROTOCOL.md, “Commands to a camera”.",
            body: .json(.command), .json(.object(["ok": .boolean, "message": Schema.string.orNull, "data": .any]), "What the camera answered"),
            errors: [409: "camera_offline", 429: "limit_exceeded", 504: "camera_silent"]),
        Operation(
            .get, "/devices/{id}/snapshot.jpg", .devices, "A picture of now",
            detail: "At most two seconds old. With a token, or the signature in the query of `snapshot_url`.", proof: .signatureOrToken,
            parameters: [
                .query("width", .integer(16...Int64(Snapshots.maximumWidth)).about("At most so many pixels wide")),
                .query("a", Schema.string.about("With `s`: the account")), .query("e", Schema.string.about("With `s`: when the link ends")),
                .query("k", Schema.string.about("With `s`: the key that signed")),
            ],
            .bytes(["image/jpeg"], "A JPEG"),
            errors: [429: "limit_exceeded", 502: "undecodable", 503: "camera_offline, busy", 504: "camera_silent"]),
    ]

    static let sessions: [Operation] = [
        Operation(
            .post, "/sessions/start", .sessions, "Begin to watch", detail: "An active session of the device is answered as it is.",
            body: .json(.object(["device_id": .identifier, "analysis_prompt": Schema.text(1000).optional])), .json(.session), errors: [404: "not_found"]
        ).giving("session_id", "device_id"),
        Operation(
            .post, "/sessions/stop", .sessions, "Stop watching", body: .json(.object(["session_id": .identifier])), .json(.session),
            errors: [404: "not_found"]),
        Operation(
            .post, "/sessions/force-stop", .sessions, "Stop watching and drop what waits to be processed",
            body: .json(.object(["session_id": .identifier])),
            .json(.named("StoppedSession", .session.with(["dropped_processing_events": .count, "dropped_queued_jobs": .count]))),
            errors: [404: "not_found"]),
        Operation(.get, "/sessions", .sessions, "Sessions", parameters: [.query("device_id", .identifier)] + paging, .page(.session)),
    ]
}
