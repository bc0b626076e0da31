// Events from the trigger until their clip is on disk and a job is queued for it.

import Domain
import Runtime
import Store

struct Events: Sendable {
    let store: Store
    let storage: any ClipStorage
    let bus: any Bus
    let presenter: Presenter
    let clock: WallClock
    let limits: ServerConfiguration.Limits
    /// Tells the pipeline that there is work.
    let wake: @Sendable () async -> Void

    private static let clipTypes: Set<String> = [
        "video/mp4", "video/webm", "video/x-matroska", "video/quicktime", "video/x-msvideo", "video/mpeg", "application/octet-stream",
    ]

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    // MARK: - Reading

    func find(_ id: EventID, in scope: AccountScope) async throws -> Event {
        guard let event = try await store.events.find(id, in: scope) else { throw APIError.notFound("event") }
        return event
    }

    func present(_ event: Event, in scope: AccountScope) async throws -> JSON {
        let device = try await store.devices.find(event.device, in: scope)
        return presenter.event(event, in: scope, deviceLabel: device?.label)
    }

    func list(_ filter: EventFilter, page: Page, in scope: AccountScope) async throws -> (JSON, cursor: String?) {
        let events = try await store.events.list(filter, in: scope, page: page)
        let devices = try await store.devices.list(in: scope)
        let labels = Dictionary(devices.map { ($0.id, $0.label) }) { first, _ in first }
        return (.array(events.items.map { presenter.event($0, in: scope, deviceLabel: labels[$0.device]) }), events.nextCursor)
    }

    /// Tells the account's users what became of an event.
    func announce(_ event: Event, as type: String = "event.updated", in scope: AccountScope) async {
        let label = try? await store.devices.find(event.device, in: scope)?.label
        await bus.publish(Publication(type, ["event": presenter.event(event, in: scope, deviceLabel: label)]), toUsersOf: scope)
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
        let event = newEvent(declared, source: .upload, state: .recording)
        switch try await insert(event, in: scope) {
        case .inserted(let event):
            await announce(event, as: "event.triggered", in: scope)
            return event
        case .exists(let event):
            guard event.state == .recording, event.source == .upload else {
                throw APIError.conflict("already_uploaded", "event_id: this event already exists and is \(event.state.name)")
            }
            guard event.clip.sizeBytes == declared.size else {
                throw APIError.conflict("event_exists", "clip_size_bytes: this event was announced with \(event.clip.sizeBytes) bytes")
            }
            return event
        case .noSuchSession: throw APIError.notFound("session")
        }
    }

    /// An event whose clip the client keeps elsewhere.
    func createExternal(_ declared: Declaration, uri: String, in scope: AccountScope) async throws -> Event {
        var event = newEvent(declared, source: .external, state: .recording)
        event.clip.externalURI = uri
        switch try await insert(event, in: scope) {
        case .inserted(let event): return try await enqueue(event.id, changes: EventChanges(), in: scope)
        case .exists(let event):
            guard event.source == .external, event.clip.externalURI == uri else {
                throw APIError.conflict("event_exists", "event_id: another event has this id")
            }
            return event
        case .noSuchSession: throw APIError.notFound("session")
        }
    }

    private func insert(_ event: Event, in scope: AccountScope) async throws -> EventInsertion {
        try await store.events.insert(event, in: scope)
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
            throw APIError.conflict("not_uploadable", "this event is \(event.state.name) and takes no bytes")
        }
        guard let length else { throw APIError(status: 411, code: "length_required", message: "Content-Length is needed") }
        guard length == event.clip.sizeBytes else {
            throw APIError.invalid("clip_size_bytes", "\(event.clip.sizeBytes) bytes were announced, the body has \(length)")
        }
        return event
    }

    /// The bytes are on disk.
    func uploaded(_ event: Event, etag: String, in scope: AccountScope) async throws {
        var changes = EventChanges()
        changes.clip = { $0.etag = etag }
        changes.firstByteAt = now
        guard let event = try await store.events.update(event.id, changes: changes, in: scope, now: now) else { return }
        await announce(event, in: scope)
    }

    /// The client says that the upload is whole.
    func finalize(_ id: EventID, etag: String?, in scope: AccountScope) async throws -> Event {
        let event = try await find(id, in: scope)
        guard event.source == .upload else { throw APIError.conflict("not_uploadable", "this event's clip was not uploaded over HTTP") }
        guard event.state == .recording else { return event }
        guard let stored = event.clip.etag else {
            throw APIError.conflict("not_uploaded", "no bytes have been uploaded for this event yet")
        }
        if let etag {
            let bare = etag.hasPrefix("\"") && etag.hasSuffix("\"") && etag.count >= 2 ? String(etag.dropFirst().dropLast()) : etag
            guard bare == stored else {
                throw APIError(status: 409, code: "etag_mismatch", message: "etag: other bytes were uploaded than these", field: "etag")
            }
        }
        return try await enqueue(id, changes: EventChanges(), in: scope)
    }

    /// Recording is over: the event waits for the pipeline. Also the way of a streamed clip.
    @discardableResult
    func enqueue(_ id: EventID, changes: EventChanges, in scope: AccountScope) async throws -> Event {
        let job = JobID(trusted: makeUUIDv7(milliseconds: clock.milliseconds))
        guard let event = try await store.events.receive(id, changes: changes, job: job, in: scope, now: now) else {
            return try await find(id, in: scope)
        }
        await announce(event, in: scope)
        await wake()
        return event
    }

    // MARK: - Streamed clips

    /// What a sensor says when it opens a clip.
    struct Opening {
        let event: EventID
        let session: SessionID
        let device: DeviceID
        let trigger: Trigger
        let mime: String
        let width: Int?
        let height: Int?
        let preRollMilliseconds: Int64
    }

    /// Makes the event, or finds it again after a break, and opens its log.
    func open(_ opening: Opening, in scope: AccountScope) async throws -> (event: Event, writer: ClipLogWriter) {
        var event = Event(
            id: opening.event, device: opening.device, session: opening.session, source: .stream, trigger: opening.trigger,
            createdAt: now, state: .recording,
            startedAt: opening.trigger.at.advanced(byMilliseconds: -opening.preRollMilliseconds),
            clip: Clip(mime: opening.mime, width: opening.width, height: opening.height))
        switch try await insert(event, in: scope) {
        case .inserted(let inserted):
            event = inserted
            await announce(event, as: "event.triggered", in: scope)
        case .exists(let existing):
            guard existing.source == .stream, existing.device == opening.device else {
                throw APIError.conflict("event_exists", "event_id: another event has this id")
            }
            guard existing.state == .recording else {
                throw APIError.conflict("already_durable", "event_id: this event is \(existing.state.name) already")
            }
            event = existing
        case .noSuchSession: throw APIError.notFound("session")
        }
        return (event, try await storage.clipLog(in: scope, event: event.id))
    }

    func noteFirstByte(_ id: EventID, in scope: AccountScope) async throws {
        var changes = EventChanges()
        changes.firstByteAt = now
        _ = try await store.events.update(id, changes: changes, in: scope, now: now)
    }

    /// A picture of the moment of the trigger.
    func setStill(_ bytes: [UInt8], of id: EventID, in scope: AccountScope) async throws {
        let key = "\(scope.account)/\(id)/still.jpg"
        try await storage.put(bytes, key: key)
        var changes = EventChanges()
        changes.clip = { clip in
            // The processed poster, should it be there already, is the better picture.
            guard clip.posterKey == nil else { return }
            clip.posterKey = key
            clip.thumbnailKey = key
        }
        guard let updated = try await store.events.update(id, changes: changes, in: scope, now: now) else { return }
        await announce(updated, in: scope)
    }

    func fail(_ id: EventID, reason: String, retryable: Bool, in scope: AccountScope) async throws -> Event {
        let failure = EventFailure(stage: .receiving, reason: reason, retryable: retryable)
        guard let event = try await store.events.apply(.failed(failure), to: id, in: scope, now: now) else {
            return try await find(id, in: scope)
        }
        await announce(event, in: scope)
        return event
    }

    // MARK: - Results from elsewhere

    /// A summary that an analysis outside the hub made.
    func setSummary(_ result: AnalysisResult, of id: EventID, in scope: AccountScope) async throws -> Event {
        var changes = EventChanges()
        changes.analysis = result
        guard let event = try await store.events.update(id, changes: changes, in: scope, now: now) else { throw APIError.notFound("event") }
        await announce(event, in: scope)
        return event
    }
}
