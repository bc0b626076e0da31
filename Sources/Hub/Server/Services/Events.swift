// Events from the trigger until their clip is on disk and a job is queued for it.

import Domain
import Pipeline
import Runtime
import Store

struct Events: Sendable {
    let store: Store
    let storage: any ClipStorage
    let planner: AlertPlanner
    let presenter: Presenter
    let clock: WallClock
    let limits: ServerConfiguration.Limits
    let metrics: Metrics

    private static let clipTypes: Set<String> = [
        "video/mp4", "video/webm", "video/x-matroska", "video/quicktime", "video/x-msvideo", "video/mpeg", "application/octet-stream",
    ]

    var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    // MARK: - Reading

    func find(_ id: EventID, in scope: AccountScope) async throws -> Event {
        guard let event = try await store.events.find(id, in: scope) else { throw APIError.notFound("event") }
        return event
    }

    func present(_ event: Event, in scope: AccountScope, hasLinks: Bool) async throws -> JSON {
        let device = try await store.devices.find(event.device, in: scope)
        return presenter.event(event, in: scope, deviceLabel: device?.label, hasLinks: hasLinks)
    }

    /// For who may look.
    func list(_ filter: EventFilter, page: Page, in scope: AccountScope) async throws -> (JSON, cursor: String?) {
        let events = try await store.events.list(filter, in: scope, page: page)
        let devices = try await store.devices.list(in: scope)
        let labels = Dictionary(devices.map { ($0.id, $0.label) }) { first, _ in first }
        return (.array(events.items.map { presenter.event($0, in: scope, deviceLabel: labels[$0.device], hasLinks: true) }), events.nextCursor)
    }

    // MARK: - Whole clips over HTTP

    struct Declaration {
        let event: EventID?
        let session: SessionID
        let device: DeviceID
        let trigger: String
        let duration: Double
        let mime: String
        let size: Int64
    }

    func declaration(_ fields: Fields, sizeLimit: Int64) throws(APIError) -> Declaration {
        let mime = try fields.text("clip_mime", maximum: 128)
        let type = mime.split(separator: ";").first.map { String($0).lowercased() } ?? ""
        guard Self.clipTypes.contains(type) else {
            throw .invalid("clip_mime", "one of \(Self.clipTypes.sorted().joined(separator: ", ")) is expected")
        }
        return Declaration(
            event: try fields.optionalIdentifier("event_id"), session: try fields.identifier("session_id"),
            device: try fields.identifier("device_id"), trigger: try fields.triggerType("trigger_type"),
            duration: try fields.number("duration_seconds", in: 0...86_400), mime: mime,
            size: try fields.integer("clip_size_bytes", in: 1...sizeLimit))
    }

    /// Makes the event of a clip that will be uploaded whole, or finds it again.
    func initiate(_ declared: Declaration, in scope: AccountScope) async throws -> Event {
        let plan = try await store.plans.current(in: scope)
        if let limit = plan.maximumClipSeconds, declared.duration > limit {
            throw PlanExceeded(.clipSeconds, plan: plan.name, allowed: Int(limit))
        }
        let event = newEvent(declared, source: .upload, state: .recording)
        switch try await insert(event, plan: plan, in: scope) {
        case .inserted(let event): return event
        case .exists(let existing):
            var event = existing
            // Its bytes did not come for so long that it had been given up.
            if event.source == .upload, event.clip.isIncomplete, let resumed = try await store.events.resume(event.id, in: scope, now: now) {
                event = resumed
            }
            guard event.state == .recording, event.source == .upload else {
                throw APIError.conflict("already_uploaded", "event_id: this event already exists and is \(event.state.name)")
            }
            guard event.clip.sizeBytes == declared.size else {
                throw APIError.conflict("event_exists", "clip_size_bytes: this event was announced with \(event.clip.sizeBytes) bytes")
            }
            return event
        case .taken: throw Self.isAnother
        case .noSuchSession: throw APIError.notFound("session")
        case .removed: throw Self.wasRemoved
        case .limited(let time): throw tooMany(until: time)
        case .limitedByPlan(let time): throw tooMany(until: time, plan: plan)
        }
    }

    /// An event whose clip the client keeps elsewhere.
    func createExternal(_ declared: Declaration, uri: String, in scope: AccountScope) async throws -> Event {
        var event = newEvent(declared, source: .external, state: .recording)
        event.clip.externalURI = uri
        switch try await insert(event, plan: nil, in: scope) {
        case .inserted(let event): return try await enqueue(event.id, changes: EventChanges(), in: scope)
        case .exists(let event):
            guard event.source == .external, event.clip.externalURI == uri else {
                throw Self.isAnother
            }
            // The answer to the first request, or its second half, may have been lost.
            return event.state == .recording ? try await enqueue(event.id, changes: EventChanges(), in: scope) : event
        case .taken: throw Self.isAnother
        case .noSuchSession: throw APIError.notFound("session")
        case .removed: throw Self.wasRemoved
        // Clips that are kept elsewhere are not counted.
        case .limited, .limitedByPlan: throw APIError.internalError
        }
    }

    static let isAnother = APIError.conflict("event_exists", "event_id: another event has this id")
    static let wasRemoved = APIError.conflict("event_removed", "event_id: this event was removed")

    /// - Parameter plan: the account's; `nil` where its clips are not counted.
    func insert(_ event: Event, plan: Plan?, in scope: AccountScope) async throws -> EventInsertion {
        if event.source != .external, try await storage.room() <= 0 { throw StoreError.storageFull }
        // What is known already is never refused for what waits behind it.
        if try await store.jobs.backlog(in: scope) >= limits.maximumBacklog, try await store.events.find(event.id, in: scope) == nil {
            metrics.refused(by: "backlog")
            throw APIError.backlogFull
        }
        let limit = event.source == .external ? nil : UploadLimit(perHour: limits.uploadsPerHour)
        return try await store.events.insert(event, limit: limit, planLimit: plan?.uploadsPerHour.flatMap(UploadLimit.init(perHour:)), in: scope)
    }

    /// - Parameter plan: where it is that of the account, and not the hub's for each camera.
    func tooMany(until time: Timestamp, plan: Plan? = nil) -> APIError {
        metrics.refused(by: "uploads_per_hour")
        let who = plan.map { "with the plan \($0.name) this account" } ?? "this camera"
        let words = "\(who) may begin \(plan?.uploadsPerHour ?? limits.uploadsPerHour) clips an hour; another at \(formatISO8601(milliseconds: time.milliseconds))"
        return APIError(
            status: 429, code: "uploads_per_hour", message: "uploads_per_hour: \(words)",
            retryAt: time.milliseconds)
    }

    private func newEvent(_ declared: Declaration, source: ClipSource, state: EventState) -> Event {
        let id = declared.event ?? EventID(trusted: makeUUIDv7(milliseconds: clock.milliseconds))
        return Event(
            id: id, device: declared.device, session: declared.session, source: source,
            trigger: Trigger(type: declared.trigger, at: now), createdAt: now, state: state,
            clip: Clip(mime: declared.mime, sizeBytes: declared.size, durationSeconds: declared.duration))
    }

    /// The event that a body of `length` bytes may be uploaded for.
    func uploadTarget(_ id: EventID, length: Int64?, in scope: AccountScope) async throws -> Event {
        let event = try await find(id, in: scope)
        guard event.source == .upload, event.state == .recording else {
            throw Self.takesNoBytes(event)
        }
        guard let length else { throw APIError(status: 411, code: "length_required", message: "Content-Length is needed") }
        guard length == event.clip.sizeBytes else {
            throw APIError.invalid("clip_size_bytes", "\(event.clip.sizeBytes) bytes were announced, the body has \(length)")
        }
        return event
    }

    /// The bytes are on disk. They take their place, unless the event has gone on meanwhile: then they are those that it went on with, sent
    /// again by somebody who had not heard of it, or they are refused.
    func accept(_ etag: String, of event: Event, _ writer: UploadWriter, in scope: AccountScope) async throws {
        let present = try await find(event.id, in: scope)
        guard present.state == .recording else {
            guard present.clip.etag == etag else { throw Self.takesNoBytes(present) }
            return await writer.discard()
        }
        try await writer.place()
        var changes = EventChanges()
        changes.clip = { $0.etag = etag }
        changes.firstByteAt = now
        if try await store.events.update(event.id, changes: changes, ifState: .recording, in: scope, now: now) != nil { return }
        let ended = try await find(event.id, in: scope)
        guard ended.clip.etag == etag else { throw Self.takesNoBytes(ended) }
    }

    private static func takesNoBytes(_ event: Event) -> APIError {
        APIError.conflict("not_uploadable", "this event is \(event.state.name) and takes no bytes")
    }

    /// The client says that the upload is whole.
    func finalize(_ id: EventID, etag: String?, in scope: AccountScope) async throws -> Event {
        let event = try await find(id, in: scope)
        guard event.source == .upload else { throw APIError.conflict("not_uploadable", "this event's clip was not uploaded over HTTP") }
        guard event.state == .recording else {
            // It was given up meanwhile; announced again, it takes the bytes after all.
            if event.clip.isIncomplete { throw APIError.conflict("not_uploaded", "this event was given up: announce it again") }
            return event
        }
        guard let stored = event.clip.etag else {
            throw APIError.conflict("not_uploaded", "no bytes have been uploaded for this event yet")
        }
        if let etag {
            let bare = etag.hasPrefix("\"") && etag.hasSuffix("\"") && etag.count >= 2 ? String(etag.dropFirst().dropLast()) : etag
            guard bare == stored else {
                throw APIError(status: 409, code: "etag_mismatch", message: "etag: other bytes were uploaded than these", field: "etag")
            }
        }
        return try await enqueue(id, changes: Self.whole(), in: scope)
    }

    /// The clip is as its sender meant it to be.
    private static func whole(_ change: @escaping @Sendable (inout Clip) -> Void = { _ in }) -> EventChanges {
        var changes = EventChanges()
        changes.clip = { clip in
            clip.isIncomplete = false
            clip.problem = nil
            change(&clip)
        }
        return changes
    }

    /// Recording is over: the event waits for the pipeline.
    private func enqueue(_ id: EventID, changes: EventChanges, in scope: AccountScope) async throws -> Event {
        let job = JobID(trusted: makeUUIDv7(milliseconds: clock.milliseconds))
        if let event = try await store.events.receive(id, changes: changes, job: job, in: scope, now: now) { return event }
        let event = try await find(id, in: scope)
        // It was closed without its sender in this very moment.
        if event.clip.isIncomplete { throw APIError.busy }
        return event
    }

    /// All frames of a streamed clip are on disk.
    func close(
        _ id: EventID, firstByteAt: Timestamp?, durationSeconds: Double?, causes: [Trigger]?, in scope: AccountScope) async throws -> Event {
        var changes = Self.whole { clip in if let durationSeconds { clip.durationSeconds = durationSeconds } }
        changes.firstByteAt = firstByteAt
        changes.causes = causes
        return try await enqueue(id, changes: changes, in: scope)
    }

    // MARK: - Results from elsewhere

    /// A summary that an analysis outside the hub made.
    func setSummary(_ result: AnalysisResult, of id: EventID, in scope: AccountScope) async throws -> Event {
        var changes = EventChanges()
        changes.analysis = result
        guard let event = try await store.events.update(id, changes: changes, in: scope, now: now) else { throw APIError.notFound("event") }
        return event
    }
}
