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
        // libav finds pictures in nearly anything, even in plain text.
        av_dict_set(&options, "format_whitelist", "mov,mp4,m4a,3gp,matroska,webm,avi,mpegts", 0)
        defer { av_dict_free(&options) }
        let status = avformat_open_input(&context, path, nil, &options)
        guard status >= 0, let context else {
            let reason = !FileSize.exists(path) ? "there is no such file" : FileSize.of(path) == 0 ? "the file is empty" : "this is not a video file"
            throw MediaError(reason, code: status)
        }
        self.context = context
        // It decodes a little, with the sizes that the file claims.
        var limits = [OpaquePointer?](repeating: nil, count: Int(context.pointee.nb_streams))
        for index in limits.indices { av_dict_set(&limits[index], "max_pixels", String(Decoder.maximumPixels), 0) }
        let found = limits.withUnsafeMutableBufferPointer { avformat_find_stream_info(context, $0.baseAddress) }
        for index in limits.indices { av_dict_free(&limits[index]) }
        guard found >= 0 else { throw MediaError("the file's streams cannot be read", code: found) }
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
    }

    func stream(_ index: Int32) -> UnsafeMutablePointer<AVStream> { context.pointee.streams[Int(index)]! }

    /// av_find_best_stream; `nil` when there is none. A cover picture is no video.
    func best(_ type: AVMediaType) -> Int32? {
        let index = av_find_best_stream(context, type, -1, -1, nil, 0)
        guard index >= 0, stream(index).pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 else { return nil }
        return index
    }

    /// The best video stream with a size that a camera can have.
    func video() throws(MediaError) -> Int32 {
        guard let index = best(AVMEDIA_TYPE_VIDEO) else { throw MediaError("the file has no video track") }
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
        av_seek_frame(context, -1, LibAV.ticks(seconds + startSeconds, LibAV.microseconds), AVSEEK_FLAG_BACKWARD)
    }

    /// Where the file's clock begins.
    var startSeconds: Double {
        context.pointee.start_time == PW_AV_NOPTS_VALUE ? 0 : Double(context.pointee.start_time) / 1_000_000
    }

    /// Reads all packets of a stream, and with that the file to its end.
    ///
    /// - Returns: how many there are, and seconds from the beginning of the first to the end of the last.
    func measure(_ stream: Int32) throws(MediaError) -> (packets: Int, seconds: Double) {
        let packet = try Packet()
        let timeBase = self.stream(stream).pointee.time_base.value
        var count = 0
        var span = TimeSpan()
        while read(packet) {
            guard packet.pointer.pointee.stream_index == stream else { continue }
            count += 1
            guard let time = packet.time else { continue }
            span.add(Double(time) * timeBase, duration: Double(packet.pointer.pointee.duration) * timeBase)
        }
        return (count, span.seconds)
    }

    /// Seconds by the container's header; `nil` when it does not say.
    var declaredSeconds: Double? {
        let duration = context.pointee.duration
        return duration == PW_AV_NOPTS_VALUE || duration <= 0 ? nil : Double(duration) / 1_000_000
    }

    var container: String { String(cString: context.pointee.iformat.pointee.name) }
}
