import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct DeviceHealthRowsTests {
    private func notice(_ id: String, _ kind: String, _ f: StoreFixture, at seconds: Double = 0) -> Event {
        var event = Event(
            id: EventID(trusted: id), device: f.device, session: f.session, source: .notice, trigger: Trigger(type: kind, at: f.at(seconds)),
            createdAt: f.at(seconds), state: .done, clip: Clip(mime: ""))
        event.analysis = AnalysisResult(summary: kind, tags: [kind], shouldNotify: true, provider: "health", model: "m")
        return event
    }

    private func tell(_ events: [Event], _ memory: DeviceHealth.Memory, _ f: StoreFixture, at seconds: Double = 0) async throws {
        try await f.store.health.tell(
            events, memory, of: f.device, during: f.session, channels: [.telegram, .webhook], deadline: f.at(seconds + 3600), in: f.ours,
            now: f.at(seconds)
        ) { "\(Int64.random(in: 0 ... .max))" }
    }

    private func link(_ f: StoreFixture, until snoozed: Timestamp? = nil) async throws {
        try await f.store.targets.link(AlertTarget(device: f.device, channel: .telegram, address: "42", createdAt: f.now), in: f.ours, now: f.now)
        _ = try await f.store.targets.change(device: f.device, channel: .telegram, address: "42", snoozedUntil: snoozed, in: f.ours, now: f.now)
    }

    @Test(arguments: TestDatabase.kinds) func `a report is kept with its device, and none takes none away`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let report = DeviceHealthRows.Report(telemetry: "{}", at: f.at(1))
        #expect(try await f.store.health.report(of: f.device, in: f.ours) == nil)
        try await f.store.health.heard(f.device, report: report, in: f.ours, at: f.at(2))
        try await f.store.health.heard(f.device, report: nil, in: f.ours, at: f.at(3))
        #expect(try await f.store.health.report(of: f.device, in: f.ours) == report)
        #expect(try await f.store.health.reports(in: f.ours) == [f.device: report])
        #expect(try await f.store.health.reports(in: f.theirs).isEmpty)
        #expect(try await f.store.devices.find(f.device, in: f.ours)?.lastSeenAt == f.at(3))
        // Of nobody's device nothing is kept.
        try await f.store.health.heard(DeviceID(trusted: "nobody"), report: report, in: f.ours, at: f.at(4))
        #expect(try await f.store.health.reports(in: f.ours).count == 1)
    }

    @Test(arguments: TestDatabase.kinds) func `devices that are to watch and were ever there are watched over`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        #expect(try await f.store.health.watched().isEmpty)
        try await f.store.health.heard(f.device, report: nil, in: f.ours, at: f.at(9))
        let watched = try #require(try await f.store.health.watched().first)
        #expect(watched.scope == f.ours && watched.device == f.device && watched.session == f.session && watched.label == "Hall")
        #expect(watched.lastHeard == f.at(9) && watched.memory.isEmpty)
        let memory = DeviceHealth.Memory(outageSince: f.at(9), attended: [.frozen: f.at(1), .trackEnded: f.at(2)])
        try await f.store.health.remember(memory, of: f.device, during: f.session, in: f.ours)
        #expect(try await f.store.health.watched().first?.memory == memory)
        // What was told in one session is nothing in the next.
        _ = try await f.store.sessions.stop(f.session, in: f.ours, now: f.at(10))
        #expect(try await f.store.health.watched().isEmpty)
        _ = try await f.store.sessions.start(SessionID(trusted: "next"), device: f.device, analysisPrompt: nil, in: f.ours, now: f.at(20))
        let next = try #require(try await f.store.health.watched().first)
        #expect(next.memory.isEmpty && next.lastHeard == f.at(20))
    }

    @Test(arguments: TestDatabase.kinds) func `a notice is an event with its alerts, once`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        try await link(f)
        try await f.store.health.heard(f.device, report: nil, in: f.ours, at: f.now)
        let event = notice("n", "offline", f), memory = DeviceHealth.Memory(outageSince: f.now)
        for _ in 0..<3 { try await tell([event], memory, f) }
        #expect(try await f.store.events.list(EventFilter(), in: f.ours, page: Page()).items == [event])
        let deliveries = try await f.store.deliveries.list(event: event.id, in: f.ours)
        #expect(Set(deliveries.map(\.channel)) == [.telegram, .webhook] && deliveries.count == 2)
        #expect(try await f.store.health.watched().first?.memory == memory)
        #expect(try await f.store.outbox.entries().filter { $0.kind == .eventTriggered }.count == 1)
    }

    @Test(arguments: TestDatabase.kinds) func `of a session that was stopped nothing is told`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        try await link(f)
        _ = try await f.store.sessions.stop(f.session, in: f.ours, now: f.at(1))
        try await tell([notice("n", "offline", f)], DeviceHealth.Memory(outageSince: f.now), f)
        #expect(try await f.store.events.find(EventID(trusted: "n"), in: f.ours) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `that a camera is away passes snooze and cooldown, and begins no cooldown`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind)
        try await link(f, until: f.at(1000))
        func outcome(_ id: String, at seconds: Double) async throws -> String {
            let all = try await f.store.deliveries.list(event: EventID(trusted: id), in: f.ours)
            let delivery = try #require(all.first { $0.channel == .telegram })
            let begun = try #require(try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 100, in: f.ours, now: f.at(seconds)))
            guard !begun.isOver else { return begun.delivery.reason ?? "" }
            _ = try await f.store.deliveries.finish(delivery.id, .delivered(.clip, message: "7"), in: f.ours, now: f.at(seconds))
            return "sent"
        }
        func seen(_ id: String, at seconds: Double) async throws -> String {
            let event = try await f.queued(id, at: seconds)
            _ = try await f.store.deliveries.plan(
                event, stage: .clip, recipients: [.init(channel: .telegram, target: "42")], deadline: f.at(9999), in: f.ours, now: f.at(seconds)
            ) { "\(Int64.random(in: 0 ... .max))" }
            return try await outcome(id, at: seconds)
        }
        try await tell([notice("off", "offline", f), notice("on", "online", f), notice("ill", "attention", f)], DeviceHealth.Memory(), f)
        #expect(try await outcome("off", at: 1) == "sent")
        #expect(try await outcome("on", at: 2) == "sent")
        #expect(try await outcome("ill", at: 3) == "snoozed")
        // Not snoozed any more: what was seen is told, though others were told of the camera just before.
        try await tell([notice("off2", "offline", f)], DeviceHealth.Memory(), f, at: 1001)
        #expect(try await outcome("off2", at: 1001) == "sent")
        #expect(try await seen("e", at: 1002) == "sent")
        #expect(try await seen("e2", at: 1003).hasPrefix("cooldown"))
        try await tell([notice("ill2", "attention", f, at: 1004), notice("off3", "offline", f, at: 1004)], DeviceHealth.Memory(), f, at: 1004)
        #expect(try await outcome("ill2", at: 1004) == "sent")
        #expect(try await outcome("off3", at: 1005) == "sent")
    }
}
