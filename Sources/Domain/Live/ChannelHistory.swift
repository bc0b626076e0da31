// The recent publications of a channel, so that a client that was away gets what it missed.

/// A place in a channel's run of publications.
public struct StreamPosition: Hashable, Sendable {
    /// Which run of offsets is meant.
    public let epoch: String
    /// Of the last publication that was seen.
    public let offset: UInt64

    public init(epoch: String, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }
}

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

    /// What was asked for cannot be continued: other offsets are counted now, or what comes next is no longer kept.
    public struct UnrecoverablePosition: Error, Hashable, Sendable {}

    /// Names this run of offsets; another epoch means that they cannot be compared.
    public let epoch: String
    /// Offset of the newest publication; 0 before the first.
    public private(set) var offset: UInt64 = 0
    private var entries: [Entry] = []
    /// Whether nothing is kept.
    public var isEmpty: Bool { entries.isEmpty }
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
        expire(at: now)
        return offset
    }

    /// Forgets what is too old. The offset stays: it would be given twice otherwise.
    public mutating func expire(at now: Timestamp) {
        entries.removeFirst(entries.prefix { now.seconds(since: $0.at) > maximumSeconds }.count)
    }

    /// What a client that has everything up to `offset` of `epoch` has missed.
    public func recover(epoch: String, offset: UInt64) -> Recovery {
        guard epoch == self.epoch, offset <= self.offset else { return Recovery(publications: [], recovered: false) }
        let missed = entries.filter { $0.offset > offset }
        // With a gap before the oldest entry that is kept, nothing is recovered.
        guard UInt64(missed.count) == self.offset - offset else { return Recovery(publications: [], recovered: false) }
        return Recovery(publications: missed, recovered: true)
    }

    /// What is kept, oldest first, or newest first with `reverse`.
    ///
    /// - Parameters:
    ///   - limit: at most so many; everything if negative.
    ///   - since: only what came after this position, or before it with `reverse`. An empty epoch is not compared.
    public func page(limit: Int64, since: StreamPosition?, reverse: Bool) throws(UnrecoverablePosition) -> [Entry] {
        var found = entries
        if let since {
            guard since.epoch.isEmpty || since.epoch == epoch, since.offset <= offset else { throw UnrecoverablePosition() }
            if reverse {
                found = entries.filter { $0.offset < since.offset }
            } else {
                found = entries.filter { $0.offset > since.offset }
                guard UInt64(found.count) == offset - since.offset else { throw UnrecoverablePosition() }
            }
        }
        if reverse { found.reverse() }
        guard limit >= 0 else { return found }
        return Array(found.prefix(Int(min(limit, Int64(maximumCount)))))
    }
}
