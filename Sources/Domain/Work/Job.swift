// Background work as rows: leased, retried with backoff, dead after the limit.

public struct Job: Hashable, Sendable {
    public enum Work: String, Hashable, Sendable, CaseIterable {
        /// Mux, check and analyse an event's clip.
        case process
        /// Send one delivery.
        case deliver
    }

    /// Work that shares workers: one slow provider holds up nobody but those who wait for it.
    public enum Lane: Hashable, Sendable {
        case process
        case deliver(Delivery.Channel)

        /// In the database.
        public var name: String {
            switch self {
            case .process: "process"
            case .deliver(let channel): channel.rawValue
            }
        }

        public var work: Work {
            switch self {
            case .process: .process
            case .deliver: .deliver
            }
        }
    }

    public enum State: String, Hashable, Sendable, CaseIterable { case queued, leased, done, dead, dropped }

    public let id: JobID
    public let account: AccountID
    public let work: Work
    public let event: EventID
    /// The delivery to send (`Work.deliver`).
    public let delivery: DeliveryID?
    public var state: State
    /// How often it was tried, this time included.
    public var attempts: Int
    /// Tells one lease from all others of this job.
    public var lease: Int
    public var runAt: Timestamp
    public var leaseUntil: Timestamp?
    public var lastError: String?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: JobID, account: AccountID, work: Work, event: EventID, delivery: DeliveryID?, state: State, attempts: Int, lease: Int,
        runAt: Timestamp, leaseUntil: Timestamp?, lastError: String?, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.account = account
        self.work = work
        self.event = event
        self.delivery = delivery
        self.state = state
        self.attempts = attempts
        self.lease = lease
        self.runAt = runAt
        self.leaseUntil = leaseUntil
        self.lastError = lastError
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    public var scope: AccountScope { AccountScope(account) }
}

/// When work that failed is tried again.
public struct RetryPolicy: Hashable, Sendable {
    public let maximumAttempts: Int
    public let baseSeconds: Double
    public let maximumSeconds: Double

    public init(maximumAttempts: Int, baseSeconds: Double, maximumSeconds: Double) {
        self.maximumAttempts = maximumAttempts
        self.baseSeconds = baseSeconds
        self.maximumSeconds = maximumSeconds
    }

    public static let processing = RetryPolicy(maximumAttempts: 5, baseSeconds: 2, maximumSeconds: 300)
    /// Until the delivery's deadline.
    public static let delivery = RetryPolicy(maximumAttempts: .max, baseSeconds: 1, maximumSeconds: 300)

    /// Seconds until the next attempt after `attempts` have failed: exponential, with the upper half jittered by `random` (0…1), and
    /// never before `retryAfter` (what the other side asked for). `nil`: give up.
    public func delay(afterAttempts attempts: Int, random: Double, retryAfter: Double? = nil) -> Double? {
        guard attempts < maximumAttempts else { return nil }
        var ceiling = baseSeconds
        for _ in 1..<max(attempts, 1) where ceiling < maximumSeconds { ceiling *= 2 }
        ceiling = min(ceiling, maximumSeconds)
        let jittered = ceiling / 2 + ceiling / 2 * min(max(random, 0), 1)
        return max(jittered, retryAfter ?? 0)
    }
}
