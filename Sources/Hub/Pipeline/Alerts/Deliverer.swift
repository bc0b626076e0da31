// One delivery job: from the row to the provider and back to the row.

import Domain
import Media
import Runtime
import Store

struct Deliverer: Sendable {
    let store: Store
    let channels: [Delivery.Channel: any AlertChannel]
    let cooldownSeconds: Double
    let clock: WallClock
    private let log = Log("delivery")

    /// What is to become of the job.
    enum Outcome: Sendable {
        case done
        case again(at: Timestamp, reason: String)
        /// Not an attempt: give the job back until then.
        case notBefore(Timestamp)
        case dead(reason: String)
    }

    /// The provider has it, but no row says so. The delivery is left as it is: who takes it up next marks it.
    struct SentButNotNoted: Error, CustomStringConvertible {
        let reason: String
        var description: String { "the alert was sent but could not be noted: \(reason)" }
    }

    /// After so many ends of the process in the middle of an alert it is sent in words alone: perhaps the clip ends the hub.
    private static let maximumBreaks = 4

    init(store: Store, channels: [Delivery.Channel: any AlertChannel], cooldownSeconds: Double, clock: WallClock) {
        self.store = store
        self.channels = channels
        self.cooldownSeconds = cooldownSeconds
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    func deliver(_ job: Job) async throws -> Outcome {
        guard let id = job.delivery,
            let begun = try await store.deliveries.begin(id, cooldownSeconds: cooldownSeconds, holding: job, in: job.scope, now: now)
        else { return .done }
        let delivery = begun.delivery
        if begun.isOver { return delivery.state == .expired ? .dead(reason: delivery.reason ?? "") : .done }
        guard let event = try await store.events.find(job.event, in: job.scope) else { return .done }
        if let reason = reasonForSilence(delivery, event) {
            _ = try await store.deliveries.finish(id, .suppressed(reason: reason), holding: job, in: job.scope, now: now)
            return .done
        }
        let label = try await store.devices.find(event.device, in: job.scope)?.label ?? "Camera"
        do {
            guard let channel = channels[delivery.channel] else {
                throw AlertFailure(reason: "\(delivery.channel.rawValue) is not configured", remedy: .later(afterSeconds: 300))
            }
            let message = try await channel.send(
                Alert(scope: job.scope, event: event, deviceLabel: label, delivery: delivery, isFragile: begun.breaks > Self.maximumBreaks))
            try await note(.delivered(delivery.wanted, message: message), of: id, job)
            return .done
        } catch let failure as AlertFailure {
            return try await persisting { try await failed(delivery, job, failure) }
        } catch let error as MediaError {
            return try await persisting { try await failed(delivery, job, AlertFailure(reason: error.reason, remedy: .none)) }
        }
    }

    /// It is sent: without this row it would be sent again.
    private func note(_ input: Delivery.Input, of id: DeliveryID, _ job: Job) async throws {
        do {
            _ = try await persisting { try await store.deliveries.finish(id, input, holding: job, in: job.scope, now: now) }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw SentButNotNoted(reason: String(describing: error))
        }
    }

    /// A message that was begun is completed in any case; one that was not is not begun for nothing.
    private func reasonForSilence(_ delivery: Delivery, _ event: Event) -> String? {
        guard delivery.reached == nil, delivery.message == nil, delivery.wanted == .clip, !delivery.possibleRepeat else { return nil }
        switch event.state {
        case .done: return event.analysis?.shouldNotify == true ? nil : "nothing to tell" + (event.analysis?.alertReason.map { ": \($0)" } ?? "")
        case .failed(let failure): return "the event failed: \(failure.reason)"
        case .dropped(let reason): return "the event was dropped: \(reason)"
        case .recording, .uploaded, .queued, .processing: return nil
        }
    }

    private func failed(_ delivery: Delivery, _ job: Job, _ failure: AlertFailure) async throws -> Outcome {
        if case .notBefore(let time) = failure.remedy {
            _ = try await store.deliveries.finish(delivery.id, .givenBack, holding: job, in: job.scope, now: now)
            return .notBefore(time)
        }
        log.warning(
            "an alert was not sent", ["event_id": job.event.rawValue, "delivery_id": delivery.id.rawValue, "reason": failure.reason])
        if case .unlink = failure.remedy {
            try await store.targets.disable(channel: delivery.channel, address: delivery.target, reason: failure.reason, in: job.scope, now: now)
        }
        guard case .later(let seconds) = failure.remedy,
            let delay = RetryPolicy.delivery.delay(afterAttempts: job.attempts, random: Crypto.randomFraction(), retryAfter: seconds)
        else {
            let end = Delivery.Input.failed(reason: failure.reason, statusCode: failure.statusCode)
            _ = try await store.deliveries.finish(delivery.id, end, kind: failure.kind, holding: job, in: job.scope, now: now)
            return .dead(reason: failure.reason)
        }
        let later = Delivery.Input.postponed(
            reason: failure.reason, statusCode: failure.statusCode, mayHaveArrived: failure.mayHaveArrived)
        _ = try await store.deliveries.finish(delivery.id, later, kind: failure.kind, holding: job, in: job.scope, now: now)
        // Not after the deadline, so that it is told in time that it was missed.
        return .again(at: min(now.advanced(bySeconds: delay), max(delivery.deadline, now)), reason: failure.reason)
    }
}
