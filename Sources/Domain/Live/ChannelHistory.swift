// The recent publications of a channel, so that a client that was away gets what it missed.

/// Bounded by number and age. Recovery is all or nothing: either everything since the client's offset, or "reload".
public struct ChannelHistory<Payload: Sendable>: Sendable {
    public struct Entry: Sendable {
        public let offset: UInt64
        public let payload: Payload
        public let at: Timestamp
    }

    public struct Recovery: Sendable {
        public let publications: [Entry]
        public let recovered: Bool
    }

    /// Names this run of offsets; another epoch means that they cannot be compared.
    public let epoch: String
    /// Offset of the newest publication; 0 before the first.
    public private(set) var offset: UInt64 = 0
    private var entries: [Entry] = []
    private let maximumCount: Int
    private let maximumSeconds: Double

    public init(epoch: String, maximumCount: Int = 256, maximumSeconds: Double = 300) {
        self.epoch = epoch
        self.maximumCount = maximumCount
        self.maximumSeconds = maximumSeconds
    }

    /// Adds a publication and returns its offset.
    public mutating func append(_ payload: Payload, at now: Timestamp) -> UInt64 {
        offset += 1
        entries.append(Entry(offset: offset, payload: payload, at: now))
        if entries.count > maximumCount { entries.removeFirst(entries.count - maximumCount) }
        let tooOld = entries.prefix { now.seconds(since: $0.at) > maximumSeconds }.count
        entries.removeFirst(tooOld)
        return offset
    }

    /// What a client that has everything up to `offset` of `epoch` has missed.
    public func recover(epoch: String, offset: UInt64) -> Recovery {
        guard epoch == self.epoch, offset <= self.offset else { return Recovery(publications: [], recovered: false) }
        let missed = entries.filter { $0.offset > offset }
        // With a gap before the oldest entry that is kept, nothing is recovered.
        guard UInt64(missed.count) == self.offset - offset else { return Recovery(publications: [], recovered: false) }
        return Recovery(publications: missed, recovered: true)
    }
}
