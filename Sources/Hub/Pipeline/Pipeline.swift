// The background work: what waits in the jobs table is done, one lease at a time.

import Domain
import Media
public import Runtime
public import Store

/// Processes events and delivers alerts. Everything it does is a row first, so that the next start goes on where this one ends.
public final class Pipeline: Sendable {
    public struct Configuration: Sendable {
        /// Names this process among those that share the work; the same again after a restart.
        public var owner = "serve"
        /// One more than may work for one account at once, so that nobody waits behind somebody's long clip.
        public var processingWorkers = 3
        public var telegramWorkers = 6
        /// For each other channel.
        public var otherWorkers = 2
        /// A worker that says nothing for so long has lost its job to another.
        public var leaseSeconds = 30.0
        /// After an alert that arrived none follows to the same target for so long.
        public var cooldownSeconds = 0.0
        /// How long an alert is of use.
        public var deadlineSeconds = 21_600.0

        public init() {}
    }

    /// So often a job may be taken up without coming to an end. What fails in order is given up sooner (`RetryPolicy.processing`).
    private static let maximumBreaks = 12

    private let store: Store
    private let processor: EventProcessor
    private let deliverer: Deliverer
    public let planner: AlertPlanner
    private let configuration: Configuration
    private let clock: WallClock
    private let log = Log("pipeline")

    /// - Parameter channels: the ways in which alerts go out.
    public init(store: Store, storage: any ClipStorage, channels: AlertChannels, configuration: Configuration, clock: WallClock) {
        self.store = store
        processor = EventProcessor(
            store: store, storage: storage, media: ThreadPool(name: "media", threads: configuration.processingWorkers))
        deliverer = Deliverer(store: store, channels: channels.channels, cooldownSeconds: configuration.cooldownSeconds, clock: clock)
        planner = AlertPlanner(
            store: store, channels: Set(channels.channels.keys), deadlineSeconds: configuration.deadlineSeconds, clock: clock)
        self.configuration = configuration
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// Works until the task is cancelled; what is being worked on then is given back.
    public func run() async {
        await takeUp()
        await withDiscardingTaskGroup { group in
            for (lane, workers) in lanes {
                for _ in 0..<workers {
                    // One less than there are, so that nobody waits behind somebody's flood.
                    group.addTask { await self.work(lane, limit: max(workers - 1, 1)) }
                }
            }
            group.addTask { await self.watchClock() }
        }
    }

    /// Who works on what. A slow mail server holds up mails alone.
    private var lanes: [(Job.Lane, workers: Int)] {
        [
            (.process, configuration.processingWorkers), (.deliver(.telegram), configuration.telegramWorkers),
            (.deliver(.webhook), configuration.otherWorkers), (.deliver(.email), configuration.otherWorkers),
        ]
    }

    /// What this process had leased before it was ended, nobody works on any more.
    private func takeUp() async {
        while !Task.isCancelled {
            do {
                try await store.jobs.releaseAll(owner: configuration.owner, now: now)
                // Telegram may ask to wait for a day at most.
                try await store.jobs.clampFuture(limitSeconds: 90_000, now: now)
                return
            } catch {
                log.warning("the work of before cannot be taken up yet", ["error": String(describing: error)])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// A clock that is set must neither stop work (back) nor take leases away from those who work (forth).
    private func watchClock() async {
        var wall = clock.milliseconds, elapsed = MonotonicClock.system.milliseconds
        while (try? await Task.sleep(for: .milliseconds(500))) != nil {
            let nextWall = clock.milliseconds, nextElapsed = MonotonicClock.system.milliseconds
            let jump = (nextWall - wall) - (nextElapsed - elapsed)
            guard abs(jump) > 2000 else {
                (wall, elapsed) = (nextWall, nextElapsed)
                continue
            }
            log.warning("the clock was set", ["milliseconds": String(jump)])
            do {
                try await store.jobs.clockJumped(by: jump, owner: configuration.owner)
                (wall, elapsed) = (nextWall, nextElapsed)
            } catch {
                log.warning("work could not be moved with the clock yet", ["error": String(describing: error)])
            }
        }
    }

    // MARK: - Workers

    private func work(_ lane: Job.Lane, limit: Int) async {
        let bell = store.jobs.bell(lane.work)
        while !Task.isCancelled {
            let rings = bell.rings
            do {
                let job = try await store.jobs.lease(
                    lane, owner: configuration.owner, seconds: configuration.leaseSeconds, limitPerAccount: limit, now: now)
                if let job {
                    await keepingLease(of: job) { await self.attempt(job) }
                    continue
                }
                let next = try await store.jobs.nextRunAt(lane)
                // What is due already belongs to an account that has enough workers; one of those takes it up when it is free.
                let wait = next.map { min(max($0.milliseconds - now.milliseconds, 200), 5000) } ?? 5000
                await bell.wait(since: rings, milliseconds: wait)
            } catch {
                log.error("looking for work failed", ["work": lane.name, "error": String(describing: error)])
                await bell.wait(since: rings, milliseconds: 1000)
            }
        }
    }

    private func attempt(_ job: Job) async {
        do {
            let outcome =
                switch job.work {
                case .process: try await process(job)
                case .deliver: try await deliverer.deliver(job)
                }
            _ = try await persisting {
                switch outcome {
                case .done: try await store.jobs.complete(job, now: now)
                case .again(let time, let reason): try await store.jobs.retry(job, at: time, error: reason, now: now)
                case .notBefore(let time): try await store.jobs.release(job, at: time, now: now)
                case .dead(let reason): try await store.jobs.kill(job, error: reason, now: now)
                }
            }
        } catch is CancellationError {
            _ = try? await store.jobs.release(job, now: now)
        } catch {
            // What it was about may have been removed meanwhile, and its files with it.
            if let isOurs = try? await store.jobs.extend(job, seconds: configuration.leaseSeconds, now: now), !isOurs { return }
            log.error(
                "work failed", ["work": job.work.rawValue, "job_id": job.id.rawValue, "event_id": job.event.rawValue, "error": String(describing: error)])
            await giveBack(job, error)
        }
    }

    /// Extends the lease while the work goes on.
    private func keepingLease(of job: Job, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup { group in
            group.addTask { await body() }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(self.configuration.leaseSeconds / 3))) != nil {
                    _ = try? await self.store.jobs.extend(job, seconds: self.configuration.leaseSeconds, now: self.now)
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Something of the hub's own went wrong: later again, or given up with the reason in the event.
    private func giveBack(_ job: Job, _ error: any Error) async {
        let words = "the hub could not do it: \(error)"
        do {
            try await persisting { try await giveBack(job, error, words) }
        } catch {
            // The lease runs out and the job comes again.
            log.error("a job could not be given back", ["job_id": job.id.rawValue, "error": String(describing: error)])
        }
    }

    private func giveBack(_ job: Job, _ error: any Error, _ words: String) async throws {
        let policy: RetryPolicy = job.work == .process ? .processing : .delivery
        // A full disk and a database that is away are nobody's fault, and pass: that was no attempt.
        let isPassing = (error as? StoreError)?.isPassing == true
        let attempts = isPassing ? min(job.attempts, policy.maximumAttempts - 1) : job.attempts
        guard let delay = policy.delay(afterAttempts: attempts, random: Crypto.randomFraction()) else {
            try await fail(job, EventFailure(stage: .processing, reason: words, retryable: true))
            return
        }
        if job.work == .process { _ = try await store.events.apply(.requeued, to: job.event, holding: job, in: job.scope, now: now) }
        if let delivery = job.delivery, !(error is Deliverer.SentButNotNoted) {
            let later = Delivery.Input.postponed(reason: words, statusCode: nil, mayHaveArrived: false)
            _ = try await store.deliveries.finish(delivery, later, kind: "hub", holding: job, in: job.scope, now: now)
        }
        let time = now.advanced(bySeconds: delay)
        if isPassing {
            try await store.jobs.release(job, at: time, now: now)
        } else {
            try await store.jobs.retry(job, at: time, error: words, now: now)
        }
    }

    // MARK: - Processing

    private func process(_ job: Job) async throws -> Deliverer.Outcome {
        if job.attempts > Self.maximumBreaks {
            let reason = "processing was broken off \(job.attempts - 1) times; perhaps this clip ends the hub"
            try await fail(job, EventFailure(stage: .processing, reason: reason, retryable: true))
            return .dead(reason: reason)
        }
        guard let event = try await store.events.apply(.started, to: job.event, holding: job, in: job.scope, now: now) else {
            // Dropped, or done before a crash: only the alerts may be missing.
            return try await planEnded(job)
        }
        let prompt = try await store.sessions.find(event.session, in: job.scope)?.analysisPrompt
        let result: EventProcessor.Result
        do {
            result = try await processor.process(
                event, prompt: prompt, in: job.scope,
                charge: { seconds in
                    try await store.ledger.charge(
                        event.id, seconds: seconds, id: makeUUIDv7(milliseconds: clock.milliseconds), in: job.scope, now: now)
                },
                isOurs: { try await store.jobs.extend(job, seconds: configuration.leaseSeconds, now: now) })
        } catch is EventProcessor.LeaseLost {
            log.info("another worker has this event, or it was removed", ["event_id": event.id.rawValue])
            return .done
        } catch let error as MediaError {
            log.info("a clip cannot be used", ["event_id": event.id.rawValue, "reason": error.debugDescription])
            try await fail(job, EventFailure(stage: .processing, reason: error.reason, retryable: false))
            return .dead(reason: error.reason)
        }
        let finished = try await persisting {
            try await store.events.apply(.finished, to: event.id, changes: result.changes, holding: job, in: job.scope, now: now)
        }
        // Dropped, or written by a try whose answer was lost.
        guard let done = finished else { return try await planEnded(job) }
        try await persisting { try await planner.planClip(done, in: job.scope) }
        // The phone may still bring the rest of an incomplete clip.
        if !done.clip.isIncomplete { await processor.removeReceived(done, in: job.scope) }
        return .done
    }

    /// However often an event comes to its end, nobody is told twice.
    private func planEnded(_ job: Job) async throws -> Deliverer.Outcome {
        try await persisting {
            if let event = try await store.events.find(job.event, in: job.scope), event.state.isFinal {
                try await planner.planClip(event, in: job.scope)
            }
        }
        return .done
    }

    private func fail(_ job: Job, _ failure: EventFailure) async throws {
        guard job.work == .process else { return }
        _ = try await persisting { try await store.events.fail(job, failure, now: now) }
        _ = try await planEnded(job)
    }
}
