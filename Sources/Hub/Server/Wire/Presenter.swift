// How the hub's objects look to clients (docs/API.md, "Objects").

import Domain
import Runtime
import Store

struct Presenter: Sendable {
    let signer: MediaSigner
    let clock: WallClock

    /// - Parameter hasLinks: whether it shows signed links, by which whoever has them can look.
    func event(_ event: Event, in scope: AccountScope, deviceLabel: String? = nil, hasLinks: Bool) -> JSON {
        let now = Timestamp(milliseconds: clock.milliseconds)
        func url(_ key: String?) -> JSON {
            guard hasLinks, let key, let name = key.split(separator: "/").last else { return .null }
            // What was made is not changed before it is done again.
            let version = event.times.done
            return .string(signer.path(event: event.id, object: String(name), version: version, account: scope.account, now: now))
        }
        var json: [String: JSON] = [
            "event_id": .string(event.id.rawValue), "session_id": .string(event.session.rawValue),
            "device_id": .string(event.device.rawValue), "status": .string(event.state.name),
            "trigger_type": .string(event.trigger.type), "trigger_score": .optional(event.trigger.score),
            "causes": .array((event.causes.isEmpty ? [event.trigger] : event.causes).map(cause)),
            "triggered_at": time(event.trigger.at), "created_at": time(event.createdAt), "updated_at": time(event.updatedAt),
            "started_at": time(event.startedAt), "duration_seconds": .optional(event.clip.durationSeconds),
            "clip_mime": event.source == .notice ? .null : .string(event.clip.mime),
            "clip_size_bytes": event.source == .notice ? .null : .integer(event.clip.sizeBytes),
            "clip_etag": .optional(event.clip.etag), "clip_uri": .optional(event.clip.externalURI),
            "clip_uploaded_at": time(event.times.durable), "width": .optional(event.clip.width), "height": .optional(event.clip.height),
            "clip_url": url(event.clip.problem == Clip.missingFile ? nil : event.clip.key), "poster_url": url(event.clip.posterKey), "thumbnail_url": url(event.clip.thumbnailKey),
            "clip_state": .optional(event.clip.state?.rawValue),
            "still_urls": .array((0..<(hasLinks ? event.clip.stills : 0)).map { url(ClipObject.key(scope, event.id, ClipObject.still($0))) }),
            "failure": .null, "dropped_reason": .null, "incomplete": .bool(event.clip.isIncomplete),
            "clip_problem": .optional(event.clip.problem), "feedback": .optional(event.feedback?.rawValue),
            "stages": [
                "triggered": time(event.trigger.at), "first_byte": time(event.times.firstByte), "durable": time(event.times.durable),
                "queued": time(event.times.queued), "processing": time(event.times.processing), "done": time(event.times.done),
            ],
        ]
        switch event.state {
        case .failed(let failure):
            json["failure"] = [
                "stage": .string(failure.stage.rawValue), "reason": .string(failure.reason), "retryable": .bool(failure.retryable),
            ]
        case .dropped(let reason): json["dropped_reason"] = .string(reason)
        default: break
        }
        for (name, value) in analysisFields(event.analysis) { json[name] = value }
        if let deviceLabel { json["device_label"] = .string(deviceLabel) }
        return .object(json)
    }

    private func cause(_ cause: Trigger) -> JSON {
        ["type": .string(cause.type), "at": time(cause.at), "score": .optional(cause.score)]
    }

    private func analysisFields(_ analysis: AnalysisResult?) -> [String: JSON] {
        [
            "summary": .optional(analysis?.summary), "label": .optional(analysis?.label), "confidence": .optional(analysis?.confidence),
            "tags": .array((analysis?.tags ?? []).map { .string($0) }),
            "should_notify": analysis.map { .bool($0.shouldNotify) } ?? .null, "alert_reason": .optional(analysis?.alertReason),
            "analysis_skipped": .optional(analysis?.skipped), "inference_provider": .optional(analysis?.provider), "inference_model": .optional(analysis?.model),
        ]
    }

    /// `nil` while there is no summary.
    func summary(of event: Event) -> JSON? {
        guard let analysis = event.analysis else { return nil }
        var json = analysisFields(analysis)
        json["event_id"] = .string(event.id.rawValue)
        return .object(json)
    }

    /// - Parameters:
    ///   - report: the newest that is known of it.
    ///   - hasLinks: as of an event.
    func device(
        _ device: Device, in scope: AccountScope, isOnline: Bool, isWatching: Bool, hasToken: Bool, report: DeviceReports.Report?,
        needsAttention: Bool, hasLinks: Bool
    ) -> JSON {
        let now = Timestamp(milliseconds: clock.milliseconds)
        return [
            "device_id": .string(device.id.rawValue), "label": .string(device.label), "created_at": time(device.createdAt),
            "last_seen_at": time(device.lastSeenAt), "online": .bool(isOnline), "watching": .bool(isWatching),
            "has_token": .bool(hasToken),
            "health": [
                "problems": .array((report?.problems ?? []).map { .string($0) }), "telemetry": report?.telemetry ?? [:],
                "reported_at": time(report?.at), "attention": .bool(needsAttention),
            ],
            "snapshot_url": hasLinks ? .string(signer.snapshotPath(device: device.id, account: scope.account, now: now)) : .null,
        ]
    }

    func session(_ session: WatchSession) -> JSON {
        [
            "session_id": .string(session.id.rawValue), "device_id": .string(session.device.rawValue),
            "status": .string(session.status.rawValue), "started_at": time(session.startedAt), "stopped_at": time(session.stoppedAt),
            "analysis_prompt": .optional(session.analysisPrompt),
        ]
    }

    func delivery(_ delivery: Delivery, attempts: [DeliveryAttempt]? = nil) -> JSON {
        var json: [String: JSON] = [
            "delivery_id": .string(delivery.id.rawValue), "event_id": .string(delivery.event.rawValue),
            "device_id": .string(delivery.device.rawValue), "channel": .string(delivery.channel.rawValue), "target": .string(delivery.target),
            "state": .string(delivery.state.rawValue), "stage": .optional(delivery.reached?.rawValue),
            "attempts": .integer(Int64(delivery.attempts)), "reason": .optional(delivery.reason), "status_code": .optional(delivery.statusCode),
            "possible_repeat": .bool(delivery.possibleRepeat), "created_at": time(delivery.createdAt), "updated_at": time(delivery.updatedAt),
            "sent_at": time(delivery.sentAt), "deadline_at": time(delivery.deadline),
        ]
        if let attempts { json["history"] = .array(attempts.map(attempt)) }
        return .object(json)
    }

    private func attempt(_ attempt: DeliveryAttempt) -> JSON {
        [
            "number": .integer(Int64(attempt.number)), "stage": .string(attempt.stage.rawValue), "started_at": time(attempt.startedAt),
            "ended_at": time(attempt.endedAt), "outcome": .optional(attempt.outcome?.rawValue), "status_code": .optional(attempt.statusCode),
            "reason": .optional(attempt.reason),
        ]
    }

    func target(_ target: AlertTarget) -> JSON {
        [
            "device_id": .string(target.device.rawValue), "channel": .string(target.channel.rawValue), "target": .string(target.address),
            "name": .optional(target.name), "still_first": .bool(target.wantsStill), "snoozed_until": time(target.snoozedUntil),
            "disabled_reason": .optional(target.disabledReason), "created_at": time(target.createdAt),
        ]
    }

    func job(_ job: Job) -> JSON {
        [
            "job_id": .string(job.id.rawValue), "work": .string(job.work.rawValue), "event_id": .string(job.event.rawValue),
            "delivery_id": .optional(job.delivery?.rawValue), "state": .string(job.state.rawValue), "attempts": .integer(Int64(job.attempts)),
            "run_at": time(job.runAt), "lease_until": time(job.leaseUntil), "last_error": .optional(job.lastError),
            "created_at": time(job.createdAt), "updated_at": time(job.updatedAt),
        ]
    }

    func time(_ timestamp: Timestamp?) -> JSON {
        timestamp.map { .string(formatISO8601(milliseconds: $0.milliseconds)) } ?? .null
    }
}
