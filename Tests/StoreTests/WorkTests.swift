import Domain
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct WorkTests {
    @Test(arguments: TestDatabase.kinds) func `a lease that ran out is given to another, and the first can do no more`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.queued("e")
        let first = try #require(try await f.store.jobs.lease(.process, seconds: 10, now: f.at(0)))
        #expect(try await f.store.jobs.lease(.process, seconds: 10, now: f.at(9)) == nil)
        #expect(try await f.store.jobs.nextRunAt(.process) == f.at(10))
        let second = try #require(try await f.store.jobs.lease(.process, seconds: 10, now: f.at(10)))
        #expect(second.attempts == 2)
        #expect(try await !f.store.jobs.complete(first, now: f.at(11)))
        #expect(try await !f.store.jobs.extend(first, seconds: 10, now: f.at(11)))
        #expect(try await f.store.jobs.extend(second, seconds: 30, now: f.at(11)))
        #expect(try await f.store.jobs.lease(.process, seconds: 10, now: f.at(30)) == nil)
        #expect(try await f.store.jobs.complete(second, now: f.at(31)))
        #expect(try await f.store.jobs.nextRunAt(.process) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `a job that failed comes again at its time, one given back at once, a dead one never`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.queued("e")
        var job = try #require(try await f.store.jobs.lease(.process, seconds: 60, now: f.at(0)))
        #expect(try await f.store.jobs.retry(job, at: f.at(20), error: "no", now: f.at(1)))
        #expect(try await f.store.jobs.lease(.process, seconds: 60, now: f.at(19)) == nil)
        job = try #require(try await f.store.jobs.lease(.process, seconds: 60, now: f.at(20)))
        #expect(job.attempts == 2 && job.lastError == "no")
        #expect(try await f.store.jobs.release(job, now: f.at(21)))
        job = try #require(try await f.store.jobs.lease(.process, seconds: 60, now: f.at(21)))
        #expect(job.attempts == 2)
        #expect(try await f.store.jobs.kill(job, error: "for good", now: f.at(22)))
        #expect(try await f.store.jobs.lease(.process, seconds: 60, now: f.at(9999)) == nil)
        #expect(try await f.store.jobs.find(job.id, in: f.ours)?.state == .dead)
        #expect(try await f.store.jobs.find(job.id, in: f.theirs) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `jobs are leased once each, however many workers ask`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        for index in 0..<20 { _ = try await f.queued("e\(index)", at: Double(index)) }
        let store = f.store, now = f.at(100)
        let leased = try await withThrowingTaskGroup { group in
            for _ in 0..<40 { group.addTask { try await store.jobs.lease(.process, seconds: 60, now: now)?.event.rawValue } }
            return try await group.reduce(into: [String?]()) { $0.append($1) }.compactMap { $0 }
        }
        #expect(leased.count == 20 && Set(leased).count == 20)
    }

    @Test(arguments: TestDatabase.kinds) func `an alert is planned once per event and target`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let event = try await f.queued("e")
        let ids = Counter()
        func plan(_ targets: [String]) async throws -> [Delivery] {
            try await f.store.deliveries.plan(event: event.id, channel: .telegram, targets: targets, in: f.ours, now: f.now) { ids.next() }
        }
        #expect(try await plan(["1", "2"]).map(\.target) == ["1", "2"])
        #expect(try await plan(["1", "2", "3"]).map(\.target) == ["3"])
        #expect(try await f.store.deliveries.list(event: event.id, in: f.ours).count == 3)
        #expect(try await f.store.deliveries.list(event: event.id, in: f.theirs).isEmpty)

        let job = try #require(try await f.store.jobs.lease(.deliver, seconds: 60, now: f.now))
        let id = try #require(job.delivery)
        #expect(try await f.store.deliveries.begin(id, in: f.ours, now: f.at(1))?.attempts == 1)
        let sent = try await f.store.deliveries.finish(
            id, state: .sent, reason: nil, providerMessage: "77", statusCode: 200, in: f.ours, now: f.at(2))
        #expect(sent?.sentAt == f.at(2) && sent?.providerMessage == "77")
        #expect(try await f.store.deliveries.begin(id, in: f.ours, now: f.at(3)) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `a link token works once, and not after its time`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        func start(_ id: String, _ hash: String) async throws -> LinkAttemptID {
            let attempt = TelegramLinkAttempt(
                id: LinkAttemptID(trusted: id), account: f.ours.account, device: f.device, createdAt: f.now, expiresAt: f.at(600), linkedAt: nil,
                chat: nil)
            try await f.store.telegram.startLink(attempt, tokenHash: hash)
            return attempt.id
        }
        let first = try await start("a", "h1")
        _ = try await start("b", "h2")
        let links = f.store.telegram
        #expect(try await links.completeLink(tokenHash: "h0", chat: "5", username: nil, now: f.at(1)) == .unknown)
        guard case .linked(let scope, let target) = try await links.completeLink(tokenHash: "h1", chat: "5", username: "u", now: f.at(1)) else {
            return #expect(Bool(false))
        }
        #expect(scope == f.ours && target.chat == "5")
        #expect(try await links.completeLink(tokenHash: "h1", chat: "6", username: nil, now: f.at(2)) == .alreadyLinked)
        #expect(try await links.completeLink(tokenHash: "h2", chat: "6", username: nil, now: f.at(600)) == .expired)
        #expect(try await links.attempt(first, device: f.device, in: f.ours)?.status(at: f.at(900)) == .ready)
        #expect(try await links.attempt(first, device: f.device, in: f.theirs) == nil)
        #expect(try await links.targets(device: f.device, in: f.ours).map(\.chat) == ["5"])
        #expect(try await links.targets(device: f.device, in: f.theirs).isEmpty)
    }
}

private final class Counter: @unchecked Sendable {
    // @unchecked: used inside one transaction at a time, on the database's thread.
    private var value = 0
    func next() -> String {
        value += 1
        return "id-\(value)"
    }
}
