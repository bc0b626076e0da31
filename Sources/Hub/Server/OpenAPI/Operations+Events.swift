// The routes of events and their clips.

import Domain
import Loop
import Runtime

extension Operation {
    private static let clipTypes = #"^(video/(mp4|webm|x-matroska|quicktime|x-msvideo|mpeg)|application/octet-stream)(;[ -~]*)?$"#

    private static func declaration(_ sizes: ClosedRange<Int64>) -> Schema {
        .object([
            "event_id": Schema.identifier.optional.about("Made by the hub where it is missing; the same again is the same event"),
            "session_id": .identifier, "device_id": .identifier, "trigger_type": .triggerType, "duration_seconds": .number(0...86_400),
            "clip_mime": .string(1...128, pattern: clipTypes), "clip_size_bytes": .integer(sizes),
        ])
    }

    static let events: [Operation] = [
        Operation(
            .get, "/events", .events, "Events",
            parameters: [.query("session_id", .identifier), .query("device_id", .identifier), .query("status", .words(EventState.names))] + paging,
            .page(.event)),
        Operation(.get, "/events/{id}", .events, "An event", .json(.event)),
        Operation(
            .post, "/events", .events, "An event whose clip is stored elsewhere", detail: "The clip is not fetched.",
            body: .json(declaration(1...1 << 40).with(["clip_uri": .string(8...2048, pattern: #"^https?://[^\x00-\x1f\x7f]*$"#)])), .json(.event),
            errors: [404: "not_found", 409: "event_exists, event_removed"]
        ).giving("event_id"),
        Operation(
            .post, "/events/upload/initiate", .events, "Announce a clip that will be uploaded",
            detail: "The same `event_id` again continues.", body: .json(declaration(1...ServerConfiguration.Limits().maximumUploadBytes)),
            .json(.object(["event": .event, "upload_url": .address, "blob_url": .address, "expires_at": .time])),
            errors: [403: "plan_limit", 404: "not_found", 409: "already_uploaded, event_exists, event_removed", 429: "uploads_per_hour, with `retry_at`", 507: "storage_full"]
        ).giving("event_id", at: "/event"),
        Operation(
            .put, "/events/{id}/upload", .events, "The bytes of a clip", detail: "`Content-Length` is the announced `clip_size_bytes`.",
            body: .bytes("application/octet-stream"),
            .json(
                .object(["event_id": .identifier, "etag": .string, "size_bytes": .count]), headers: [("ETag", .string)]),
            errors: [409: "not_uploadable", 507: "storage_full"]),
        Operation(
            .post, "/events/{id}/upload/finalize", .events, "The upload is whole", detail: "Again: the event as it is.",
            body: .optionalJSON(.object(["etag": Schema.text(256).optional])), .json(.event),
            errors: [409: "not_uploadable, not_uploaded, etag_mismatch"]),
        Operation(.get, "/events/{id}/summary", .events, "What an event shows", detail: "404 until that is known.", .json(.summary)),
        Operation(
            .post, "/events/{id}/summary", .events, "Say what an event shows",
            body: .json(
                .object([
                    "summary": .text(4000), "label": Schema.text(80).optional, "confidence": Schema.number(0...1).optional,
                    "tags": Schema.list(.string(0...64), 0...32).optional, "should_notify": Schema.boolean.optional,
                    "alert_reason": Schema.text(500).optional, "inference_provider": Schema.text(80).optional,
                    "inference_model": Schema.text(80).optional,
                ])), .json(.event)),
        Operation(.get, "/events/{id}/timeline", .events, "What happened, step by step, up to the alert", .json(.list(.timelineStep))),
        Operation(
            .post, "/events/{id}/clip/request", .events, "Ask the camera for a clip that it has kept", .json(.event),
            errors: [409: "camera_offline, not_on_device"]),
        Operation(.get, "/events/{id}/deliveries", .events, "The alerts of an event", .json(.list(.delivery))),
        Operation(
            .get, "/media/{event}/{object}", .events, "A clip or a picture by its signed link", detail: "One range of bytes; `HEAD` as well.",
            proof: .signature,
            parameters: [
                .path("object", .words(["clip.mp4", "clip.webm", "poster.jpg", "thumbnail.jpg", "still.jpg", "still-1.jpg", "still-2.jpg"])),
                .query("a", Schema.string.about("The account")), .query("e", Schema.string.about("When the link ends, in seconds since 1970")),
                .query("k", Schema.string.about("The key that signed")),
                .query("v", Schema.string.about("With it, the object never changes")),
                .header("Range", .string), .header("If-Range", .string), .header("If-None-Match", .string),
            ],
            .bytes(mediaTypes, "The whole", headers: mediaHeaders),
            .bytes(mediaTypes, "A part", status: 206, headers: mediaHeaders + [("Content-Range", .string)]),
            Answer(status: 304, summary: "It is the one of `If-None-Match`", headers: mediaHeaders),
            .json(.error, "range_not_satisfiable", status: 416, headers: [("Content-Range", .string)])),
    ]

    private static let mediaTypes = ["video/mp4", "video/webm", "image/jpeg"]
    private static let mediaHeaders: [(name: String, schema: Schema)] = [("ETag", .string), ("Accept-Ranges", .words(["bytes"]))]
}
