// An event as a row.

import Domain

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

extension EventRows {
    /// The columns that never change, then those that do, in the order of `fixed` and `changing`.
    private static let fixedColumns = [
        "account_id", "id", "device_id", "session_id", "source", "trigger_type", "triggered_at", "trigger_score", "created_at",
    ]
    private static let changingColumns = [
        "updated_at", "status", "failure_stage", "reason", "retryable", "started_at", "clip_mime", "clip_size_bytes", "clip_seconds",
        "clip_width", "clip_height", "clip_key", "clip_etag", "poster_key", "thumbnail_key", "external_uri", "summary", "label", "confidence",
        "tags", "should_notify", "alert_reason", "provider", "model", "first_byte_at", "durable_at", "queued_at", "processing_at", "done_at",
        "incomplete", "clip_problem", "feedback", "causes", "clip_state", "stills", "analysis_skipped",
    ]

    static func insert(_ event: Event, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) {
        let columns = fixedColumns + changingColumns
        let places = (1...columns.count).map { "$\($0)" }.joined(separator: ", ")
        try session.query(
            "INSERT INTO events (\(columns.joined(separator: ", "))) VALUES (\(places))", fixed(event, scope) + changing(event))
        try Outbox.add(.eventTriggered, event.id.rawValue, in: scope, now: event.createdAt, session)
    }

    /// - Parameter change: the state that it has come to with this, if it is another one.
    static func write(
        _ event: Event, change: String?, in scope: AccountScope, _ session: borrowing Database.Session
    ) throws(StoreError) {
        let assignments = changingColumns.enumerated().map { "\($1) = $\($0 + 3)" }.joined(separator: ", ")
        try session.query(
            "UPDATE events SET \(assignments) WHERE account_id = $1 AND id = $2",
            [.text(scope.account.rawValue), .text(event.id.rawValue)] + changing(event))
        try Outbox.add(.eventUpdated, event.id.rawValue, change: change, in: scope, now: event.updatedAt, session)
    }

    private static func fixed(_ event: Event, _ scope: AccountScope) -> [SQLValue] {
        [
            .text(scope.account.rawValue), .text(event.id.rawValue), .text(event.device.rawValue), .text(event.session.rawValue),
            .text(event.source.rawValue), .text(event.trigger.type), .integer(event.trigger.at.milliseconds), .optional(event.trigger.score),
            .integer(event.createdAt.milliseconds),
        ]
    }

    private static func changing(_ event: Event) -> [SQLValue] {
        var stage: String?, reason: String?, retryable: Int64?
        switch event.state {
        case .failed(let failure):
            stage = failure.stage.rawValue
            reason = failure.reason
            retryable = failure.retryable ? 1 : 0
        case .dropped(let why): reason = why
        default: break
        }
        let clip = event.clip, analysis = event.analysis, times = event.times
        return [
            .integer(event.updatedAt.milliseconds), .text(event.state.name), .optional(stage), .optional(reason), .optional(retryable),
            .optional(event.startedAt?.milliseconds), .text(clip.mime), .integer(clip.sizeBytes), .optional(clip.durationSeconds),
            .optional(clip.width), .optional(clip.height), .optional(clip.key), .optional(clip.etag), .optional(clip.posterKey),
            .optional(clip.thumbnailKey), .optional(clip.externalURI), .optional(analysis?.summary), .optional(analysis?.label),
            .optional(analysis?.confidence), .optional(analysis.map { JSONStrings.encode($0.tags) }),
            .optional(analysis.map { $0.shouldNotify ? Int64(1) : 0 }), .optional(analysis?.alertReason), .optional(analysis?.provider),
            .optional(analysis?.model), .optional(times.firstByte?.milliseconds), .optional(times.durable?.milliseconds),
            .optional(times.queued?.milliseconds), .optional(times.processing?.milliseconds), .optional(times.done?.milliseconds),
            .integer(clip.isIncomplete ? 1 : 0), .optional(clip.problem), .optional(event.feedback?.rawValue),
            .optional(event.causes.isEmpty ? nil : StoredCauses.encode(event.causes)), .optional(clip.state?.rawValue),
            .integer(Int64(clip.stills)), .optional(analysis?.skipped),
        ]
    }
}

extension Event {
    init(_ row: Row) throws(StoreError) {
        guard let source = ClipSource(rawValue: try row.text("source")) else { throw row.unreadable("source") }
        self.init(
            id: EventID(trusted: try row.text("id")), device: DeviceID(trusted: try row.text("device_id")),
            session: SessionID(trusted: try row.text("session_id")), source: source,
            trigger: Trigger(
                type: try row.text("trigger_type"), at: Timestamp(milliseconds: try row.integer("triggered_at")),
                score: try row.optionalReal("trigger_score")),
            createdAt: Timestamp(milliseconds: try row.integer("created_at")), state: try Self.state(row),
            startedAt: try row.time("started_at"), clip: try Self.clip(row))
        updatedAt = Timestamp(milliseconds: try row.integer("updated_at"))
        analysis = try Self.analysis(row)
        times.firstByte = try row.time("first_byte_at")
        times.durable = try row.time("durable_at")
        times.queued = try row.time("queued_at")
        times.processing = try row.time("processing_at")
        times.done = try row.time("done_at")
        feedback = try row.optionalText("feedback").flatMap(Feedback.init(rawValue:))
        guard let causes = try StoredCauses.decode(row.optionalText("causes") ?? "[]") else { throw row.unreadable("causes") }
        self.causes = causes
    }

    private static func state(_ row: Row) throws(StoreError) -> EventState {
        switch try row.text("status") {
        case "recording": return .recording
        case "uploaded": return .uploaded
        case "queued": return .queued
        case "processing": return .processing
        case "done": return .done
        case "dropped": return .dropped(reason: try row.optionalText("reason") ?? "")
        case "failed":
            guard let stage = EventStage(rawValue: try row.text("failure_stage")) else { throw row.unreadable("failure_stage") }
            return .failed(EventFailure(stage: stage, reason: try row.text("reason"), retryable: try row.integer("retryable") != 0))
        default: throw row.unreadable("status")
        }
    }

    private static func clip(_ row: Row) throws(StoreError) -> Clip {
        var clip = Clip(
            mime: try row.text("clip_mime"), sizeBytes: try row.integer("clip_size_bytes"), durationSeconds: try row.optionalReal("clip_seconds"),
            width: try row.optionalInteger("clip_width").map(Int.init), height: try row.optionalInteger("clip_height").map(Int.init),
            key: try row.optionalText("clip_key"), etag: try row.optionalText("clip_etag"), posterKey: try row.optionalText("poster_key"),
            thumbnailKey: try row.optionalText("thumbnail_key"), externalURI: try row.optionalText("external_uri"))
        clip.isIncomplete = try row.integer("incomplete") != 0
        clip.problem = try row.optionalText("clip_problem")
        clip.state = try row.optionalText("clip_state").flatMap(ClipState.init(rawValue:))
        clip.stills = Int(try row.integer("stills"))
        return clip
    }

    private static func analysis(_ row: Row) throws(StoreError) -> AnalysisResult? {
        guard let summary = try row.optionalText("summary") else { return nil }
        guard let tags = JSONStrings.decode(try row.text("tags")) else { throw row.unreadable("tags") }
        var result = AnalysisResult(
            summary: summary, label: try row.optionalText("label"), confidence: try row.optionalReal("confidence"), tags: tags,
            shouldNotify: try row.integer("should_notify") != 0, alertReason: try row.optionalText("alert_reason"),
            provider: try row.text("provider"), model: try row.text("model"))
        result.skipped = try row.optionalText("analysis_skipped")
        return result
    }
}

extension Row {
    func time(_ column: String) throws(StoreError) -> Timestamp? {
        try optionalInteger(column).map(Timestamp.init(milliseconds:))
    }
}

/// A list of strings in one column, as JSON.
enum JSONStrings {
    static func encode(_ strings: [String]) -> String {
        // Encoding strings cannot fail.
        String(decoding: (try? JSONEncoder().encode(strings)) ?? Data("[]".utf8), as: UTF8.self)
    }

    static func decode(_ text: String) -> [String]? { try? JSONDecoder().decode([String].self, from: Data(text.utf8)) }
}

/// Triggers in one column, as JSON.
private enum StoredCauses {
    private struct Cause: Codable {
        let type: String
        let at: Int64
        let score: Double?
    }

    static func encode(_ causes: [Trigger]) -> String {
        let stored = causes.map { Cause(type: $0.type, at: $0.at.milliseconds, score: $0.score) }
        // Encoding numbers that are finite and strings cannot fail.
        return String(decoding: (try? JSONEncoder().encode(stored)) ?? Data("[]".utf8), as: UTF8.self)
    }

    static func decode(_ text: String) -> [Trigger]? {
        guard let stored = try? JSONDecoder().decode([Cause].self, from: Data(text.utf8)) else { return nil }
        return stored.map { Trigger(type: $0.type, at: Timestamp(milliseconds: $0.at), score: $0.score) }
    }
}
