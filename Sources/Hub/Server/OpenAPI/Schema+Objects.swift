// The objects of the API (docs/API.md, "Objects"), as `Presenter` writes them.

import Domain

extension Schema {
    static let error = named(
        "Error",
        object([
            "error": object([
                "code": string.about("A word for programs"),
                "message": string.about("A sentence for people"),
                "field": string.orAbsent.about("The field of the request that is at fault"),
                "retry_at": integer.orAbsent.about("When the same may succeed, in milliseconds since 1970"),
            ])
        ]))

    static let triggerType = string(1...32, pattern: "^[a-z_]+$").about("motion, sound, manual or another word")

    static let event = named(
        "Event",
        object([
            "event_id": identifier, "session_id": identifier, "device_id": identifier,
            "device_label": string.orAbsent.about("Where the device is still there"),
            "status": words(EventState.names), "trigger_type": triggerType, "trigger_score": number.orNull,
            "causes": list(object(["type": triggerType, "at": time, "score": number.orNull]), 1...Int(Int32.max))
                .about("What happened in the clip; at least its trigger"),
            "triggered_at": time, "created_at": time, "updated_at": time,
            "started_at": time.orNull.about("When the clip begins, before the trigger; null where nobody said that"),
            "duration_seconds": number.orNull, "clip_mime": string.orNull, "clip_size_bytes": count.orNull, "clip_etag": string.orNull,
            "clip_uri": address.orNull.about("Of a clip that is stored elsewhere"), "clip_uploaded_at": time.orNull,
            "width": count.orNull, "height": count.orNull,
            "clip_url": address.orNull.about("Signed, for an hour; null until the clip can be played"),
            "poster_url": address.orNull, "thumbnail_url": address.orNull,
            "clip_state": words(["preview", "on_device", "requested", "gone"]).orNull
                .about("Where stills came before the clip and it is not here; gone: the camera has it no more, clip_problem says why"),
            "still_urls": list(address),
            "failure": object(["stage": words(EventStage.self), "reason": string, "retryable": boolean]).orNull,
            "dropped_reason": string.orNull,
            "incomplete": boolean.about("The camera did not bring the end of the clip, which may still come"),
            "clip_problem": string.orNull, "feedback": words(["false_alarm"]).orNull,
            "stages": object([
                "triggered": time, "first_byte": time.orNull, "durable": time.orNull, "queued": time.orNull, "processing": time.orNull,
                "done": time.orNull,
            ]),
        ]).with(analysis))

    private static let analysis: KeyValuePairs<String, Schema> = [
        "summary": string.orNull, "label": string.orNull, "confidence": number(0...1).orNull, "tags": list(string),
        "should_notify": boolean.orNull, "alert_reason": string.orNull,
        "analysis_skipped": string.orNull.about("Why the clip was not analysed"), "inference_provider": string.orNull, "inference_model": string.orNull,
    ]

    static let summary = named("Summary", object(["event_id": identifier]).with(analysis))

    static let device = named(
        "Device",
        object([
            "device_id": identifier, "label": string, "created_at": time, "last_seen_at": time.orNull, "online": boolean, "watching": boolean,
            "has_token": boolean.about("Whether it signs in with a token of its own"),
            "health": object([
                "problems": list(string), "telemetry": fields.about("What the camera said last"), "reported_at": time.orNull,
                "attention": boolean.about("People were told of a problem that is there now"),
            ]),
            "snapshot_url": address.about("Signed, for an hour"),
        ]))

    static let session = named(
        "Session",
        object([
            "session_id": identifier, "device_id": identifier, "status": words(["active", "stopped"]), "started_at": time,
            "stopped_at": time.orNull, "analysis_prompt": string.orNull,
        ]))

    static let delivery = named(
        "Delivery",
        object([
            "delivery_id": identifier, "event_id": identifier, "device_id": identifier, "channel": words(Delivery.Channel.self),
            "target": string, "state": words(Delivery.State.self), "stage": words(Delivery.Stage.self).orNull.about("What has arrived"),
            "attempts": count, "reason": string.orNull, "status_code": integer.orNull,
            "possible_repeat": boolean.about("It is not known whether an earlier try arrived, too"), "created_at": time, "updated_at": time,
            "sent_at": time.orNull, "deadline_at": time,
            "history": list(
                object([
                    "number": count, "stage": words(Delivery.Stage.self), "started_at": time, "ended_at": time.orNull,
                    "outcome": words(["sent", "retry", "failed", "suppressed", "unknown"]).orNull, "status_code": integer.orNull,
                    "reason": string.orNull,
                ])),
        ]))

    static let target = named(
        "Target",
        object([
            "device_id": identifier, "channel": words(Delivery.Channel.self), "target": string, "name": string.orNull,
            "still_first": boolean.about("A picture at once, before the clip"), "snoozed_until": time.orNull,
            "disabled_reason": string.orNull.about("Why nothing is sent there until it is added again"), "created_at": time,
        ]))

    static let job = named(
        "Job",
        object([
            "job_id": identifier, "work": words(Job.Work.self), "event_id": identifier, "delivery_id": identifier.orNull,
            "state": words(Job.State.self), "attempts": count, "run_at": time, "lease_until": time.orNull, "last_error": string.orNull,
            "created_at": time, "updated_at": time,
        ]))

    static let timelineStep = named(
        "TimelineStep",
        object([
            "step": words(["triggered", "first_byte", "durable", "analysed", "failed", "dropped", "not_alerted", "alerted"]),
            "at": time.orNull.about("null for what has not happened yet"), "reason": string.orNull.orAbsent,
            "channel": words(Delivery.Channel.self).orAbsent, "target": string.orAbsent, "state": words(Delivery.State.self).orAbsent,
            "attempts": count.orAbsent, "possible_repeat": boolean.orAbsent,
        ]))
}
