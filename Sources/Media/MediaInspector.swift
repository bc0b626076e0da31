// What a file is, and whether it is what was said of it.

internal import CLibAV

public struct MediaInfo: Hashable, Sendable {
    /// libav's name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    public let container: String
    /// By the container's header; `nil` when it does not say.
    public let durationSeconds: Double?
    public let width: Int
    public let height: Int
    public let videoCodec: String
    public let audioCodec: String?
}

/// Blocks; for a thread of one's own.
public enum MediaInspector {
    public static func inspect(file: String) throws(MediaError) -> MediaInfo {
        let input = try InputFile(file)
        let video = input.stream(try input.video()).pointee.codecpar.pointee
        let audio = input.best(AVMEDIA_TYPE_AUDIO).map { LibAV.codecName(input.stream($0).pointee.codecpar.pointee.codec_id) }
        return MediaInfo(
            container: input.container, durationSeconds: input.declaredSeconds, width: Int(video.width), height: Int(video.height),
            videoCodec: LibAV.codecName(video.codec_id), audioCodec: audio)
    }

    /// Decodes a picture at the start and one near the end, and compares the duration with what was declared: a quarter, or one and a
    /// half seconds, either way is let pass.
    public static func check(file: String, declaredDurationSeconds declared: Double?) throws(MediaError) {
        let input = try InputFile(file)
        let stream = try input.video()
        guard try decodesPicture(input, stream) else { throw MediaError("the video cannot be decoded") }
        let actual = input.declaredSeconds
        if let actual, actual > 2 {
            input.seek(toSeconds: actual - 0.5)
            guard try decodesPicture(input, stream) else { throw MediaError("the end of the video cannot be decoded") }
        }
        if let declared, let actual, abs(actual - declared) > max(1.5, declared / 4) {
            throw MediaError("duration_seconds: \(rounded(declared)) s were declared, the clip has \(rounded(actual)) s")
        }
    }

    private static func decodesPicture(_ input: InputFile, _ stream: Int32) throws(MediaError) -> Bool {
        let decoder = try Decoder(input, stream: stream)
        let packet = try Packet(), frame = try Frame()
        var found = false
        while !found, input.read(packet) {
            guard packet.pointer.pointee.stream_index == stream else { continue }
            found = try !decoder.decode(packet, into: frame) { (_) throws(MediaError) in false }
        }
        // A decoder may hold back its only picture until the end.
        if found { return true }
        return try !decoder.decode(nil, into: frame) { (_) throws(MediaError) in false }
    }

    private static func rounded(_ seconds: Double) -> String { String((seconds * 10).rounded() / 10) }
}
