// A piece of a recorded stream that can be appended behind its beginning.

/// A media segment: for WebM a Cluster of known size, for MP4 a `moof` with its `mdat`.
public struct ContainerSegment: Hashable, Sendable {
    public var bytes: [UInt8]
    /// Whether its first picture is a keyframe, and nothing of it needs an earlier one.
    public var isKeyframe: Bool
    /// Microseconds of the stream's own clock.
    public var timestamp: UInt64
    /// Of its pictures, in microseconds; `nil` where the stream does not say.
    public var duration: UInt64?
}
