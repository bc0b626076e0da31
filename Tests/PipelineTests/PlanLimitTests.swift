// What the background work does where a plan has nothing left, and where somebody removes what it works on.

import Domain
import Media
import Runtime
import Store
import TestSupport
import Testing

@testable import Pipeline

@Suite("Plan limits and removal", .mustEnd)
struct PlanLimitTests {
    private static var now: Timestamp { Timestamp(milliseconds: WallClock.system.milliseconds) }

    @Test(arguments: TestDatabase.kinds) func `over the credits a clip is kept and not analysed, and its alert still goes out`(
        kind: TestDatabase.Kind
    ) async throws {
        guard let bytes = try recordedMaterial("webcam-person.mkv").map(bytes(of:)) else { return }
        let hub = try await Running(kind)
        let free = try #require(try await hub.store.plans.find("free"))
        _ = try await hub.store.plans.set(free, of: hub.scope.account)
        #expect(try await hub.store.ledger.charge(EventID(trusted: "before"), seconds: 890, id: "before", in: hub.scope, now: Self.now) == nil)
        let last = try await hub.upload(bytes, id: "last", duration: 3), over = try await hub.upload(bytes, id: "over", duration: 3)
        // One alert is seen as often as it is published.
        await hub.observed.wait { _, all in Set(all.filter { $0.state == .sent }.map(\.event)).count == 2 }
        var skipped = 0
        for id in [last, over] {
            let event = try #require(try await hub.store.events.find(id, in: hub.scope))
            #expect(event.state == .done && event.clip.mime == "video/mp4" && event.clip.posterKey != nil && event.analysis?.shouldNotify == true)
            guard let reason = event.analysis?.skipped else { continue }
            skipped += 1
            #expect(reason == "the plan's 90 credits of this month are used")
            #expect(event.analysis?.summary == "Triggered by motion. The clip of 3 s was not analysed: \(reason).")
            #expect(hub.bot.calls("sendVideo").contains { $0.fields["caption"]?.contains(reason) == true })
        }
        // Which of them came first is the workers' to decide.
        #expect(skipped == 1)
        #expect(try await hub.store.ledger.list(in: hub.scope, page: Page()).items.map(\.credits).sorted() == [1, 89])
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `a clip that is removed while it is worked on ends quietly`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try recordedMaterial("webcam-person.mkv").map(bytes(of:)) else { return }
        let hub = try await Running(kind, isWorking: false)
        let id = try await hub.upload(bytes, duration: 3)
        let job = try #require(try await hub.store.jobs.lease(.process, owner: "serve", seconds: 60, now: Self.now))
        let event = try #require(try await hub.store.events.apply(.started, to: id, holding: job, in: hub.scope, now: Self.now))
        let processor = EventProcessor(store: hub.store, storage: hub.storage, media: ThreadPool(name: "media", threads: 1))
        await #expect(throws: EventProcessor.LeaseLost.self) {
            _ = try await processor.process(
                event, prompt: nil, in: hub.scope,
                charge: { _ in
                    // Just now, with its files: what is measured next is gone.
                    _ = try await hub.store.removals.events([id], in: hub.scope, now: Self.now)
                    try await hub.storage.removeAll(of: id, in: hub.scope)
                    return nil
                }, isOurs: { try await hub.store.jobs.extend(job, seconds: 60, now: Self.now) })
        }
        #expect(hub.folder.files.filter { $0.hasPrefix("clips/") }.isEmpty)
        #expect(try await hub.store.jobs.list(JobFilter(), in: hub.scope, page: Page()).items.isEmpty)
        await hub.stop()
    }
}
