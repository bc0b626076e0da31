// The owner of an AVFormatContext that writes.

internal import CLibAV

/// A file that players can use at once: MP4 with its index in front, or WebM with its cues in front.
final class OutputFile {
    enum Container: Sendable {
        case mp4, webm
        var format: String { self == .mp4 ? "mp4" : "webm" }
        var mime: String { self == .mp4 ? "video/mp4" : "video/webm" }
    }

    let container: Container
    private let context: UnsafeMutablePointer<AVFormatContext>
    private var lastDTS: [Int32: Int64] = [:]
    /// Packets that came out of order and were left out.
    private var outOfOrder = 0

    init(_ path: String, _ container: Container) throws(MediaError) {
        _ = LibAV.quiet
        self.container = container
        var made: UnsafeMutablePointer<AVFormatContext>?
        try LibAV.check(avformat_alloc_output_context2(&made, nil, container.format, path), "the clip cannot be written")
        context = try LibAV.allocated(made)
        try LibAV.check(avio_open(&context.pointee.pb, path, AVIO_FLAG_WRITE), "the clip cannot be written")
    }

    deinit {
        if context.pointee.pb != nil { avio_closep(&context.pointee.pb) }
        avformat_free_context(context)
    }

    /// Adds a stream whose parameters `fill` sets. Returns its index.
    func addStream(_ fill: (UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) -> Void) throws(MediaError) -> Int32 {
        let stream = try LibAV.allocated(avformat_new_stream(context, nil))
        try fill(stream.pointee.codecpar)
        stream.pointee.codecpar.pointee.codec_tag = 0
        stream.pointee.time_base = LibAV.microseconds
        return stream.pointee.index
    }

    /// Phones record upright pictures lying on their side, and say so beside them.
    func copyRotation(from source: UnsafeMutablePointer<AVStream>, to stream: Int32) {
        var size = 0
        guard let matrix = av_stream_get_side_data(source, AV_PKT_DATA_DISPLAYMATRIX, &size), size == 36,
            let copy = av_stream_new_side_data(context.pointee.streams[Int(stream)], AV_PKT_DATA_DISPLAYMATRIX, size)
        else { return }
        copy.update(from: matrix, count: size)
    }

    /// avformat_write_header, after all streams are there.
    func start() throws(MediaError) {
        var options: OpaquePointer?
        switch container {
        case .mp4: av_dict_set(&options, "movflags", "+faststart", 0)
        case .webm: av_dict_set(&options, "cues_to_front", "1", 0)
        }
        defer { av_dict_free(&options) }
        // Opus in MP4 counts as experimental in some versions.
        context.pointee.strict_std_compliance = -2
        try LibAV.check(avformat_write_header(context, &options), "the clip's streams do not fit into \(container.format)")
    }

    /// In words, what was left out.
    var warnings: [String] { outOfOrder > 0 ? ["\(outOfOrder) frames were out of order"] : [] }

    /// Writes a packet whose times are in `timeBase`; it is consumed.
    ///
    /// - Returns: `false` when it was left out, since its decoding time is not after the one before.
    @discardableResult
    func write(_ packet: Packet, stream: Int32, timeBase: AVRational) throws(MediaError) -> Bool {
        let raw = packet.pointer
        raw.pointee.stream_index = stream
        raw.pointee.pos = -1
        av_packet_rescale_ts(raw, timeBase, context.pointee.streams[Int(stream)]!.pointee.time_base)
        if let last = lastDTS[stream], raw.pointee.dts <= last {
            outOfOrder += 1
            packet.clear()
            return false
        }
        lastDTS[stream] = raw.pointee.dts
        try LibAV.check(av_interleaved_write_frame(context, raw), "the clip cannot be written")
        return true
    }

    /// av_write_trailer: the file is complete.
    func finish() throws(MediaError) {
        try LibAV.check(av_write_trailer(context), "the clip cannot be completed")
        try LibAV.check(avio_closep(&context.pointee.pb), "the clip cannot be written")
    }
}

extension UnsafeMutablePointer where Pointee == AVCodecParameters {
    /// Copies bytes into `extradata`, with the padding that libav wants.
    func setExtradata(_ bytes: [UInt8]) throws(MediaError) {
        let memory = try LibAV.allocated(av_mallocz(bytes.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)))
        pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
        bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { pointee.extradata.update(from: base, count: bytes.count) } }
        pointee.extradata_size = Int32(bytes.count)
    }
}
