// A clip that is streamed while it is recorded: which frame is wanted, what may be acknowledged, when it is whole.

public struct ClipReceiver: Hashable, Sendable {
    public enum Refusal: Error, Hashable, Sendable {
        case gap(expected: UInt32, got: UInt32)
        case windowExceeded(limit: Int)
        case tooLong(limitSeconds: Double)
        case afterEnd
        case wrongCount(declared: UInt32, received: UInt32)
        case empty
    }

    public enum FrameAction: Hashable, Sendable {
        /// Write it.
        case store
        /// It is here already (sent again after a break).
        case ignore
    }

    /// The next sequence that is wanted from the sensor.
    public private(set) var next: UInt32
    /// Every frame below is on disk.
    public private(set) var durable: UInt32
    private var unacknowledgedBytes = 0
    private var hasEnded = false
    private var firstTimestamp: UInt64?
    private let windowBytes: Int
    private let maximumSeconds: Double

    /// - Parameters:
    ///   - next: the first sequence not on disk; 0 for a new clip.
    ///   - windowBytes: payload bytes that may be under way; twice that is tolerated before the clip is refused.
    public init(next: UInt32, windowBytes: Int, maximumSeconds: Double) {
        self.next = next
        durable = next
        self.windowBytes = windowBytes
        self.maximumSeconds = maximumSeconds
    }

    /// Everything that came is on disk.
    public var isDrained: Bool { durable == next }

    public mutating func frame(_ header: FrameHeader, payloadBytes: Int) throws(Refusal) -> FrameAction {
        if header.sequence < next { return .ignore }
        guard !hasEnded else { throw .afterEnd }
        guard header.sequence == next else { throw .gap(expected: next, got: header.sequence) }
        unacknowledgedBytes += payloadBytes
        guard unacknowledgedBytes <= 2 * windowBytes else { throw .windowExceeded(limit: windowBytes) }
        if let first = firstTimestamp {
            // A tenth more than allowed, since the cut falls on a keyframe.
            let seconds = Double(header.timestamp &- min(first, header.timestamp)) / 1_000_000
            guard seconds <= maximumSeconds * 1.1 + 5 else { throw .tooLong(limitSeconds: maximumSeconds) }
        } else if !header.flags.contains(.configuration) {
            firstTimestamp = header.timestamp
        }
        next += 1
        if header.flags.contains(.last) { hasEnded = true }
        return .store
    }

    /// `next` frames are on disk, `bytes` of payload more than before.
    public mutating func persisted(next: UInt32, bytes: Int) {
        durable = max(durable, next)
        unacknowledgedBytes = max(0, unacknowledgedBytes - bytes)
    }

    /// The sensor says that it has sent `frames` in all.
    public mutating func close(frames: UInt32) throws(Refusal) {
        guard frames > 0 else { throw .empty }
        guard frames == next else { throw .wrongCount(declared: frames, received: next) }
        hasEnded = true
    }
}

extension ClipReceiver.Refusal {
    /// The limit that was passed, by the name under which the sensor was told of it.
    public var limit: String? {
        switch self {
        case .windowExceeded: "clip_window_bytes"
        case .tooLong: "max_clip_seconds"
        case .gap, .afterEnd, .wrongCount, .empty: nil
        }
    }
}

extension ClipReceiver.Refusal: CustomStringConvertible {
    /// For a person and for the sensor's developer.
    public var description: String {
        switch self {
        case .gap(let expected, let got): "sequence: frame \(expected) was expected, \(got) came"
        case .windowExceeded(let limit): "more than the window of \(limit) bytes was sent without waiting for clip.ack"
        case .tooLong(let limit): "the clip is longer than the \(Int(limit)) s that are allowed"
        case .afterEnd: "a frame came after the clip's last one"
        case .wrongCount(let declared, let received): "frames: \(declared) were declared, \(received) arrived"
        case .empty: "the clip has no frames"
        }
    }
}
