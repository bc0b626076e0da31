import Domain
import Runtime
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct DeliveryTests {
    private func planned(
        _ f: StoreFixture, _ event: Event, stage: Delivery.Stage = .clip, to targets: [String] = ["1"], at seconds: Double = 1
    ) async throws -> [Delivery] {
        try await f.store.deliveries.plan(
            event, stage: stage, recipients: targets.map { .init(channel: .telegram, target: $0) }, deadline: f.at(seconds + 3600), in: f.ours,
            now: f.at(seconds)
        ) { makeUUIDv7(milliseconds: 0) }
    }

    private func link(_ f: StoreFixture, _ address: String, wantsStill: Bool = false) async throws {
        try await f.store.targets.link(
            AlertTarget(device: f.device, channel: .telegram, address: address, createdAt: f.now, wantsStill: wantsStill), in: f.ours, now: f.now)
    }

    @Test(arguments: TestDatabase.kinds) func `an alert is planned and sent once per event and target`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let event = try await f.queued("e")
        try await link(f, "1")
        #expect(try await planned(f, event, to: ["1", "2"]).map(\.target) == ["1", "2"])
        #expect(try await planned(f, event, to: ["1", "2", "3"]).map(\.target) == ["3"])
        #expect(try await f.store.deliveries.list(event: event.id, in: f.ours).count == 3)
        #expect(try await f.store.deliveries.list(event: event.id, in: f.theirs).isEmpty)

        let delivery = try #require(try await f.store.deliveries.list(event: event.id, in: f.ours).first { $0.target == "1" })
        let begun = try #require(try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(2)))
        #expect(begun.delivery.attempts == 1 && !begun.isOver)
        let sent = try await f.store.deliveries.finish(delivery.id, .delivered(.clip, message: "77"), in: f.ours, now: f.at(3))
        #expect(sent?.state == .sent && sent?.sentAt == f.at(3) && sent?.message == "77" && sent?.possibleRepeat == false)
        #expect(try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(4)) == nil)
        let attempts = try await f.store.deliveries.attempts(of: [delivery], in: f.ours)[delivery.id] ?? []
        #expect(attempts.map(\.outcome) == [.sent] && attempts.map(\.endedAt) == [f.at(3)])
    }

    @Test(arguments: TestDatabase.kinds) func `a still, then the same message completed, also when both are asked for at once`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind)
        let event = try await f.queued("e")
        try await link(f, "1", wantsStill: true)
        let delivery = try #require(try await planned(f, event, stage: .still).first)
        let job = try #require(try await f.store.jobs.lease(.deliver(.telegram), owner: "w", seconds: 60, now: f.at(2)))
        #expect(try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(2))?.delivery.wanted == .still)
        // The clip is ready while the still is being sent.
        #expect(try await planned(f, event, at: 3).map(\.wanted) == [.clip])
        let halfway = try await f.store.deliveries.finish(delivery.id, .delivered(.still, message: "5"), in: f.ours, now: f.at(3))
        #expect(halfway?.state == .pending && halfway?.reached == .still && halfway?.sentAt == f.at(3))
        #expect(try await f.store.jobs.complete(job, now: f.at(4)))
        let next = try #require(try await f.store.jobs.lease(.deliver(.telegram), owner: "w", seconds: 60, now: f.at(4)))
        #expect(next.id == job.id)
        let begun = try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 60, in: f.ours, now: f.at(4))
        #expect(begun?.delivery.message == "5" && begun?.delivery.wanted == .clip)
        #expect(try await f.store.deliveries.finish(delivery.id, .delivered(.clip, message: nil), in: f.ours, now: f.at(5))?.state == .sent)
        #expect(try await f.store.jobs.complete(next, now: f.at(5)))
        #expect(try await f.store.jobs.lease(.deliver(.telegram), owner: "w", seconds: 60, now: f.at(9)) == nil)
        #expect(try await f.store.deliveries.find(delivery.id, in: f.ours)?.sentAt == f.at(3))
    }

    @Test(arguments: TestDatabase.kinds) func `what a crash leaves unknown is sent again and marked`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let event = try await f.queued("e")
        try await link(f, "1")
        let delivery = try #require(try await planned(f, event).first)
        _ = try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(2))
        let again = try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(60))
        #expect(again?.delivery.possibleRepeat == true && again?.delivery.attempts == 2)
        let attempts = try await f.store.deliveries.attempts(of: [delivery], in: f.ours)[delivery.id] ?? []
        #expect(attempts.map(\.outcome) == [.unknown, nil])
    }

    @Test(arguments: TestDatabase.kinds) func `cooldown counts what arrived, a snooze and an end are kept with their reasons`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind)
        try await link(f, "1")
        func outcome(_ id: String, at seconds: Double, arrives: Bool) async throws -> Delivery {
            let delivery = try #require(try await planned(f, try await f.queued(id, at: seconds), at: seconds).first)
            let begun = try #require(try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 30, in: f.ours, now: f.at(seconds)))
            if begun.isOver { return begun.delivery }
            let end: Delivery.Input = arrives ? .delivered(.clip, message: "1") : .failed(reason: "refused", statusCode: 400)
            return try #require(try await f.store.deliveries.finish(delivery.id, end, in: f.ours, now: f.at(seconds)))
        }
        #expect(try await outcome("a", at: 0, arrives: false).state == .failed)
        // The first did not arrive: no cooldown.
        #expect(try await outcome("b", at: 5, arrives: true).state == .sent)
        let suppressed = try await outcome("c", at: 20, arrives: true)
        #expect(suppressed.state == .suppressed && suppressed.reason == "cooldown: an alert of this camera arrived 15 s before")
        // What was suppressed does not prolong it.
        #expect(try await outcome("d", at: 36, arrives: true).state == .sent)
        _ = try await f.store.targets.change(device: f.device, channel: .telegram, address: "1", snoozedUntil: f.at(1000), in: f.ours, now: f.at(40))
        #expect(try await outcome("e", at: 900, arrives: true).reason == "snoozed")
        #expect(try await outcome("f", at: 1001, arrives: true).state == .sent)
        try await f.store.targets.disableEverywhere(channel: .telegram, address: "1", reason: "blocked", now: f.at(1100))
        #expect(try await outcome("g", at: 1200, arrives: true).reason == "blocked")
        #expect(try await f.store.targets.remove(device: f.device, channel: .telegram, address: "1", in: f.ours, now: f.at(1300)))
        #expect(try await outcome("h", at: 1400, arrives: true).reason == "unlinked")
        let page = try await f.store.deliveries.list(state: .suppressed, in: f.ours, page: Page())
        #expect(page.items.count == 4)
        #expect(try await f.store.deliveries.list(state: nil, in: f.theirs, page: Page()).items.isEmpty)
    }

    @Test(arguments: TestDatabase.kinds) func `after its deadline an alert expires, and a person can send it after all`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind)
        try await link(f, "1")
        let event = try await f.queued("e")
        let delivery = try #require(try await planned(f, event).first)
        _ = try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(2))
        _ = try await f.store.deliveries.finish(
            delivery.id, .postponed(reason: "no answer", statusCode: nil, mayHaveArrived: false), in: f.ours, now: f.at(3))
        let job = try #require(try await f.store.jobs.lease(.deliver(.telegram), owner: "w", seconds: 60, now: f.at(5000)))
        let expired = try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(5000))
        #expect(expired?.isOver == true && expired?.delivery.state == .expired)
        #expect(expired?.delivery.reason == "it could not be sent in time: no answer")
        _ = try await f.store.jobs.kill(job, error: "late", now: f.at(5000))
        guard case .queued = try await f.store.jobs.requeue(job.id, deadline: f.at(9000), in: f.ours, now: f.at(5001)) else {
            return #expect(Bool(false))
        }
        #expect(try await f.store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: f.ours, now: f.at(5002))?.isOver == false)
    }

    @Test(arguments: TestDatabase.kinds) func `a forced stop ends the alerts of the session too`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        try await link(f, "1")
        let event = try await f.queued("e")
        let delivery = try #require(try await planned(f, event).first)
        let stopped = try #require(try await f.store.sessions.forceStop(f.session, reason: "by force", in: f.ours, now: f.at(3)))
        #expect(stopped.droppedQueuedJobs == 2 && stopped.events.map(\.state) == [.dropped(reason: "by force")])
        #expect(try await f.store.deliveries.find(delivery.id, in: f.ours)?.state == .suppressed)
        // A worker that had begun changes nothing.
        #expect(try await f.store.events.apply(.finished, to: event.id, in: f.ours, now: f.at(4)) == nil)
        #expect(try await f.store.deliveries.finish(delivery.id, .delivered(.clip, message: "1"), in: f.ours, now: f.at(4)) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `every change leaves an entry to be published, in its order, and a transaction undone none`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind)
        try await f.store.outbox.remove(try await f.store.outbox.entries().map(\.id))
        let rings = f.store.outbox.bell.rings
        let event = try await f.queued("e")
        #expect(f.store.outbox.bell.rings > rings)
        _ = try await f.store.events.apply(.started, to: event.id, in: f.ours, now: f.at(1))
        _ = try await f.store.events.apply(.received, to: event.id, in: f.ours, now: f.at(1))
        let entries = try await f.store.outbox.entries()
        #expect(entries.map(\.kind) == [.eventTriggered, .eventUpdated, .eventUpdated, .eventUpdated])
        #expect(entries.map(\.change) == [nil, "uploaded", "queued", "processing"])
        #expect(entries.allSatisfy { $0.subject == "e" && $0.scope == f.ours })
        try await f.store.outbox.remove(entries.prefix(3).map(\.id))
        #expect(try await f.store.outbox.entries().map(\.change) == ["processing"])
    }
}
