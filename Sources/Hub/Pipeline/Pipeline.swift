// The background work: what waits in the jobs table is done, one lease at a time.

public import Domain
import Media
public import Runtime
public import Store

/// Processes events and delivers alerts. Everything it does is a row first, so that the next start goes on where this one ends.
public final class Pipeline: Sendable {
    public struct Configuration: Sendable {
        /// `sendVideo` rather than `sendMessage`.
        public var sendsVideo: Bool
        public var processingWorkers = 2
        public var deliveryWorkers = 4
        /// A worker that says nothing for so long has lost its job to another.
        public var leaseSeconds = 60.0

        public init(sendsVideo: Bool) { self.sendsVideo = sendsVideo }
    }

    public typealias EventObserver = @Sendable (AccountScope, Event) async -> Void
    public typealias DeliveryObserver = @Sendable (AccountScope, Delivery) async -> Void

    private let store: Store
    private let processor: EventProcessor
    private let sender: TelegramSender?
    private let configuration: Configuration
    private let clock: WallClock
    private let onEvent: EventObserver
    private let onDelivery: DeliveryObserver
    private let bell = WakeBell()
    private let log = Log("pipeline")

    /// - Parameters:
    ///   - telegram: without it no alert is planned.
    ///   - onEvent: called after each change of an event that is in the database.
    public init(
        store: Store, storage: any ClipStorage, telegram: TelegramClient?, configuration: Configuration, clock: WallClock,
        onEvent: @escaping EventObserver, onDelivery: @escaping DeliveryObserver
    ) {
        self.store = store
        // libav's work is bounded by the cores, whatever the number of workers.
        let media = ThreadPool(name: "media", threads: 2)
        processor = EventProcessor(store: store, storage: storage, media: media)
        sender = telegram.map {
            TelegramSender(client: $0, storage: storage, media: media, sendsVideo: configuration.sendsVideo, clock: clock)
        }
        self.configuration = configuration
        self.clock = clock
        self.onEvent = onEvent
        self.onDelivery = onDelivery
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// There is new work.
    public func wake() async { bell.ring() }

    /// Works until the task is cancelled; what is being worked on then is given back.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<configuration.processingWorkers {
                group.addTask { await self.work(.process) { try await self.process($0) } }
            }
            // Without a sender planned deliveries wait until there is one again.
            guard sender != nil else { return }
            for _ in 0..<configuration.deliveryWorkers {
                group.addTask { await self.work(.deliver) { try await self.deliver($0) } }
            }
        }
    }

    // MARK: - Workers

    private func work(_ work: Job.Work, _ perform: @escaping @Sendable (Job) async throws -> Void) async {
        while !Task.isCancelled {
            let rings = bell.rings
            do {
                if let job = try await store.jobs.lease(work, seconds: configuration.leaseSeconds, now: now) {
                    await keepingLease(of: job) { await self.attempt(job, perform) }
                    continue
                }
                let next = try await store.jobs.nextRunAt(work)
                let wait = next.map { min(max($0.milliseconds - now.milliseconds, 10), 10_000) } ?? 10_000
                await bell.wait(since: rings, milliseconds: wait)
            } catch {
                log.error("looking for work failed", ["work": work.rawValue, "error": String(reflecting: error)])
                await bell.wait(since: rings, milliseconds: 2000)
            }
        }
    }

    private func attempt(_ job: Job, _ perform: @Sendable (Job) async throws -> Void) async {
        do {
            try await perform(job)
            try await store.jobs.complete(job, now: now)
        } catch is CancellationError {
            _ = try? await store.jobs.release(job, now: now)
        } catch {
            log.error(
                "work failed", ["work": job.work.rawValue, "job_id": job.id.rawValue, "event_id": job.event.rawValue, "error": String(reflecting: error)])
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
        let words = "the hub could not process the clip: \(error)"
        do {
            let policy: RetryPolicy = job.work == .process ? .processing : .delivery
            if let delay = policy.delay(afterAttempts: job.attempts, random: Crypto.randomFraction()) {
                if job.work == .process { await change(job, .requeued) }
                try await store.jobs.retry(job, at: now.advanced(bySeconds: delay), error: words, now: now)
            } else {
                if job.work == .process { await change(job, .failed(EventFailure(stage: .processing, reason: words, retryable: true))) }
                try await store.jobs.kill(job, error: words, now: now)
            }
        } catch {
            // The lease runs out and the job comes again.
            log.error("a job could not be given back", ["job_id": job.id.rawValue, "error": String(reflecting: error)])
        }
    }

    @discardableResult
    private func change(_ job: Job, _ input: EventState.Input, _ changes: EventChanges = EventChanges()) async -> Event? {
        do {
            guard let event = try await store.events.apply(input, to: job.event, changes: changes, in: job.scope, now: now) else { return nil }
            await onEvent(job.scope, event)
            return event
        } catch {
            log.error("an event could not be changed", ["event_id": job.event.rawValue, "error": String(reflecting: error)])
            return nil
        }
    }

    // MARK: - Processing

    private func process(_ job: Job) async throws {
        guard let event = try await store.events.apply(.started, to: job.event, in: job.scope, now: now) else {
            // Dropped, or done before a crash: only the alerts may be missing.
            if let event = try await store.events.find(job.event, in: job.scope), event.state == .done { try await planAlerts(event, in: job.scope) }
            return
        }
        await onEvent(job.scope, event)
        let prompt = try await store.sessions.find(event.session, in: job.scope)?.analysisPrompt
        let result: EventProcessor.Result
        do {
            result = try await processor.process(event, prompt: prompt, in: job.scope)
        } catch let error as MediaError {
            log.info("a clip cannot be used", ["event_id": event.id.rawValue, "reason": error.debugDescription])
            await change(job, .failed(EventFailure(stage: .processing, reason: error.reason, retryable: false)))
            return
        }
        guard let done = try await store.events.apply(.finished, to: event.id, changes: result.changes, in: job.scope, now: now) else { return }
        try await planAlerts(done, in: job.scope)
        await onEvent(job.scope, done)
        await processor.removeReceived(done, in: job.scope)
    }

    private func planAlerts(_ event: Event, in scope: AccountScope) async throws {
        guard sender != nil, event.analysis?.shouldNotify == true else { return }
        let chats = try await store.telegram.targets(device: event.device, in: scope).map(\.chat)
        let milliseconds = now.milliseconds
        let planned = try await store.deliveries.plan(event: event.id, channel: .telegram, targets: chats, in: scope, now: now) {
            makeUUIDv7(milliseconds: milliseconds)
        }
        guard !planned.isEmpty else { return }
        bell.ring()
        for delivery in planned { await onDelivery(scope, delivery) }
    }

    // MARK: - Delivering

    private func deliver(_ job: Job) async throws {
        guard let sender, let id = job.delivery, let delivery = try await store.deliveries.begin(id, in: job.scope, now: now),
            let event = try await store.events.find(job.event, in: job.scope)
        else { return }
        let label = try await store.devices.find(event.device, in: job.scope)?.label ?? "Camera"
        do {
            let message = try await sender.send(event, deviceLabel: label, to: delivery.target, in: job.scope)
            try await finish(delivery, .sent, message: message, in: job.scope)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try await failed(delivery, job, error)
        }
    }

    private func failed(_ delivery: Delivery, _ job: Job, _ error: any Error) async throws {
        let telegram = error as? TelegramError
        let isRetryable = telegram?.isRetryable ?? !(error is MediaError)
        var retryAfter: Double?
        if case .tooManyRequests(let seconds)? = telegram { retryAfter = seconds }
        let delay = RetryPolicy.delivery.delay(afterAttempts: job.attempts, random: Crypto.randomFraction(), retryAfter: retryAfter)
        let words = (telegram?.description ?? (error as? MediaError)?.reason) ?? "the hub could not send it"
        log.warning("an alert was not sent", ["event_id": job.event.rawValue, "delivery_id": delivery.id.rawValue, "reason": words])
        guard isRetryable, let delay else {
            try await finish(delivery, .failed, reason: words, status: telegram?.statusCode, in: job.scope)
            try await store.jobs.kill(job, error: words, now: now)
            return
        }
        try await finish(delivery, .retry, reason: words, status: telegram?.statusCode, in: job.scope)
        try await store.jobs.retry(job, at: now.advanced(bySeconds: delay), error: words, now: now)
    }

    private func finish(
        _ delivery: Delivery, _ state: Delivery.State, reason: String? = nil, message: String? = nil, status: Int? = nil, in scope: AccountScope
    ) async throws {
        let finished = try await store.deliveries.finish(
            delivery.id, state: state, reason: reason, providerMessage: message, statusCode: status, in: scope, now: now)
        if let finished { await onDelivery(scope, finished) }
    }
}
