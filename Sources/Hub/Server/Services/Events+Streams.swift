// Clips that are streamed while they are recorded: from their opening until their frames are on disk, or stay on the phone.

import Domain
import Pipeline
import Runtime
import Store

extension Events {
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
        /// Stills come first.
        let isPreview: Bool
    }

    /// Makes the event, or finds it again after a break, and opens its log.
    ///
    /// - Parameter plan: the account's.
    func open(_ opening: Opening, plan: Plan, in scope: AccountScope) async throws -> (event: Event, writer: ClipLogWriter) {
        var event = Event(
            id: opening.event, device: opening.device, session: opening.session, source: .stream, trigger: opening.trigger,
            createdAt: now, state: .recording,
            startedAt: opening.trigger.at.advanced(byMilliseconds: -opening.preRollMilliseconds),
            clip: Clip(mime: opening.mime, width: opening.width, height: opening.height))
        if opening.isPreview { event.clip.state = .preview }
        switch try await insert(event, plan: plan, in: scope) {
        case .inserted(let inserted): event = inserted
        case .exists(let existing):
            guard existing.source == .stream, existing.device == opening.device else {
                throw Self.isAnother
            }
            event = try await takeUp(existing, isPreview: opening.isPreview, in: scope)
        case .taken: throw Self.isAnother
        case .noSuchSession: throw APIError.notFound("session")
        case .removed: throw Self.wasRemoved
        case .limited(let time): throw tooMany(until: time)
        case .limitedByPlan(let time): throw tooMany(until: time, plan: plan)
        }
        return (event, try await storage.clipLog(in: scope, event: event.id))
    }

    /// A clip that is opened again, after a break or after it had been closed without its sensor.
    private func takeUp(_ event: Event, isPreview: Bool, in scope: AccountScope) async throws -> Event {
        if event.state == .recording {
            // It has been heard of.
            var changes = EventChanges()
            if !isPreview, event.clip.state == .preview { changes.clip = { $0.state = nil } }
            return try await store.events.update(event.id, changes: changes, in: scope, now: now) ?? event
        }
        if isPreview, event.clip.isKept {
            throw APIError.conflict("on_device", "event_id: this clip is not wanted; it stays on the phone until it is asked for")
        }
        guard event.clip.isIncomplete || event.clip.isKept else {
            throw APIError.conflict("already_durable", "event_id: this event is \(event.state.name) already")
        }
        guard let resumed = try await store.events.resume(event.id, in: scope, now: now) else { throw APIError.busy }
        return resumed
    }

    func noteFirstByte(_ id: EventID, at time: Timestamp, in scope: AccountScope) async throws {
        var changes = EventChanges()
        changes.firstByteAt = time
        _ = try await store.events.update(id, changes: changes, in: scope, now: now)
    }

    /// A picture of the moment of the trigger.
    func setStill(_ bytes: [UInt8], of id: EventID, in scope: AccountScope) async throws {
        let key = ClipObject.key(scope, id, ClipObject.still)
        try await storage.put(bytes, key: key)
        var changes = EventChanges()
        changes.clip = { clip in
            // The processed poster, should it be there already, is the better picture.
            guard clip.posterKey == nil else { return }
            clip.posterKey = key
            clip.thumbnailKey = key
        }
        guard let updated = try await store.events.update(id, changes: changes, in: scope, now: now) else { return }
        try await planner.planStill(updated, in: scope)
    }

    func fail(_ id: EventID, reason: String, retryable: Bool, in scope: AccountScope) async throws -> Event {
        let failure = EventFailure(stage: .receiving, reason: reason, retryable: retryable)
        guard let event = try await store.events.apply(.failed(failure), to: id, in: scope, now: now) else {
            return try await find(id, in: scope)
        }
        try await planner.planClip(event, in: scope)
        return event
    }

    /// Somebody wants a clip that the phone has kept.
    ///
    /// - Throws: 409 when it has not, or when the phone is not there.
    func request(_ id: EventID, in scope: AccountScope, cameras: any RemoteControl) async throws -> Event {
        let event = try await find(id, in: scope)
        guard event.clip.isKept, event.state == .done else {
            throw Self.notOnDevice
        }
        try await cameras.request(id, of: event.device, in: scope)
        var changes = EventChanges()
        changes.clip = { if $0.isKept { $0.state = .requested } }
        return try await store.events.update(id, changes: changes, in: scope, now: now) ?? event
    }

    /// The phone does not have a clip any more that it had kept. What the stills showed, and what was said of it, stays.
    ///
    /// - Throws: 409 when it is not one that was kept.
    func lose(_ id: EventID, of device: DeviceID, reason: String?, in scope: AccountScope) async throws -> Event {
        let event = try await find(id, in: scope)
        guard event.device == device else { throw APIError.notFound("event") }
        // It was said before, and the answer was lost.
        if event.clip.state == .gone { return event }
        var changes = EventChanges()
        changes.clip = { $0.lose(reason ?? "the phone does not have the clip any more") }
        guard event.clip.isKept, let changed = try await store.events.update(id, changes: changes, ifState: .done, in: scope, now: now) else {
            throw Self.notOnDevice
        }
        return changed
    }

    private static let notOnDevice = APIError.conflict("not_on_device", "event_id: this event's clip is not one that stayed on the phone")
}
