// What a video file holds.

public struct MediaInfo: Hashable, Sendable {
    /// libav's name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    public let container: String
    /// Measured by the video's packets, since headers may say nothing, or anything.
    public let durationSeconds: Double
    /// Pixels.
    public let width: Int
    public let height: Int
    /// libav's name, such as `h264`.
    public let videoCodec: String
    public let audioCodec: String?
    /// Packets of the video.
    public let frameCount: Int
}
