// The bounds of live streams.

/// What one live stream, its viewers and its account may take up.
public struct LiveLimits: Hashable, Sendable {
    /// A viewer with more bytes than this waiting is skipped to the next keyframe.
    public var maximumBacklogBytes: Int
    /// So is one for whom a frame has been waiting longer.
    public var maximumBacklogSeconds: Double
    /// It gets that keyframe only with at most this much still waiting; the same holds for a cached group of pictures.
    public var resumeBacklogBytes: Int
    /// How long the sensor goes on after the last viewer left.
    public var graceSeconds: Double
    /// How long an asked-for keyframe may take before it is asked for again, and before who waits gets the cached group of pictures.
    public var keyframePatienceSeconds: Double
    /// A group of pictures beyond one of these is not cached.
    public var maximumGroupBytes: Int
    /// Of media, and of time since its newest picture came.
    public var maximumGroupSeconds: Double
    public var viewersPerStream: Int
    public var streamsPerAccount: Int

    public init(
        maximumBacklogBytes: Int = 2 << 20, maximumBacklogSeconds: Double = 2, resumeBacklogBytes: Int = 256 << 10, graceSeconds: Double = 2,
        keyframePatienceSeconds: Double = 0.5, maximumGroupBytes: Int = 4 << 20, maximumGroupSeconds: Double = 4, viewersPerStream: Int = 64,
        streamsPerAccount: Int = 32
    ) {
        self.maximumBacklogBytes = maximumBacklogBytes
        self.maximumBacklogSeconds = maximumBacklogSeconds
        self.resumeBacklogBytes = resumeBacklogBytes
        self.graceSeconds = graceSeconds
        self.keyframePatienceSeconds = keyframePatienceSeconds
        self.maximumGroupBytes = maximumGroupBytes
        self.maximumGroupSeconds = maximumGroupSeconds
        self.viewersPerStream = viewersPerStream
        self.streamsPerAccount = streamsPerAccount
    }

    /// What may wait for a viewer. An eighth of the bytes at most, and never more than 256 KiB, is little enough to go on at a keyframe.
    public mutating func setBacklog(bytes: Int, seconds: Double) {
        maximumBacklogBytes = bytes
        maximumBacklogSeconds = seconds
        resumeBacklogBytes = min(256 << 10, bytes / 8)
    }
}
