// The owner of an AVFormatContext that reads.

internal import CLibAV

final class InputFile {
    let context: UnsafeMutablePointer<AVFormatContext>

    /// avformat_open_input and avformat_find_stream_info.
    ///
    /// - Throws: in words for a person when the file is missing, empty or no media file.
    init(_ path: String) throws(MediaError) {
        _ = LibAV.quiet
        var context: UnsafeMutablePointer<AVFormatContext>?
        var options: OpaquePointer?
        // A file must not make the hub open others, or connections, on its behalf (playlists do).
        av_dict_set(&options, "protocol_whitelist", "file", 0)
        defer { av_dict_free(&options) }
        let status = avformat_open_input(&context, path, nil, &options)
        guard status >= 0, let context else {
            throw MediaError(Self.isEmpty(path) ? "the file is empty" : "this is not a video file", code: status)
        }
        self.context = context
        let found = avformat_find_stream_info(context, nil)
        guard found >= 0 else { throw MediaError("the file's streams cannot be read", code: found) }
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
    }

    private static func isEmpty(_ path: String) -> Bool { FileSize.of(path) == 0 }

    func stream(_ index: Int32) -> UnsafeMutablePointer<AVStream> { context.pointee.streams[Int(index)]! }

    /// av_find_best_stream; `nil` when there is none. A cover picture is no video.
    func best(_ type: AVMediaType) -> Int32? {
        let index = av_find_best_stream(context, type, -1, -1, nil, 0)
        guard index >= 0, stream(index).pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 else { return nil }
        return index
    }

    /// The best video stream with a size that a camera can have.
    func video() throws(MediaError) -> Int32 {
        guard let index = best(AVMEDIA_TYPE_VIDEO) else { throw MediaError("the file has no video") }
        let parameters = stream(index).pointee.codecpar.pointee
        guard (16...8192).contains(parameters.width), (16...8192).contains(parameters.height) else {
            throw MediaError("the video's size is \(parameters.width)x\(parameters.height); 16 to 8192 pixels each way are possible")
        }
        return index
    }

    /// The next packet (av_read_frame); `false` at the end, which a truncated file reaches early.
    func read(_ packet: Packet) -> Bool {
        packet.clear()
        return av_read_frame(context, packet.pointer) >= 0
    }

    /// To the keyframe at or before (av_seek_frame). Failure leaves the position as it was, which decoding forward makes up for.
    func seek(toSeconds seconds: Double) {
        let start = context.pointee.start_time == PW_AV_NOPTS_VALUE ? 0 : context.pointee.start_time
        av_seek_frame(context, -1, start + Int64(seconds * 1_000_000), AVSEEK_FLAG_BACKWARD)
    }

    /// Seconds by the container's header; `nil` when it does not say.
    var declaredSeconds: Double? {
        let duration = context.pointee.duration
        return duration == PW_AV_NOPTS_VALUE || duration <= 0 ? nil : Double(duration) / 1_000_000
    }

    var container: String { String(cString: context.pointee.iformat.pointee.name) }
}
