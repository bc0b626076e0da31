// A playable clip on the disk.

public struct AssembledClip: Hashable, Sendable {
    public let path: String
    /// `video/mp4` or `video/webm`.
    public let mime: String
    public let sizeBytes: Int64
    /// From the first picture to the end of the last.
    public let durationSeconds: Double
    /// Microseconds of the sensor's media clock at the first picture; 0 where the clip came as a file.
    public let firstTimestamp: UInt64
    public let width: Int
    public let height: Int
    /// libav's name, such as `h264`.
    public let videoCodec: String
    public let audioCodec: String?
    public let videoFrames: Int
    public let audioFrames: Int
    /// What was not as it should be, though the clip is usable.
    public let warnings: [String]
}

extension AssembledClip {
    func moved(to path: String) -> AssembledClip {
        AssembledClip(
            path: path, mime: mime, sizeBytes: sizeBytes, durationSeconds: durationSeconds, firstTimestamp: firstTimestamp, width: width,
            height: height, videoCodec: videoCodec, audioCodec: audioCodec, videoFrames: videoFrames, audioFrames: audioFrames,
            warnings: warnings)
    }
}
