// The stills that a sensor shows first, until there are enough to judge.

public struct PreviewStills: Hashable, Sendable {
    public static let maximumCount = 3
    /// Without any, it is judged then.
    static let patienceSeconds = 5.0
    /// After the last one that came.
    static let quietSeconds = 2.0

    private let openedAt: Timestamp
    private var stills: [UInt32: [UInt8]] = [:]
    private var lastAt: Timestamp?
    private var isComplete = false

    /// - Parameter now: by a clock that nobody sets, as in all calls.
    public init(now: Timestamp) { openedAt = now }

    /// In their order.
    public var pictures: [[UInt8]] { stills.sorted { $0.key < $1.key }.map(\.value) }

    /// - Parameters:
    ///   - sequence: below `maximumCount`.
    ///   - isLast: no other will come.
    /// - Returns: `false` for one that is beyond them.
    public mutating func add(_ jpeg: [UInt8], sequence: UInt32, isLast: Bool, now: Timestamp) -> Bool {
        guard sequence < Self.maximumCount else { return false }
        stills[sequence] = jpeg
        lastAt = now
        isComplete = isComplete || isLast || stills.count == Self.maximumCount
        return true
    }

    /// Whether they are to be judged as they are.
    public func isDue(at now: Timestamp) -> Bool {
        if isComplete { return true }
        if let lastAt { return now.seconds(since: lastAt) >= Self.quietSeconds }
        return now.seconds(since: openedAt) >= Self.patienceSeconds
    }
}
