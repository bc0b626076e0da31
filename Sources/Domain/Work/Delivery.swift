// One alert on its way to one target, as a pure state machine.

public struct Delivery: Hashable, Sendable {
    public enum Channel: String, Hashable, Sendable, CaseIterable { case telegram, webhook, email }

    /// `pending → sending → sent`, or `retry`, or an end with a reason.
    public enum State: String, Hashable, Sendable, CaseIterable {
        case pending, sending, retry, sent, failed, expired, suppressed

        /// Nothing happens to it any more by itself.
        public var isFinal: Bool {
            switch self {
            case .pending, .sending, .retry: false
            case .sent, .failed, .expired, .suppressed: true
            }
        }
    }

    /// How much of the alert there is to send: first perhaps a picture of the trigger, in the end clip and summary.
    public enum Stage: String, Hashable, Sendable, CaseIterable, Comparable {
        case still, clip
        public static func < (a: Stage, b: Stage) -> Bool { a == .still && b == .clip }
    }

    public enum Input: Hashable, Sendable {
        /// A worker takes it up.
        case begun
        /// The provider took it. `message` is its id there, where there is one.
        case delivered(Stage, message: String?)
        /// Not now; it is tried again. `mayHaveArrived`: nobody knows whether the provider took it.
        case postponed(reason: String, statusCode: Int?, mayHaveArrived: Bool)
        /// The worker stopped before it sent anything.
        case givenBack
        case failed(reason: String, statusCode: Int?)
        case expired
        case suppressed(reason: String)
        /// The clip is ready, or will never be.
        case completed
        /// Somebody deleted the message that was to be completed.
        case messageGone
        /// A person asked to try again.
        case retried(deadline: Timestamp)
    }

    public let id: DeliveryID
    public let event: EventID
    public let device: DeviceID
    public let channel: Channel
    /// The channel's own address: chat id, e-mail address, or `default` for the configured webhook.
    public let target: String
    public private(set) var state: State
    /// What is to be sent.
    public private(set) var wanted: Stage
    /// What has been sent.
    public private(set) var reached: Stage?
    public private(set) var attempts: Int
    /// Why it is not `sent`, in words.
    public private(set) var reason: String?
    /// Of the provider's last answer.
    public private(set) var statusCode: Int?
    /// The provider's id of the message.
    public private(set) var message: String?
    /// The provider may have got it more than once: after a crash or a lost answer nobody knows, and a repeat is better than silence.
    public private(set) var possibleRepeat: Bool
    public let createdAt: Timestamp
    public private(set) var updatedAt: Timestamp
    public private(set) var sentAt: Timestamp?
    /// After this it is of no use to anybody.
    public private(set) var deadline: Timestamp

    public init(
        id: DeliveryID, event: EventID, device: DeviceID, channel: Channel, target: String, state: State = .pending, wanted: Stage,
        reached: Stage? = nil, attempts: Int = 0, reason: String? = nil, statusCode: Int? = nil, message: String? = nil,
        possibleRepeat: Bool = false, createdAt: Timestamp, updatedAt: Timestamp, sentAt: Timestamp? = nil, deadline: Timestamp
    ) {
        self.id = id
        self.event = event
        self.device = device
        self.channel = channel
        self.target = target
        self.state = state
        self.wanted = wanted
        self.reached = reached
        self.attempts = attempts
        self.reason = reason
        self.statusCode = statusCode
        self.message = message
        self.possibleRepeat = possibleRepeat
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.sentAt = sentAt
        self.deadline = deadline
    }

    /// Something is left to be sent now.
    public var isDue: Bool { !state.isFinal && reached.map { $0 < wanted } ?? true }

    /// The delivery after `input`, or `nil` when that cannot happen in its state: nothing changes then.
    public func after(_ input: Input, at now: Timestamp) -> Delivery? {
        var next = self
        next.updatedAt = now
        switch (state, input) {
        case (.pending, .begun), (.retry, .begun):
            guard isDue else { return nil }
            next.state = .sending
            next.attempts += 1
        case (.sending, .begun):
            // Whoever was sending is gone, and may have been heard. Editing a message twice is no repeat.
            next.attempts += 1
            if message == nil { next.possibleRepeat = true }
        case (.sending, .delivered(let stage, let message)):
            next.reached = stage
            next.message = message ?? self.message
            next.sentAt = sentAt ?? now
            next.reason = nil
            next.state = stage == .clip ? .sent : .pending
        case (.sending, .postponed(let reason, let statusCode, let mayHaveArrived)):
            next.state = .retry
            next.reason = reason
            next.statusCode = statusCode
            if mayHaveArrived, message == nil { next.possibleRepeat = true }
        case (.sending, .givenBack):
            next.state = attempts > 1 ? .retry : .pending
            next.attempts -= 1
        case (.sending, .failed(let reason, let statusCode)):
            next.state = .failed
            next.reason = reason
            next.statusCode = statusCode
        case (.pending, .expired), (.retry, .expired), (.sending, .expired):
            next.state = .expired
            next.reason = "it could not be sent in time" + (reason.map { ": \($0)" } ?? "")
        case (.pending, .suppressed(let reason)), (.retry, .suppressed(let reason)), (.sending, .suppressed(let reason)):
            next.state = .suppressed
            next.reason = reason
        case (.pending, .completed), (.retry, .completed), (.sending, .completed):
            guard wanted < .clip else { return nil }
            next.wanted = .clip
        case (.sending, .messageGone):
            next.message = nil
            next.reached = nil
        case (.failed, .retried(let deadline)), (.expired, .retried(let deadline)):
            next.state = .pending
            next.deadline = deadline
        default: return nil
        }
        return next
    }
}

/// One try to send a delivery.
public struct DeliveryAttempt: Hashable, Sendable {
    /// `unknown`: the worker was gone before it could say.
    public enum Outcome: String, Hashable, Sendable { case sent, retry, failed, suppressed, unknown }

    /// From 1.
    public let number: Int
    public let stage: Delivery.Stage
    public let startedAt: Timestamp
    public let endedAt: Timestamp?
    public let outcome: Outcome?
    /// Of the provider's answer, where there was one.
    public let statusCode: Int?
    public let reason: String?

    public init(
        number: Int, stage: Delivery.Stage, startedAt: Timestamp, endedAt: Timestamp?, outcome: Outcome?, statusCode: Int?, reason: String?
    ) {
        self.number = number
        self.stage = stage
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.outcome = outcome
        self.statusCode = statusCode
        self.reason = reason
    }
}
