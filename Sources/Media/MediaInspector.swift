// What a file is, and whether it is what was said of it.

internal import CLibAV

/// Blocks; for a thread of one's own.
public enum MediaInspector {
    /// Reads the file to its end without decoding it.
    ///
    /// - Throws: when this is no file with a video track.
    public static func inspect(file: String) throws(MediaError) -> MediaInfo {
        let input = try InputFile(file)
        let index = try input.video()
        let video = input.stream(index).pointee.codecpar.pointee
        let audio = input.best(AVMEDIA_TYPE_AUDIO).map { LibAV.codecName(input.stream($0).pointee.codecpar.pointee.codec_id) }
        let measured = try input.measure(index)
        return MediaInfo(
            container: input.container, durationSeconds: measured.seconds, width: Int(video.width), height: Int(video.height),
            videoCodec: LibAV.codecName(video.codec_id), audioCodec: audio, frameCount: measured.packets)
    }

    /// Decodes a picture at the start and one near the end, and compares the duration with what was declared: a quarter, or one and a
    /// half seconds, either way is let pass.
    ///
    /// - Throws: in words that say what does not hold.
    public static func check(file: String, declaredDurationSeconds declared: Double?) throws(MediaError) {
        let actual = try inspect(file: file).durationSeconds
        let input = try InputFile(file)
        let stream = try input.video()
        guard try decodesPicture(input, stream) else { throw MediaError("the video cannot be decoded") }
        if actual > 2 {
            input.seek(toSeconds: actual - 0.5)
            guard try decodesPicture(input, stream) else { throw MediaError("the end of the video cannot be decoded") }
        }
        if let declared, !declared.isFinite || abs(actual - declared) > max(1.5, declared / 4) {
            throw MediaError("duration_seconds: \(rounded(declared)) s were declared, the clip has \(rounded(actual)) s")
        }
    }

    /// Whether a picture comes of what follows.
    static func decodesPicture(_ input: InputFile, _ stream: Int32) throws(MediaError) -> Bool {
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
