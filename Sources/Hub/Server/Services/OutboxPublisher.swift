// From the database to those who watch: what was written is published, after it was written and in that order.

import Domain
import Runtime
import Store

/// Reads the outbox, publishes, and forgets what it has published. After a crash something may be published twice, which tells nobody
/// anything wrong: a publication shows its object as it is at that moment.
actor OutboxPublisher {
    private let store: Store
    private let bus: any Bus
    private let events: Events
    private let watching: Watching
    private let control: DeviceControl
    private let presenter: Presenter
    private let metrics: Metrics
    private let clock: WallClock
    private let log = Log("outbox")
    /// Published, but not yet removed: many are removed at once.
    private var published: Set<Int64> = []
    private var removedAt: Int64 = 0

    private static let batch = 500

    init(store: Store, bus: any Bus, events: Events, watching: Watching, control: DeviceControl, presenter: Presenter, metrics: Metrics, clock: WallClock) {
        self.store = store
        self.bus = bus
        self.events = events
        self.watching = watching
        self.control = control
        self.presenter = presenter
        self.metrics = metrics
        self.clock = clock
    }

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let rings = store.outbox.bell.rings
            do {
                try await publishNew()
            } catch {
                log.warning("changes could not be published yet", ["error": String(describing: error)])
                try? await Task.sleep(for: .milliseconds(500))
            }
            await store.outbox.bell.wait(since: rings, milliseconds: 1000)
        }
    }

    /// Until nothing is left, or the hub ends: what remains is published after the next start.
    private func publishNew() async throws {
        while true {
            let all = try await store.outbox.entries(limit: published.count + Self.batch)
            let entries = all.filter { !published.contains($0.id) }
            // One publication shows the object as it is: what changed several times meanwhile is shown once.
            var last: [Subject: Int64] = [:]
            for entry in entries { last[Subject(entry)] = entry.id }
            for entry in entries where !Task.isCancelled {
                let isLast = last[Subject(entry)] == entry.id
                do {
                    try await publish(entry, isLast: isLast)
                } catch let error as StoreError where !error.isPassing {
                    // One row that cannot be read must not keep everything behind it.
                    log.error("a change could not be published", ["kind": entry.kind.rawValue, "error": String(describing: error)])
                }
                published.insert(entry.id)
            }
            let now = MonotonicClock.system.milliseconds
            if published.count >= Self.batch || now - removedAt > 1000 || Task.isCancelled {
                try await store.outbox.remove(Array(published))
                published = []
                removedAt = now
            }
            if entries.isEmpty || Task.isCancelled { return }
        }
    }

    private struct Subject: Hashable {
        let scope: AccountScope
        let kind: OutboxEntry.Kind
        let id: String

        init(_ entry: OutboxEntry) {
            scope = entry.scope
            kind = entry.kind
            id = entry.subject
        }
    }

    private func publish(_ entry: OutboxEntry, isLast: Bool) async throws {
        let scope = entry.scope
        guard isLast || entry.change != nil else { return }
        switch entry.kind {
        case .eventTriggered, .eventUpdated:
            guard let event = try await store.events.find(EventID(trusted: entry.subject), in: scope) else { return }
            if let change = entry.change { metrics.eventReached(change, event, at: entry.at) }
            guard isLast else { return }
            await bus.publish(Publication(entry.kind.rawValue, ["event": try await events.present(event, in: scope)]), about: event.device, toUsersOf: scope)
        case .deliveryUpdated:
            guard let delivery = try await store.deliveries.find(DeliveryID(trusted: entry.subject), in: scope) else { return }
            if let change = entry.change, let event = try await store.events.find(delivery.event, in: scope) {
                metrics.deliveryAttempted(change, triggeredAt: event.trigger.at, at: entry.at)
            }
            guard isLast else { return }
            await bus.publish(Publication(entry.kind.rawValue, ["delivery": presenter.delivery(delivery)]), about: delivery.device, toUsersOf: scope)
        case .sessionStarted, .sessionStopped:
            guard let session = try await store.sessions.find(SessionID(trusted: entry.subject), in: scope) else { return }
            await bus.publish(Publication(entry.kind.rawValue, ["session": presenter.session(session)]), about: session.device, toUsersOf: scope)
        case .deviceUpdated:
            guard let device = try await store.devices.find(DeviceID(trusted: entry.subject), in: scope) else { return }
            let json = try await watching.present(device, in: scope)
            await bus.publish(Publication(entry.kind.rawValue, ["device": json]), about: device.id, toUsersOf: scope)
        case .deviceSettings:
            let device = DeviceID(trusted: entry.subject)
            let settings = try await control.settings(of: device, in: scope)
            let publication = Publication(entry.kind.rawValue, ["device_id": .string(entry.subject), "settings": settings])
            await bus.publish(publication, about: device, toUsersOf: scope)
            await bus.publish(publication, toSensor: device, in: scope)
        case .pairingUpdated:
            guard let pairing = try await store.pairings.find(PairingID(trusted: entry.subject), in: scope) else { return }
            await bus.publish(Publication(entry.kind.rawValue, ["pairing": presenter.pairing(pairing)]), to: pairing.maker, in: scope)
        case .eventRemoved:
            let device = DeviceID(trusted: entry.change ?? "")
            await bus.publish(
                Publication(entry.kind.rawValue, ["event_id": .string(entry.subject), "device_id": .string(device.rawValue)]), about: device,
                toUsersOf: scope)
        case .deviceRemoved:
            await bus.publish(
                Publication(entry.kind.rawValue, ["device_id": .string(entry.subject)]), about: DeviceID(trusted: entry.subject), toUsersOf: scope)
        case .targetUpdated:
            let targets = try await store.targets.list(device: DeviceID(trusted: entry.subject), in: scope)
            await bus.publish(
                Publication(
                    entry.kind.rawValue, ["device_id": .string(entry.subject), "targets": .array(targets.map(presenter.target))]),
                about: DeviceID(trusted: entry.subject), toUsersOf: scope)
        }
    }
}

extension Metrics {
    /// An event came to a state.
    func eventReached(_ state: String, _ event: Event, at now: Timestamp) {
        count("pingwatch_events_total", ["state": state])
        let stage: String
        switch state {
        case "uploaded":
            stage = "durable"
            if let firstByte = event.times.firstByte {
                observe("pingwatch_stage_seconds", ["stage": "first_byte"], seconds: firstByte.seconds(since: event.trigger.at))
            }
        case "done": stage = "analysed"
        case "failed":
            if case .failed(let failure) = event.state { count("pingwatch_event_failures_total", ["stage": failure.stage.rawValue]) }
            return
        default: return
        }
        observe("pingwatch_stage_seconds", ["stage": stage], seconds: now.seconds(since: event.trigger.at))
    }

    /// `<channel> <outcome> <reason>`, as the outbox has it.
    func deliveryAttempted(_ change: String, triggeredAt: Timestamp, at now: Timestamp) {
        let words = change.split(separator: " ").map(String.init)
        guard words.count == 3 else { return }
        count("pingwatch_delivery_attempts_total", ["channel": words[0], "outcome": words[1], "reason": words[2]])
        if words[1] == DeliveryAttempt.Outcome.sent.rawValue {
            observe("pingwatch_stage_seconds", ["stage": "alerted"], seconds: now.seconds(since: triggeredAt))
        }
    }
}
