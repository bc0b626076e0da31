import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct AccountTests {
    @Test(arguments: TestDatabase.kinds) func `the same address is the same user, another has another account`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let again = try await f.store.users.findOrCreate(email: "we@example.org", now: f.at(9))
        #expect(AccountScope(again.account) == f.ours)
        #expect(again.createdAt == f.now)
        #expect(f.ours != f.theirs)
    }

    @Test(arguments: TestDatabase.kinds) func `two accounts may use one device id and never meet`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.store.devices.register(f.device, label: "Ours", in: f.ours, now: f.at(1))
        #expect(try await f.store.devices.find(f.device, in: f.ours)?.label == "Ours")
        #expect(try await f.store.devices.find(f.device, in: f.theirs)?.label == "Hall")
        _ = try await f.store.events.insert(f.event("e"), in: f.ours)
        #expect(try await f.store.events.find(EventID(trusted: "e"), in: f.theirs) == nil)
        #expect(try await f.store.events.list(EventFilter(), in: f.theirs, page: Page()).items.isEmpty)
        let failure = EventFailure(stage: .receiving, reason: "x", retryable: false)
        #expect(try await f.store.events.apply(.failed(failure), to: EventID(trusted: "e"), in: f.theirs, now: f.now) == nil)
        #expect(try await f.store.sessions.forceStop(SessionID(trusted: "other"), reason: "x", in: f.theirs, now: f.now) == nil)
        #expect(try await f.store.events.find(EventID(trusted: "e"), in: f.ours)?.state == .recording)
    }

    @Test(arguments: TestDatabase.kinds) func `a device that is registered again keeps its time and takes the new label`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let again = try await f.store.devices.register(f.device, label: "Door", in: f.ours, now: f.at(5))
        #expect(again.createdAt == f.now)
        try await f.store.health.heard(f.device, report: nil, in: f.ours, at: f.at(7))
        #expect(try await f.store.devices.list(in: f.ours) == [Device(id: f.device, label: "Door", createdAt: f.now, lastSeenAt: f.at(7))])
    }

    @Test(arguments: TestDatabase.kinds) func `a device watches once at a time`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let other = SessionID(trusted: "s2")
        let again = try #require(try await f.store.sessions.start(other, device: f.device, analysisPrompt: nil, in: f.ours, now: f.at(1)))
        #expect(!again.isNew && again.session.id == f.session && again.session.analysisPrompt == "look for cats")
        let stopped = try await f.store.sessions.stop(f.session, in: f.ours, now: f.at(2))
        #expect(stopped?.status == .stopped && stopped?.stoppedAt == f.at(2))
        #expect(try await f.store.sessions.stop(f.session, in: f.ours, now: f.at(3))?.stoppedAt == f.at(2))
        #expect(try await f.store.sessions.start(other, device: f.device, analysisPrompt: nil, in: f.ours, now: f.at(4))?.isNew == true)
        let unknown = DeviceID(trusted: "unknown")
        #expect(try await f.store.sessions.start(other, device: unknown, analysisPrompt: nil, in: f.ours, now: f.now) == nil)
        #expect(try await f.store.sessions.list(device: f.device, in: f.ours, page: Page()).items.map(\.id) == [other, f.session])
    }

    @Test(arguments: TestDatabase.kinds) func `a setting is made once`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        #expect(try await f.store.settings.valueOrInsert("key") { "first" } == "first")
        #expect(try await f.store.settings.valueOrInsert("key") { "second" } == "first")
        try await f.store.settings.set("key", "third")
        #expect(try await f.store.settings.value("key") == "third")
        #expect(try await f.store.settings.value("none") == nil)
    }
}
