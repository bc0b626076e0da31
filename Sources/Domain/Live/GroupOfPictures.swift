// What a stream has sent since its last keyframe.

/// Frames of video and sound from the last video keyframe on, in order: whoever gets all of them can decode what follows. It is kept whole
/// or not at all; past a bound there is none until the next keyframe.
public struct GroupOfPictures<Frame: Sendable>: Sendable {
    private struct Entry: Sendable {
        let track: UInt16
        let frame: Frame
    }

    /// What a frame counts at least, so that many empty ones are bounded as well.
    private static var minimumBytes: Int { 256 }

    private let maximumBytes: Int
    private let maximumMicroseconds: UInt64
    private var entries: [Entry] = []
    /// The keyframe's media time.
    private var start: UInt64 = 0
    /// What is kept, each frame with at least a small amount.
    public private(set) var bytes = 0
    /// When its newest picture came; `nil` while there is no group.
    public private(set) var newestAt: Timestamp?

    public init(maximumBytes: Int, maximumSeconds: Double) {
        self.maximumBytes = maximumBytes
        maximumMicroseconds = UInt64(max(0, maximumSeconds) * 1_000_000)
    }

    public var isEmpty: Bool { entries.isEmpty }
    /// All of it, in order.
    public var frames: [Frame] { entries.map(\.frame) }
    /// The pictures alone, the keyframe first.
    public var pictures: [Frame] { entries.filter { $0.track == FrameHeader.videoTrack }.map(\.frame) }

    public mutating func add(_ header: FrameHeader, _ frame: Frame, bytes count: Int, now: Timestamp) {
        let isVideo = header.track == FrameHeader.videoTrack
        if header.flags.contains(.configuration) {
            // Of video: what was kept belongs to the configuration before, and a keyframe has to follow.
            if isVideo { return clear() }
            guard !isEmpty else { return }
            entries.removeAll { $0.track == header.track }
        } else if isVideo, header.flags.contains(.keyframe) {
            clear()
            start = header.timestamp
        } else if isEmpty {
            return
        }
        bytes += max(count, Self.minimumBytes)
        let age = header.timestamp > start ? header.timestamp - start : 0
        guard bytes <= maximumBytes, age <= maximumMicroseconds else { return clear() }
        entries.append(Entry(track: header.track, frame: frame))
        if isVideo { newestAt = now }
    }

    public mutating func clear() {
        entries = []
        bytes = 0
        newestAt = nil
    }
}
