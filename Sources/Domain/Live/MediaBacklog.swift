// How much media waits for one connection, and for how long.

/// Derives the age of what waits from the bytes that wait, which is all that a socket tells. Frames of all streams of a connection share
/// one queue, and their media clocks have nothing in common: age is the time since a frame was queued, which is what a viewer lags by.
///
/// Constant time per frame on average, at most `maximumMarks` entries.
public struct MediaBacklog: Sendable {
    public struct Waiting: Hashable, Sendable {
        /// Without what is left of a replay.
        public var bytes: Int
        /// What is left of groups of pictures that were replayed: it came at one go, and says nothing of how fast the viewer is.
        public var replayBytes: Int
        /// Since the oldest frame that waits was queued; 0 while a replay is under way.
        public var seconds: Double

        public init(bytes: Int = 0, replayBytes: Int = 0, seconds: Double = 0) {
            self.bytes = bytes
            self.replayBytes = replayBytes
            self.seconds = seconds
        }

        public var allBytes: Int { bytes + replayBytes }
    }

    /// Frames that were queued at about the same time.
    private struct Mark: Sendable {
        /// Bytes ever queued, up to the last of them.
        var end: UInt64
        /// When the first of them was.
        let at: Timestamp
    }

    static let maximumMarks = 256
    private static let granularityMilliseconds: Int64 = 20

    /// The oldest is apart from the others: who keeps up has one or none, and touches no memory besides.
    private var oldest: Mark?
    private var later: [Mark] = []
    private var first = 0
    private var total: UInt64 = 0
    private var replayEnd: UInt64 = 0

    public init() {}

    /// Entries that are kept.
    var markCount: Int { oldest == nil ? 0 : 1 + later.count - first }

    /// A frame was handed to the socket.
    public mutating func queued(_ bytes: Int, isReplay: Bool = false, at now: Timestamp) {
        total += UInt64(bytes)
        if isReplay { replayEnd = total }
        guard let oldest else { return self.oldest = Mark(end: total, at: now) }
        let newest = first < later.count ? later[later.count - 1] : oldest
        let isFull = markCount >= Self.maximumMarks
        if isFull || now.milliseconds - newest.at.milliseconds < Self.granularityMilliseconds {
            if first < later.count { later[later.count - 1].end = total } else { self.oldest?.end = total }
        } else {
            later.append(Mark(end: total, at: now))
        }
    }

    /// - Parameter bytes: of media that wait, by the socket.
    public mutating func waiting(_ bytes: Int, now: Timestamp) -> Waiting {
        guard let oldest else { return Waiting(bytes: max(bytes, 0)) }
        let gone = total - min(UInt64(max(bytes, 0)), total)
        if oldest.end <= gone { forget(upTo: gone) }
        guard bytes > 0 else { return Waiting() }
        let replay = replayEnd > gone ? min(Int(replayEnd - gone), bytes) : 0
        let seconds = replay == 0 ? self.oldest.map { max(0, now.seconds(since: $0.at)) } ?? 0 : 0
        return Waiting(bytes: bytes - replay, replayBytes: replay, seconds: seconds)
    }

    private mutating func forget(upTo gone: UInt64) {
        while let mark = oldest, mark.end <= gone {
            oldest = first < later.count ? later[first] : nil
            if oldest != nil { first += 1 }
        }
        if oldest == nil || (first >= 64 && first * 2 >= later.count) {
            later.removeFirst(first)
            first = 0
        }
    }
}
