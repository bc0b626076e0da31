import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct PlanTests {
    private func plan(_ name: String, _ f: StoreFixture) async throws {
        let plan = try #require(try await f.store.plans.find(name))
        #expect(try await f.store.plans.set(plan, of: f.ours.account))
    }

    @Test(arguments: TestDatabase.kinds) func `there are three plans, and an account has the one that it was given`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        #expect(try await f.store.plans.list().map(\.id) == ["free", "paid", "unlimited"])
        #expect(try await f.store.plans.current(in: f.ours) == Plan(id: "unlimited", name: "Unlimited"))
        let free = Plan(
            id: "free", name: "Free", analysedSecondsPerMonth: 900, maximumClipSeconds: 30, uploadsPerHour: 20, retentionDays: 3, devices: 1, viewers: 2)
        try await plan("free", f)
        #expect(try await f.store.plans.current(in: f.ours) == free)
        #expect(try await f.store.plans.current(in: f.theirs).id == "unlimited")
        #expect(try await !f.store.plans.set(free, of: AccountID(trusted: "unknown")))
        try await f.store.plans.setInitial(try #require(try await f.store.plans.find("paid")))
        let new = try await f.store.users.findOrCreate(email: "new@example.org", now: f.now)
        #expect(try await f.store.plans.current(in: AccountScope(new.account)).devices == 10)
    }

    @Test(arguments: TestDatabase.kinds) func `a device too many is refused, one that is there is not`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        try await plan("free", f)
        let second = DeviceID(trusted: "second")
        await #expect(throws: PlanExceeded(.devices, plan: "Free", allowed: 1)) {
            try await f.store.devices.register(second, label: "x", in: f.ours, now: f.now)
        }
        #expect(try await f.store.devices.register(f.device, label: "Renamed", in: f.ours, now: f.now).label == "Renamed")
        _ = try await f.store.removals.device(f.device, in: f.ours, now: f.now)
        #expect(try await f.store.devices.register(second, label: "x", in: f.ours, now: f.now).id == second)
    }

    @Test(arguments: TestDatabase.kinds) func `of devices that are added at once as many are taken as there is room for`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        try await plan("paid", f)
        let taken = await withTaskGroup { group in
            for number in 0..<20 {
                group.addTask { (try? await f.store.devices.register(DeviceID(trusted: "d\(number)"), label: "x", in: f.ours, now: f.now)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 9)
        #expect(try await f.store.devices.list(in: f.ours).count == 10)
    }

    @Test(arguments: TestDatabase.kinds) func `an event is charged once, and what came later of its clip as well`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        func charge(_ event: String, _ seconds: Double, _ id: String) async throws -> String? {
            try await f.store.ledger.charge(EventID(trusted: event), seconds: seconds, id: id, in: f.ours, now: f.now)
        }
        let month = CalendarMonth(containing: f.now)
        for id in ["1", "2", "3"] { #expect(try await charge("a", 12.5, id) == nil) }
        #expect(try await f.store.ledger.use(in: month, f.ours) == .init(credits: 2, seconds: 12.5))
        #expect(try await charge("a", 19, "4") == nil)
        #expect(try await charge("a", 31, "5") == nil)
        #expect(try await f.store.ledger.use(in: month, f.ours) == .init(credits: 4, seconds: 31))
        let entries = try await f.store.ledger.list(in: f.ours, page: Page()).items
        #expect(entries.map(\.credits) == [2, 2] && Set(entries.map(\.kind)) == [.analysis, .rest])
        #expect(try await f.store.ledger.list(in: f.theirs, page: Page()).items.isEmpty)
        #expect(try await f.store.ledger.use(in: month, f.theirs).credits == 0)
    }

    @Test(arguments: TestDatabase.kinds) func `over the limit nothing is charged, until the next month or another plan`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        try await plan("free", f)
        func charge(_ event: String, _ seconds: Double, at: Timestamp? = nil) async throws -> String? {
            try await f.store.ledger.charge(EventID(trusted: event), seconds: seconds, id: event, in: f.ours, now: at ?? f.now)
        }
        #expect(try await charge("a", 880) == nil)
        #expect(try await charge("b", 30) == "this clip needs 3 credits, and of the plan's 90 of this month 2 are left")
        #expect(try await charge("c", 20) == nil)
        #expect(try await charge("d", 1) == "the plan's 90 credits of this month are used")
        #expect(try await charge("d", 1, at: f.at(31 * 86_400)) == nil)
        try await plan("paid", f)
        #expect(try await charge("b", 30) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `charges at once do not share what is left for one`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        try await plan("free", f)
        let granted = try await withThrowingTaskGroup { group in
            for number in 0..<12 {
                group.addTask {
                    try await f.store.ledger.charge(EventID(trusted: "e\(number)"), seconds: 100, id: "l\(number)", in: f.ours, now: f.now) == nil
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 9)
    }

    @Test(arguments: TestDatabase.kinds) func `an account begins so many clips an hour, whichever camera`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let limit = UploadLimit(perHour: 2), other = DeviceID(trusted: "other"), session = SessionID(trusted: "s2")
        _ = try await f.store.devices.register(other, label: "x", in: f.ours, now: f.now)
        _ = try await f.store.sessions.start(session, device: other, analysisPrompt: nil, in: f.ours, now: f.now)
        _ = try await f.store.events.insert(f.event("a"), planLimit: limit, in: f.ours)
        _ = try await f.store.events.insert(f.event("b", at: 60), planLimit: limit, in: f.ours)
        let third = Event(
            id: EventID(trusted: "c"), device: other, session: session, source: .upload, trigger: Trigger(type: "motion", at: f.at(90)),
            createdAt: f.at(90), state: .recording, clip: Clip(mime: "video/mp4"))
        guard case .limitedByPlan(let time) = try await f.store.events.insert(third, planLimit: limit, in: f.ours) else {
            return #expect(Bool(false))
        }
        #expect(time == f.at(3600))
        guard case .inserted = try await f.store.events.insert(f.event("c"), planLimit: limit, in: f.theirs) else { return #expect(Bool(false)) }
    }

    @Test(arguments: TestDatabase.kinds) func `what is kept long enough is found, by plan and by the hub's own limit`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        #expect(try await f.store.retention.accounts(atMost: nil).isEmpty)
        #expect(try await f.store.retention.accounts(atMost: 7).map(\.days) == [7, 7])
        try await plan("free", f)
        let found = try await f.store.retention.accounts(atMost: nil)
        #expect(found.map(\.days) == [3] && found.map(\.scope) == [f.ours])

        for (name, seconds) in [("old", 0.0), ("older", -5), ("new", 100)] { _ = try await f.queued(name, at: seconds) }
        let failure = EventFailure(stage: .processing, reason: "x", retryable: false)
        #expect(try await f.store.retention.events(before: f.at(50), limit: 9, in: f.ours).isEmpty)
        for name in ["old", "older", "new"] {
            _ = try await f.store.events.apply(.failed(failure), to: EventID(trusted: name), in: f.ours, now: f.at(200))
        }
        #expect(try await f.store.retention.events(before: f.at(50), limit: 9, in: f.ours).map(\.rawValue) == ["older", "old"])
        #expect(try await f.store.retention.events(before: f.at(50), limit: 1, in: f.ours).map(\.rawValue) == ["older"])
        #expect(try await f.store.retention.events(before: f.at(50), limit: 9, in: f.theirs).isEmpty)

        // A session goes when it has ended and has no events any more.
        _ = try await f.store.sessions.stop(f.session, in: f.ours, now: f.at(10))
        try await f.store.retention.removeSessions(before: f.at(50), in: f.ours)
        #expect(try await f.store.sessions.find(f.session, in: f.ours) != nil)
        _ = try await f.store.removals.events(["old", "older", "new"].map { EventID(trusted: $0) }, in: f.ours, now: f.at(300))
        try await f.store.retention.removeSessions(before: f.at(5), in: f.ours)
        #expect(try await f.store.sessions.find(f.session, in: f.ours) != nil)
        try await f.store.retention.removeSessions(before: f.at(50), in: f.ours)
        #expect(try await f.store.sessions.find(f.session, in: f.ours) == nil)
        #expect(try await f.store.sessions.find(f.session, in: f.theirs) != nil)
    }

    @Test(arguments: TestDatabase.kinds) func `traces go at their age`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        for (name, seconds) in [("old", 0.0), ("new", 100)] {
            try await f.store.audit.add(
                AuditEntry(at: f.at(seconds), actorKind: "user", actorID: nil, actorName: nil, action: name, address: nil), in: f.ours)
            _ = try await f.store.ledger.charge(EventID(trusted: name), seconds: 1, id: name, in: f.ours, now: f.at(seconds))
        }
        let limit = f.at(50), never = Timestamp(milliseconds: 0)
        try await f.store.retention.removeTraces(attemptsBefore: limit, auditBefore: never, ledgerBefore: never, linksBefore: limit, expiredBefore: never)
        #expect(try await f.store.audit.list(in: f.ours, page: Page()).items.count == 2)
        try await f.store.retention.removeTraces(attemptsBefore: limit, auditBefore: limit, ledgerBefore: limit, linksBefore: limit, expiredBefore: limit)
        #expect(try await f.store.audit.list(in: f.ours, page: Page()).items.map(\.action) == ["new"])
        #expect(try await f.store.ledger.list(in: f.ours, page: Page()).items.map(\.id) == ["new"])
    }
}
