// What was taken back while somebody was being looked up.

/// The last that were taken back, numbered, so that who is looked up meanwhile is looked up again where that concerns them, and only there: who takes
/// back their own all the time keeps nobody else from connecting.
public struct Revocations<Entry: Sendable>: Sendable {
    /// How many there were in all.
    public private(set) var count: UInt64 = 0
    /// At most `capacity`; the one with the number n is at n modulo that.
    private var recent: [Entry] = []
    private let capacity: Int

    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    public mutating func append(_ entry: Entry) {
        if recent.count < capacity { recent.append(entry) } else { recent[Int(count % UInt64(capacity))] = entry }
        count += 1
    }

    /// Whether one of those that came after the first `number` may concern somebody: also where more came than are remembered.
    public func mayConcern(since number: UInt64, _ concerns: (Entry) -> Bool) -> Bool {
        guard number < count else { return false }
        guard count - number <= UInt64(capacity) else { return true }
        return (number..<count).contains { concerns(recent[Int($0 % UInt64(capacity))]) }
    }
}
