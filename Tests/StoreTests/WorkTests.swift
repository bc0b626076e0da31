import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct WorkTests {
    @Test(arguments: TestDatabase.kinds) func `a lease that ran out is given to another, and the first can do no more`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.queued("e")
        let first = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 10, now: f.at(0)))
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 10, now: f.at(9)) == nil)
        #expect(try await f.store.jobs.nextRunAt(.process) == f.at(10))
        let second = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 10, now: f.at(10)))
        #expect(second.attempts == 2)
        #expect(try await !f.store.jobs.complete(first, now: f.at(11)))
        #expect(try await !f.store.jobs.extend(first, seconds: 10, now: f.at(11)))
        #expect(try await f.store.jobs.extend(second, seconds: 30, now: f.at(11)))
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 10, now: f.at(30)) == nil)
        #expect(try await f.store.jobs.complete(second, now: f.at(31)))
        #expect(try await f.store.jobs.nextRunAt(.process) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `a job that failed comes again at its time, one given back at once, a dead one never`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        _ = try await f.queued("e")
        var job = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(0)))
        #expect(try await f.store.jobs.retry(job, at: f.at(20), error: "no", now: f.at(1)))
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(19)) == nil)
        job = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(20)))
        #expect(job.attempts == 2 && job.lastError == "no")
        #expect(try await f.store.jobs.release(job, now: f.at(21)))
        job = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(21)))
        #expect(job.attempts == 2)
        #expect(try await f.store.jobs.kill(job, error: "for good", now: f.at(22)))
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(9999)) == nil)
        #expect(try await f.store.jobs.find(job.id, in: f.ours)?.state == .dead)
        #expect(try await f.store.jobs.find(job.id, in: f.theirs) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `jobs are leased once each, however many workers ask`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        for index in 0..<20 { _ = try await f.queued("e\(index)", at: Double(index)) }
        let store = f.store, now = f.at(100)
        let leased = try await withThrowingTaskGroup { group in
            for _ in 0..<40 { group.addTask { try await store.jobs.lease(.process, owner: "w", seconds: 60, now: now)?.event.rawValue } }
            return try await group.reduce(into: [String?]()) { $0.append($1) }.compactMap { $0 }
        }
        #expect(leased.count == 20 && Set(leased).count == 20)
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
        #expect(scope == f.ours && target.address == "5" && target.channel == .telegram)
        #expect(try await links.completeLink(tokenHash: "h1", chat: "6", username: nil, now: f.at(2)) == .alreadyLinked)
        #expect(try await links.completeLink(tokenHash: "h2", chat: "6", username: nil, now: f.at(600)) == .expired)
        #expect(try await links.attempt(first, device: f.device, in: f.ours)?.status(at: f.at(900)) == .ready)
        #expect(try await links.attempt(first, device: f.device, in: f.theirs) == nil)
        #expect(try await f.store.targets.list(device: f.device, in: f.ours).map(\.address) == ["5"])
        #expect(try await f.store.targets.list(device: f.device, in: f.theirs).isEmpty)
    }

    @Test(arguments: TestDatabase.kinds) func `one account's flood does not delay another's first job`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        for index in 0..<6 { _ = try await f.queued("flood\(index)", at: Double(index)) }
        _ = try await f.queued("first", at: 50, in: f.theirs)
        func lease(at seconds: Double, limit: Int = .max) async throws -> Job? {
            try await f.store.jobs.lease(.process, owner: "w", seconds: 600, limitPerAccount: limit, now: f.at(seconds))
        }
        let first = try #require(try await lease(at: 60))
        #expect(try await lease(at: 61)?.event.rawValue == (first.event.rawValue == "first" ? "flood0" : "first"))
        // No more than two of ours at once; when one is done the next may go.
        #expect(try await lease(at: 62, limit: 2)?.event.rawValue == "flood1")
        #expect(try await lease(at: 63, limit: 2) == nil)
        let ours = first.event.rawValue == "first" ? nil : first
        if let ours {
            #expect(try await f.store.jobs.complete(ours, now: f.at(64)))
            #expect(try await lease(at: 65, limit: 2)?.event.rawValue == "flood2")
        }
    }

    @Test(arguments: TestDatabase.kinds) func `turns go round when one worker serves several accounts`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        for index in 0..<3 {
            _ = try await f.queued("a\(index)", at: Double(index))
            _ = try await f.queued("b\(index)", at: Double(100 + index), in: f.theirs)
        }
        var served: [Character] = []
        for second in 0..<6 {
            let job = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(200 + Double(second))))
            served.append(job.event.rawValue.first!)
            #expect(try await f.store.jobs.complete(job, now: f.at(200 + Double(second))))
        }
        #expect(String(served) == "ababab" || String(served) == "bababa")
    }

    @Test(arguments: TestDatabase.kinds) func `a worker that comes back takes up what it had, and nobody else's`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        for id in ["a", "b"] { _ = try await f.queued(id) }
        let gone = try #require(try await f.store.jobs.lease(.process, owner: "serve", seconds: 60, now: f.at(1)))
        let other = try #require(try await f.store.jobs.lease(.process, owner: "worker", seconds: 60, now: f.at(1)))
        try await f.store.jobs.releaseAll(owner: "serve", now: f.at(2))
        let again = try #require(try await f.store.jobs.lease(.process, owner: "serve", seconds: 60, now: f.at(2)))
        #expect(again.id == gone.id)
        #expect(try await !f.store.jobs.complete(gone, now: f.at(3)))
        #expect(try await f.store.jobs.complete(other, now: f.at(3)))
    }

    @Test(arguments: TestDatabase.kinds) func `a clock that is set neither stops work nor ends leases`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        for id in ["a", "b"] { _ = try await f.queued(id, at: 1000) }
        let leased = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(1000)))
        // Back by a quarter of an hour: what waits would wait for so long.
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(100)) == nil)
        try await f.store.jobs.clockJumped(by: -900_000, owner: "w")
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(100))?.event.rawValue == "b")
        #expect(try await f.store.jobs.find(leased.id, in: f.ours)?.leaseUntil == f.at(160))
        // Forth by a day: a lease keeps its length.
        try await f.store.jobs.clockJumped(by: 86_400_000, owner: "w")
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(86_500)) == nil)
        // And what a wrong clock left behind before the start.
        let job = try #require(try await f.store.jobs.find(leased.id, in: f.ours))
        #expect(try await f.store.jobs.retry(leased, at: f.at(1_000_000), error: "x", now: f.at(86_500)) && job.state == .leased)
        try await f.store.jobs.clampFuture(limitSeconds: 86_400, now: f.at(86_500))
        #expect(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(86_500))?.id == leased.id)
    }

    @Test(arguments: TestDatabase.kinds) func `a dead job is listed with its error, and goes on when a person asks`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let event = try await f.queued("e")
        let job = try #require(try await f.store.jobs.lease(.process, owner: "w", seconds: 60, now: f.at(1)))
        _ = try await f.store.events.apply(.started, to: event.id, in: f.ours, now: f.at(1))
        let failure = EventFailure(stage: .processing, reason: "no codec", retryable: true)
        _ = try await f.store.events.apply(.failed(failure), to: event.id, in: f.ours, now: f.at(2))
        _ = try await f.store.jobs.kill(job, error: "no codec", now: f.at(2))
        var filter = JobFilter()
        filter.state = .dead
        let dead = try await f.store.jobs.list(filter, in: f.ours, page: Page()).items
        #expect(dead.map(\.lastError) == ["no codec"])
        #expect(try await f.store.jobs.list(filter, in: f.theirs, page: Page()).items.isEmpty)
        let depths = try await f.store.jobs.depths()
        #expect(depths.map(\.state) == [.dead] && depths.map(\.count) == [1])
        guard case .unknown = try await f.store.jobs.requeue(job.id, deadline: f.at(99), in: f.theirs, now: f.at(3)) else { return #expect(Bool(false)) }
        guard case .queued(let queued) = try await f.store.jobs.requeue(job.id, deadline: f.at(99), in: f.ours, now: f.at(3)) else {
            return #expect(Bool(false))
        }
        #expect(queued.state == .queued && queued.attempts == 0)
        #expect(try await f.store.events.find(event.id, in: f.ours)?.state == .queued)
        guard case .refused = try await f.store.jobs.requeue(job.id, deadline: f.at(99), in: f.ours, now: f.at(4)) else { return #expect(Bool(false)) }
    }
}
