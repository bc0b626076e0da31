// What workers do when the world around them is not as it should be.

import Domain
import Runtime
import Store
import TestSupport
import Testing

@testable import Pipeline

@Suite("Workers", .mustEnd)
struct WorkerTests {
    private static var now: Timestamp { Timestamp(milliseconds: WallClock.system.milliseconds) }

    @Test(arguments: TestDatabase.kinds) func `a clock that is set back does not put work off`(kind: TestDatabase.Kind) async throws {
        let offset = LockedValue<Int64>(0)
        let hub = try await Running(kind, clock: WallClock { WallClock.system.milliseconds + offset.withLock { $0 } })
        hub.bot.script("sendMessage", .error(429, "Too Many Requests: retry after 2", retryAfter: 2))
        _ = try await hub.tell()
        await hub.observed.wait { $1.contains { $0.state == .retry } }
        offset.withLock { $0 = -3_600_000 }
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `a clip that ends the hub again and again is given up with that reason`(
        kind: TestDatabase.Kind
    ) async throws {
        let hub = try await Running(kind, isWorking: false)
        let id = try await hub.tell()
        for _ in 0..<12 {
            _ = try #require(try await hub.store.jobs.lease(.process, owner: "serve", seconds: 60, now: Self.now))
            // As a start does after the process has died.
            try await hub.store.jobs.releaseAll(owner: "serve", now: Self.now)
        }
        let work = Task { await hub.pipeline.run() }
        await hub.observed.wait { events, _ in events.contains { $0.state.isFinal } }
        guard case .failed(let failure)? = try await hub.store.events.find(id, in: hub.scope)?.state else { return #expect(Bool(false)) }
        #expect(failure.retryable && failure.reason.contains("broken off 12 times"))
        work.cancel()
        await work.value
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `a worker whose lease another has changes nothing any more`(kind: TestDatabase.Kind) async throws {
        let hub = try await Running(kind, isWorking: false)
        let id = try await hub.tell()
        let slow = try #require(try await hub.store.jobs.lease(.process, owner: "slow", seconds: -1, now: Self.now))
        let fast = try #require(try await hub.store.jobs.lease(.process, owner: "fast", seconds: 60, now: Self.now))
        #expect(slow.id == fast.id && slow.lease != fast.lease)
        #expect(try await !hub.store.jobs.complete(slow, now: Self.now))
        #expect(try await !hub.store.jobs.kill(slow, error: "late", now: Self.now))
        let failure = EventFailure(stage: .processing, reason: "late", retryable: false)
        #expect(try await hub.store.events.apply(.started, to: id, holding: slow, in: hub.scope, now: Self.now) == nil)
        #expect(try await hub.store.events.fail(slow, failure, now: Self.now) == nil)
        #expect(try await hub.store.events.apply(.started, to: id, holding: fast, in: hub.scope, now: Self.now)?.state == .processing)
        #expect(try await hub.store.events.apply(.requeued, to: id, holding: slow, in: hub.scope, now: Self.now) == nil)
        #expect(try await hub.store.events.fail(fast, failure, now: Self.now)?.state == .failed(failure))
        #expect(try await hub.store.jobs.find(fast.id, in: hub.scope)?.state == .dead)
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `work that was dropped while it was done stays dropped`(kind: TestDatabase.Kind) async throws {
        let hub = try await Running(kind, isWorking: false)
        let id = try await hub.tell()
        // A worker is in the middle of it.
        let job = try #require(try await hub.store.jobs.lease(.process, owner: "serve", seconds: 60, now: Self.now))
        _ = try #require(try await hub.store.events.apply(.started, to: id, holding: job, in: hub.scope, now: Self.now))
        let stopped = try #require(try await hub.store.sessions.forceStop(hub.session, reason: "by force", in: hub.scope, now: Self.now))
        #expect(stopped.events.map(\.id) == [id] && stopped.droppedProcessingEvents == 1 && stopped.droppedQueuedJobs == 1)
        // It ends its work all the same.
        #expect(try await hub.store.events.apply(.finished, to: id, holding: job, in: hub.scope, now: Self.now) == nil)
        #expect(try await hub.store.events.fail(job, EventFailure(stage: .processing, reason: "x", retryable: true), now: Self.now) == nil)
        #expect(try await !hub.store.jobs.complete(job, now: Self.now))
        let dropped = try #require(try await hub.store.events.find(id, in: hub.scope))
        #expect(dropped.state == .dropped(reason: "by force"))
        try await hub.pipeline.planner.planClip(dropped, in: hub.scope)
        #expect(try await hub.deliveries(id).isEmpty)
        await hub.stop()
    }

    @Test func `a disk without room puts processing off, however often`() async throws {
        guard let bytes = try recordedMaterial("webcam-person.mkv").map(bytes(of:)) else { return }
        let hub = try await Running(isWorking: false)
        let id = try await hub.upload(bytes, duration: 3)
        // A reserve larger than any disk: what is there cannot be processed, and that is not the clip's fault.
        let full = try FolderClipStorage(folder: hub.folder.path + "/clips", reserveBytes: .max / 4)
        let processor = EventProcessor(store: hub.store, storage: full, media: ThreadPool(name: "media", threads: 1))
        try await hub.storage.put([1, 2, 3], key: ClipObject.key(hub.scope, id, ClipObject.upload))
        let event = try #require(try await hub.store.events.find(id, in: hub.scope))
        await #expect(throws: StoreError.storageFull) { _ = try await processor.process(event, prompt: nil, in: hub.scope) }
        await hub.stop()
    }
}
