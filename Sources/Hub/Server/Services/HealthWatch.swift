// Watches over the watchers: who is to watch and is not there, or not well, is told of.

import Domain
import Pipeline
import Runtime
import Store

/// Looks at every device that has an active session, every few seconds. What is to be watched comes from the database and not from what
/// happened on sockets, so that a camera that never came back after a restart is missed, too.
actor HealthWatch {
    private let store: Store
    private let presence: any PresenceSource
    private let reports: DeviceReports
    private let planner: AlertPlanner
    private let rules: DeviceHealth.Rules
    private let clock: WallClock
    private let log = Log("health")

    private struct Camera {
        let session: SessionID
        var health: DeviceHealth
    }

    private var cameras: [DeviceReports.Key: Camera] = [:]

    init(
        store: Store, presence: any PresenceSource, reports: DeviceReports, planner: AlertPlanner, limits: ServerConfiguration.Limits,
        clock: WallClock
    ) {
        self.store = store
        self.presence = presence
        self.reports = reports
        self.planner = planner
        rules = DeviceHealth.Rules(attentionSeconds: limits.attentionSeconds, offlineSeconds: limits.offlineSeconds)
        self.clock = clock
    }

    /// Until the task is cancelled.
    func run() async {
        let shortest = [rules.attentionSeconds, rules.offlineSeconds].filter { $0 > 0 }.min()
        guard let shortest else { return }
        while !Task.isCancelled {
            do {
                try await look()
            } catch {
                log.warning("cameras could not be looked after", ["error": String(describing: error)])
            }
            try? await Task.sleep(for: .seconds(min(2, max(shortest / 8, 0.05))))
        }
    }

    private func look() async throws {
        let watched = try await store.health.watched()
        let present = await presence.connected()
        let moment = DeviceHealth.Moment(
            wall: Timestamp(milliseconds: clock.milliseconds), elapsed: Timestamp(milliseconds: MonotonicClock.system.milliseconds))
        for each in watched {
            guard !Task.isCancelled else { return }
            let key = DeviceReports.Key(scope: each.scope, device: each.device)
            do {
                try await look(at: each, key, isConnected: present.contains(key), moment)
            } catch {
                // Nothing was told: the next look comes to the same.
                log.warning("a camera could not be looked after", ["device_id": each.device.rawValue, "error": String(describing: error)])
            }
        }
        // A person has stopped them.
        let active = Set(watched.map { DeviceReports.Key(scope: $0.scope, device: $0.device) })
        for key in cameras.keys where !active.contains(key) {
            cameras[key] = nil
            try await show(attention: false, of: key)
        }
    }

    private func look(
        at watched: DeviceHealthRows.Watched, _ key: DeviceReports.Key, isConnected: Bool, _ moment: DeviceHealth.Moment
    ) async throws {
        var camera = cameras[key].flatMap { $0.session == watched.session ? $0 : nil }
            ?? Camera(session: watched.session, health: DeviceHealth(rules: rules, memory: watched.memory, at: moment))
        let before = camera.health.memory
        let observation = DeviceHealth.Observation(
            isConnected: isConnected, problems: reports.find(key)?.knownProblems ?? [], lastHeard: watched.lastHeard)
        let notices = camera.health.observe(observation, at: moment)
        let memory = camera.health.memory
        if !notices.isEmpty {
            try await planner.tell(
                notices.map { event($0, watched, now: moment.wall) }, memory, of: watched.device, during: watched.session, in: watched.scope)
            for notice in notices { log.info("a camera is told of", ["device_id": watched.device.rawValue, "notice": notice.kind.rawValue]) }
        } else if memory != before {
            try await store.health.remember(memory, of: watched.device, during: watched.session, in: watched.scope)
        }
        cameras[key] = camera
        try await show(attention: isConnected && camera.health.needsAttention, of: key)
    }

    private func show(attention isNeeded: Bool, of key: DeviceReports.Key) async throws {
        guard reports.setAttention(isNeeded, of: key) else { return }
        try await store.devices.announce(key.device, in: key.scope, now: Timestamp(milliseconds: clock.milliseconds))
    }

    // MARK: - Notices as events

    private func event(_ notice: DeviceNotice, _ watched: DeviceHealthRows.Watched, now: Timestamp) -> Event {
        var event = Event(
            id: Self.eventID(of: notice, device: watched.device, session: watched.session), device: watched.device, session: watched.session,
            source: .notice, trigger: Trigger(type: notice.kind.rawValue, at: now), createdAt: now, state: .done, clip: Clip(mime: ""))
        event.times.done = now
        event.analysis = AnalysisResult(
            summary: notice.summary(label: watched.label, now: now), label: notice.kind.rawValue,
            tags: [notice.kind.rawValue] + notice.problems.map(\.rawValue), shouldNotify: true, alertReason: notice.reason, provider: "health",
            model: "health-1")
        return event
    }

    /// The same for the same notice, so that it is one event however often it is told: a UUID (RFC 9562, version 8) of its beginning and a hash.
    private static func eventID(of notice: DeviceNotice, device: DeviceID, session: SessionID) -> EventID {
        let text = [notice.kind.rawValue, session.rawValue, device.rawValue, String(notice.since.milliseconds)] + notice.problems.map(\.rawValue)
        let hash = Array(Crypto.sha256Hex(text.joined(separator: "/")))
        let time = String(UInt64(clamping: notice.since.milliseconds), radix: 16)
        let beginning = String(repeating: "0", count: max(0, 12 - time.count)) + time
        return EventID(
            trusted: [
                String(beginning.prefix(8)), String(beginning.dropFirst(8).prefix(4)), "8" + String(hash[0..<3]), "8" + String(hash[3..<6]),
                String(hash[6..<18]),
            ].joined(separator: "-"))
    }
}
