// The owner of an AAC encoder and of what lies before it: resampler and FIFO.

internal import CLibAV

/// Takes decoded audio of any form, gives AAC at 48 kHz in one or two channels.
final class AudioEncoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    private var resampler: OpaquePointer?
    /// What the resampler was made for. Decoders may change this within a stream.
    private var form: (format: Int32, rate: Int32, channels: Int32) = (-1, 0, 0)
    private let fifo: OpaquePointer
    /// Of the next sample that leaves the FIFO, in samples; `nil` before the first frame.
    private var nextSample: Int64?
    private var silenceLeft = Int64(sampleRate) * 1800
    static let sampleRate: Int32 = 48_000

    init(channels: Int32) throws(MediaError) {
        guard let encoder = avcodec_find_encoder(AV_CODEC_ID_AAC) else { throw MediaError("the encoder aac is not installed") }
        let channels = min(max(channels, 1), 2)
        context = try LibAV.allocated(avcodec_alloc_context3(encoder))
        fifo = try LibAV.allocated(av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, channels, Self.sampleRate))
        context.pointee.sample_rate = Self.sampleRate
        context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
        av_channel_layout_default(&context.pointee.ch_layout, channels)
        context.pointee.bit_rate = 64_000 * Int64(channels)
        context.pointee.time_base = AVRational(num: 1, den: Self.sampleRate)
        context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        try LibAV.check(avcodec_open2(context, encoder, nil), "the sound cannot be encoded")
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
        av_audio_fifo_free(fifo)
        swr_free(&resampler)
    }

    /// - Parameter seconds: when the frame begins, on the clip's clock. A gap is filled with silence, so that sound stays with picture.
    func encode(_ frame: Frame, seconds: Double, _ body: (Packet) throws(MediaError) -> Void) throws(MediaError) {
        let raw = frame.pointer
        // From a rate of a few hertz, one frame would become minutes.
        guard raw.pointee.nb_samples > 0, (4_000...768_000).contains(raw.pointee.sample_rate), raw.pointee.ch_layout.nb_channels > 0 else {
            return
        }
        try prepareResampler(raw)
        let start = LibAV.ticks(seconds, context.pointee.time_base)
        if let next = nextSample {
            let queued = Int64(av_audio_fifo_size(fifo))
            let gap = start - (next + queued)
            // Small jitter is no gap; a very long one, or very many, are a broken clock.
            if gap > Int64(Self.sampleRate / 10), gap < Int64(Self.sampleRate) * 60, gap <= silenceLeft {
                silenceLeft -= gap
                try silence(samples: gap, body)
            }
        } else {
            nextSample = start
        }
        let converted = try makeFrame(samples: Int32(swr_get_out_samples(resampler, raw.pointee.nb_samples)))
        let count = try LibAV.check(
            swr_convert(
                resampler, converted.pointer.pointee.extended_data, converted.pointer.pointee.nb_samples,
                UnsafeMutableRawPointer(raw.pointee.extended_data).assumingMemoryBound(to: UnsafePointer<UInt8>?.self), raw.pointee.nb_samples),
            "the sound cannot be converted")
        try queue(converted, count)
        try drain(atEnd: false, body)
    }

    private func prepareResampler(_ raw: UnsafeMutablePointer<AVFrame>) throws(MediaError) {
        let new = (raw.pointee.format, raw.pointee.sample_rate, raw.pointee.ch_layout.nb_channels)
        guard resampler == nil || new != form else { return }
        swr_free(&resampler)
        try LibAV.check(
            swr_alloc_set_opts2(
                &resampler, &context.pointee.ch_layout, AV_SAMPLE_FMT_FLTP, Self.sampleRate, &raw.pointee.ch_layout,
                AVSampleFormat(raw.pointee.format), raw.pointee.sample_rate, 0, nil), "the sound cannot be converted")
        try LibAV.check(swr_init(resampler), "the sound cannot be converted")
        form = new
    }

    /// The end: what is left.
    func finish(_ body: (Packet) throws(MediaError) -> Void) throws(MediaError) {
        guard nextSample != nil else { return }
        try drain(atEnd: true, body)
        try encodeFrames(context, nil, body)
    }

    private func silence(samples: Int64, _ body: (Packet) throws(MediaError) -> Void) throws(MediaError) {
        var left = samples
        while left > 0 {
            let count = Int32(min(left, Int64(Self.sampleRate)))
            let frame = try makeFrame(samples: count)
            av_samples_set_silence(frame.pointer.pointee.extended_data, 0, count, context.pointee.ch_layout.nb_channels, AV_SAMPLE_FMT_FLTP)
            try queue(frame, count)
            try drain(atEnd: false, body)
            left -= Int64(count)
        }
    }

    private func queue(_ frame: Frame, _ count: Int32) throws(MediaError) {
        let data = UnsafeMutableRawPointer(frame.pointer.pointee.extended_data).assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
        try LibAV.check(av_audio_fifo_write(fifo, data, count), "out of memory")
    }

    private func drain(atEnd: Bool, _ body: (Packet) throws(MediaError) -> Void) throws(MediaError) {
        let size = context.pointee.frame_size
        while av_audio_fifo_size(fifo) >= size || (atEnd && av_audio_fifo_size(fifo) > 0) {
            let frame = try makeFrame(samples: min(size, av_audio_fifo_size(fifo)))
            let data = UnsafeMutableRawPointer(frame.pointer.pointee.extended_data).assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
            let count = try LibAV.check(av_audio_fifo_read(fifo, data, frame.pointer.pointee.nb_samples), "out of memory")
            frame.pointer.pointee.nb_samples = count
            frame.pointer.pointee.pts = nextSample ?? 0
            nextSample = (nextSample ?? 0) + Int64(count)
            try encodeFrames(context, frame, body)
        }
    }

    private func makeFrame(samples: Int32) throws(MediaError) -> Frame {
        let frame = try Frame()
        frame.pointer.pointee.nb_samples = max(samples, 1)
        frame.pointer.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
        frame.pointer.pointee.sample_rate = Self.sampleRate
        try LibAV.check(av_channel_layout_copy(&frame.pointer.pointee.ch_layout, &context.pointee.ch_layout), "out of memory")
        try LibAV.check(av_frame_get_buffer(frame.pointer, 0), "out of memory")
        return frame
    }
}
