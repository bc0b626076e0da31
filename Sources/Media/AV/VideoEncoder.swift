// The owner of an AVCodecContext that encodes video.

internal import CLibAV

final class VideoEncoder {
    let context: UnsafeMutablePointer<AVCodecContext>

    enum Codec: Sendable {
        /// libx264, for players everywhere.
        case h264(bitRate: Int64?)
        /// Quality from 2 (best) to 31.
        case jpeg(quality: Int32)
    }

    init(_ codec: Codec, width: Int32, height: Int32, globalHeader: Bool = false) throws(MediaError) {
        let name: String
        switch codec {
        case .h264: name = "libx264"
        case .jpeg: name = "mjpeg"
        }
        guard let encoder = avcodec_find_encoder_by_name(name) else { throw MediaError("the encoder \(name) is not installed") }
        context = try LibAV.allocated(avcodec_alloc_context3(encoder))
        context.pointee.width = width
        context.pointee.height = height
        context.pointee.time_base = LibAV.microseconds
        context.pointee.thread_count = 1
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        switch codec {
        case .h264(let bitRate):
            context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
            context.pointee.gop_size = 60
            // No B-frames, so that times stay in order for every container.
            context.pointee.max_b_frames = 0
            av_dict_set(&options, "preset", "veryfast", 0)
            if let bitRate {
                context.pointee.bit_rate = bitRate
                context.pointee.rc_max_rate = bitRate
                context.pointee.rc_buffer_size = Int32(clamping: bitRate)
            } else {
                av_dict_set(&options, "crf", "23", 0)
            }
        case .jpeg(let quality):
            context.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
            context.pointee.color_range = AVCOL_RANGE_JPEG
            context.pointee.flags |= AV_CODEC_FLAG_QSCALE
            context.pointee.global_quality = quality * FF_QP2LAMBDA
        }
        if globalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        try LibAV.check(avcodec_open2(context, encoder, &options), "the video cannot be encoded at \(width)x\(height)")
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// Feeds a frame (`nil`: the end) and hands out the packets that come of it.
    func encode(_ frame: Frame?, _ body: (Packet) throws(MediaError) -> Void) throws(MediaError) {
        try encodeFrames(context, frame, body)
    }
}

/// avcodec_send_frame and avcodec_receive_packet, for video and audio alike.
func encodeFrames(
    _ context: UnsafeMutablePointer<AVCodecContext>, _ frame: Frame?, _ body: (Packet) throws(MediaError) -> Void
) throws(MediaError) {
    try LibAV.check(avcodec_send_frame(context, frame?.pointer), "a frame cannot be encoded")
    let packet = try Packet()
    while true {
        let status = avcodec_receive_packet(context, packet.pointer)
        if status == PW_AVERROR_EAGAIN || status == PW_AVERROR_EOF { return }
        try LibAV.check(status, "a frame cannot be encoded")
        try body(packet)
    }
}
