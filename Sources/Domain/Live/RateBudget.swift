// How fast one client may send.

/// A token bucket for messages and one for bytes, each with a burst of `burstSeconds`. What has come is counted, be it too much: who is in
/// debt is not read from until the debt is paid.
public struct RateBudget: Sendable {
    public struct Limits: Hashable, Sendable {
        public var messagesPerSecond: Double
        public var bytesPerSecond: Double
        public var burstSeconds: Double

        public init(messagesPerSecond: Double = 2000, bytesPerSecond: Double = 64 * 1_048_576, burstSeconds: Double = 2) {
            self.messagesPerSecond = messagesPerSecond
            self.bytesPerSecond = bytesPerSecond
            self.burstSeconds = burstSeconds
        }
    }

    public enum Limit: String, Sendable { case messages, bytes }

    private let limits: Limits
    private var messages: Double
    private var bytes: Double
    private var countedAt: Timestamp

    public init(_ limits: Limits, now: Timestamp) {
        self.limits = limits
        messages = limits.messagesPerSecond * limits.burstSeconds
        bytes = limits.bytesPerSecond * limits.burstSeconds
        countedAt = now
    }

    /// Counts what has come.
    ///
    /// - Returns: the limit that is passed; nothing more is to be read until `isPaid`.
    public mutating func spend(messages count: Int = 1, bytes size: Int, at now: Timestamp) -> Limit? {
        refill(now)
        messages -= Double(count)
        bytes -= Double(size)
        return messages < 0 ? .messages : bytes < 0 ? .bytes : nil
    }

    /// Whether it may be read again.
    public mutating func isPaid(at now: Timestamp) -> Bool {
        refill(now)
        return messages >= 0 && bytes >= 0
    }

    private mutating func refill(_ now: Timestamp) {
        // A clock that was set back pays nothing.
        let seconds = max(0, now.seconds(since: countedAt))
        countedAt = now
        messages = min(messages + seconds * limits.messagesPerSecond, limits.messagesPerSecond * limits.burstSeconds)
        bytes = min(bytes + seconds * limits.bytesPerSecond, limits.bytesPerSecond * limits.burstSeconds)
    }
}
