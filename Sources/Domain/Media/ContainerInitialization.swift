// The beginning of a recorded stream, without which nothing of it can be decoded.

/// An initialization segment in the sense of Media Source Extensions.
public struct ContainerInitialization: Hashable, Sendable {
    public enum Format: String, Hashable, Sendable { case webm, mp4 }

    public var format: Format
    /// Of each track in RFC 6381's form, in the order of the tracks.
    public var codecs: [String]
    /// Of the video in pixels; 0 where the stream does not say.
    public var width: Int
    public var height: Int
    /// WebM: EBML header, the head of a Segment of unknown size, Info, Tracks. MP4: `ftyp` and `moov`.
    public var bytes: [UInt8]

    /// As `MediaSource.isTypeSupported` wants it.
    public var mime: String { "video/\(format.rawValue);codecs=\"\(codecs.joined(separator: ","))\"" }
}
