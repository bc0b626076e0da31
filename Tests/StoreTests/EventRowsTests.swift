import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct EventRowsTests {
    @Test(arguments: TestDatabase.kinds) func `an event reads back as it was written`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let event = f.event("e")
        guard case .inserted(let inserted) = try await f.store.events.insert(event, in: f.ours) else { return #expect(Bool(false)) }
        #expect(inserted == event)
        #expect(try await f.store.events.find(event.id, in: f.ours) == event)

        var changes = EventChanges()
        changes.clip = { clip in
            clip.key = "a/e/clip.mp4"
            clip.posterKey = "a/e/poster.jpg"
            clip.etag = "abc"
        }
        changes.analysis = AnalysisResult(
            summary: "Ein Mensch „im“ Flur", label: "person", confidence: 0.5, tags: ["a", "b,\"c"], shouldNotify: true, alertReason: "why",
            provider: "p", model: "m")
        changes.firstByteAt = f.at(1)
        changes.causes = [Trigger(type: "motion", at: f.now, score: 0.25), Trigger(type: "sound", at: f.at(3))]
        let updated = try #require(try await f.store.events.update(event.id, changes: changes, in: f.ours, now: f.at(2)))
        #expect(updated.clip.key == "a/e/clip.mp4" && updated.updatedAt == f.at(2) && updated.times.firstByte == f.at(1))
        #expect(try await f.store.events.find(event.id, in: f.ours) == updated)
    }

    @Test(arguments: TestDatabase.kinds) func `a device begins so many clips an hour, and what was begun goes on`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind)
        let limit = UploadLimit(perHour: 2)
        func insert(_ id: String, at seconds: Double, in scope: AccountScope) async throws -> EventInsertion {
            try await f.store.events.insert(f.event(id, at: seconds), limit: limit, in: scope)
        }
        for (id, seconds) in [("a", 0.0), ("b", 600)] {
            guard case .inserted = try await insert(id, at: seconds, in: f.ours) else { return #expect(Bool(false)) }
        }
        guard case .limited(let time) = try await insert("c", at: 700, in: f.ours) else { return #expect(Bool(false)) }
        #expect(time == f.at(3600))
        #expect(try await f.store.events.find(EventID(trusted: "c"), in: f.ours) == nil)
        guard case .exists = try await insert("b", at: 700, in: f.ours) else { return #expect(Bool(false)) }
        // Another account's device of the same name has its own hour, and what is stored elsewhere does not count.
        guard case .inserted = try await insert("c", at: 700, in: f.theirs) else { return #expect(Bool(false)) }
        _ = try await f.store.events.insert(f.event("external", at: 800, source: .external), in: f.theirs)
        guard case .inserted = try await insert("d", at: 900, in: f.theirs) else { return #expect(Bool(false)) }
        guard case .inserted = try await insert("c", at: 3600, in: f.ours) else { return #expect(Bool(false)) }
    }

    @Test(arguments: TestDatabase.kinds) func `the same id is one event, and a session of another device is none`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.store.events.insert(f.event("e"), in: f.ours)
        guard case .exists = try await f.store.events.insert(f.event("e", at: 9), in: f.ours) else { return #expect(Bool(false)) }
        #expect(try await f.store.events.find(EventID(trusted: "e"), in: f.ours)?.trigger.at == f.now)
        let stranger = Event(
            id: EventID(trusted: "x"), device: DeviceID(trusted: "other"), session: f.session, source: .stream,
            trigger: Trigger(type: "motion", at: f.now), createdAt: f.now, state: .recording, clip: Clip(mime: "video/mp4"))
        guard case .noSuchSession = try await f.store.events.insert(stranger, in: f.ours) else { return #expect(Bool(false)) }
        #expect(try await f.store.events.find(stranger.id, in: f.ours) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `a received clip is queued once, with its job`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let queued = try await f.queued("e")
        #expect(queued.state == .queued && queued.times.durable == f.now && queued.times.queued == f.now)
        let again = try await f.store.events.receive(
            queued.id, changes: EventChanges(), job: JobID(trusted: "job-2"), in: f.ours, now: f.at(1))
        #expect(again == nil)
        let job = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(1)))
        #expect(job.event == queued.id && job.attempts == 1)
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(1)) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `what cannot happen changes nothing`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.store.events.insert(f.event("e"), in: f.ours)
        let id = EventID(trusted: "e")
        #expect(try await f.store.events.apply(.finished, to: id, in: f.ours, now: f.at(1)) == nil)
        #expect(try await f.store.events.find(id, in: f.ours)?.updatedAt == f.now)
        let failure = EventFailure(stage: .receiving, reason: "sequence: 4 missing", retryable: false)
        #expect(try await f.store.events.apply(.failed(failure), to: id, in: f.ours, now: f.at(1))?.state == .failed(failure))
        #expect(try await f.store.events.find(id, in: f.ours)?.state == .failed(failure))
        #expect(try await f.store.events.apply(.received, to: id, in: f.ours, now: f.at(2)) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `pages follow one another without gap or repetition, newest first`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        // Three of them at the same time, so that the id decides.
        for index in 0..<7 { _ = try await f.store.events.insert(f.event("e\(index)", at: Double(max(index, 3))), in: f.ours) }
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try await f.store.events.list(EventFilter(), in: f.ours, page: Page(limit: 2, cursor: cursor))
            seen += page.items.map(\.id.rawValue)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(seen == ["e6", "e5", "e4", "e3", "e2", "e1", "e0"])
        for cursor in ["", "x", "_", "12", "12_", "nine_e", "_12_e", "-12_e", "12_e\0", "12_../e", "99999999999999999999_e"] {
            await #expect(throws: StoreError.invalidCursor) {
                try await f.store.events.list(EventFilter(), in: f.ours, page: Page(cursor: cursor))
            }
        }
    }

    @Test(arguments: TestDatabase.kinds) func `a list can be of one session, device or status`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.queued("a")
        _ = try await f.store.events.insert(f.event("b"), in: f.ours)
        var filter = EventFilter()
        filter.status = "queued"
        #expect(try await f.store.events.list(filter, in: f.ours, page: Page()).items.map(\.id.rawValue) == ["a"])
        filter = EventFilter()
        filter.device = DeviceID(trusted: "other")
        #expect(try await f.store.events.list(filter, in: f.ours, page: Page()).items.isEmpty)
        filter = EventFilter()
        filter.session = f.session
        #expect(try await f.store.events.list(filter, in: f.ours, page: Page()).items.count == 2)
    }

    @Test(arguments: TestDatabase.kinds) func `recordings of which nothing was heard are found in all accounts`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.store.events.insert(f.event("old"), in: f.ours)
        _ = try await f.store.events.insert(f.event("new", at: 100), in: f.theirs)
        let found = try await f.store.events.recordings(.stream, updatedBefore: f.at(50))
        #expect(found.map(\.event.id.rawValue) == ["old"])
        #expect(found.map(\.scope) == [f.ours])
    }

    @Test(arguments: TestDatabase.kinds) func `a forced stop drops what is open and says how much`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let processing = try await f.queued("processing")
        _ = try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(1))
        _ = try await f.store.events.apply(.started, to: processing.id, in: f.ours, now: f.at(1))
        _ = try await f.queued("waiting", at: 2)
        _ = try await f.store.events.insert(f.event("recording", at: 3), in: f.ours)
        let result = try #require(try await f.store.sessions.forceStop(f.session, reason: "stopped", in: f.ours, now: f.at(4)))
        #expect(result.droppedProcessingEvents == 1 && result.droppedQueuedJobs == 2)
        #expect(result.events.map(\.state) == Array(repeating: .dropped(reason: "stopped"), count: 3))
        #expect(result.session.status == .stopped)
        // A worker that finishes dropped work changes nothing.
        #expect(try await f.store.events.apply(.finished, to: processing.id, in: f.ours, now: f.at(5)) == nil)
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(100)) == nil)
    }
}
