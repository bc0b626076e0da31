// The owner of an AVCodecContext that decodes one stream of a file.

internal import CLibAV

final class Decoder {
    /// A file may claim any size later on; no frame beyond 8192x8192 is allocated.
    static let maximumPixels: Int64 = 8192 * 8192

    let context: UnsafeMutablePointer<AVCodecContext>
    let stream: Int32
    let timeBase: AVRational

    /// avcodec_find_decoder and avcodec_open2.
    init(_ file: InputFile, stream: Int32, threads: Int32 = 1) throws(MediaError) {
        self.stream = stream
        let source = file.stream(stream)
        timeBase = source.pointee.time_base
        let name = LibAV.codecName(source.pointee.codecpar.pointee.codec_id)
        guard let codec = avcodec_find_decoder(source.pointee.codecpar.pointee.codec_id) else {
            throw MediaError("\(name) cannot be decoded here")
        }
        context = try LibAV.allocated(avcodec_alloc_context3(codec))
        try LibAV.check(avcodec_parameters_to_context(context, source.pointee.codecpar), "the \(name) stream cannot be read")
        context.pointee.thread_count = threads
        context.pointee.max_pixels = Self.maximumPixels
        try LibAV.check(avcodec_open2(context, codec, nil), "the \(name) stream cannot be decoded")
    }

    /// For pictures that are in no file.
    ///
    /// - Parameter extradata: what the codec wants to know first, such as avcC.
    init(_ codecID: AVCodecID, extradata: [UInt8] = []) throws(MediaError) {
        stream = 0
        timeBase = LibAV.microseconds
        guard let codec = avcodec_find_decoder(codecID) else { throw MediaError("\(LibAV.codecName(codecID)) cannot be decoded here") }
        context = try LibAV.allocated(avcodec_alloc_context3(codec))
        context.pointee.thread_count = 1
        context.pointee.max_pixels = Self.maximumPixels
        if !extradata.isEmpty {
            let memory = try LibAV.allocated(av_mallocz(extradata.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)))
            context.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
            context.pointee.extradata.update(from: extradata, count: extradata.count)
            context.pointee.extradata_size = Int32(extradata.count)
        }
        try LibAV.check(avcodec_open2(context, codec, nil), "\(LibAV.codecName(codecID)) cannot be decoded here")
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// Feeds a packet (`nil`: the end) and hands out what comes of it. Damaged packets are passed over.
    ///
    /// - Returns: `false` when `body` wants no more.
    func decode(_ packet: Packet?, into frame: Frame, _ body: (Frame) throws(MediaError) -> Bool) throws(MediaError) -> Bool {
        _ = avcodec_send_packet(context, packet?.pointer)
        while avcodec_receive_frame(context, frame.pointer) >= 0 {
            guard try body(frame) else { return false }
            frame.clear()
        }
        return true
    }

    /// Seconds of a frame on the stream's clock.
    func seconds(of frame: Frame) -> Double? {
        let time = frame.pointer.pointee.best_effort_timestamp
        return time == PW_AV_NOPTS_VALUE ? nil : Double(time) * timeBase.value
    }
}
