// The video's way from one file to the other.

internal import CLibAV

/// Its first keyframe is the clip's zero.
struct ConvertedVideo {
    /// More is a broken clock.
    static let maximumSeconds = 86_400.0

    private let source: UnsafeMutablePointer<AVStream>
    private let output: OutputFile
    private let stream: Int32
    private let coding: Coding?
    private let decoded: Frame
    private var span = TimeSpan()
    /// Of the last packet that was copied, in ticks of the source.
    private var lastDecodingTime: Int64?
    /// Of the last picture that was encoded, in microseconds.
    private var lastTime: Int64 = -1
    /// Seconds on the source's clock.
    private(set) var origin: Double?
    private(set) var count = 0
    let size: (width: Int32, height: Int32)
    let codecName: String

    /// What a stream needs that is not copied.
    private struct Coding {
        let decoder: Decoder
        let encoder: VideoEncoder
        let scaler: Scaler
    }

    var endSeconds: Double { span.endSeconds }

    init(_ input: InputFile, _ index: Int32, _ plan: ClipConverter.Plan.Video, _ output: OutputFile) throws(MediaError) {
        let source = input.stream(index)
        self.source = source
        self.output = output
        decoded = try Frame()
        let parameters = source.pointee.codecpar!
        switch plan {
        case .copy:
            coding = nil
            size = (parameters.pointee.width, parameters.pointee.height)
            codecName = LibAV.codecName(parameters.pointee.codec_id)
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_copy(copy, parameters), "out of memory")
            }
        case .h264(let maximumWidth, let bitRate):
            let fitted = Scaler.fit(
                width: Int(parameters.pointee.width), height: Int(parameters.pointee.height), maximumWidth: maximumWidth)
            size = (Int32(fitted.width), Int32(fitted.height))
            let encoder = try VideoEncoder(.h264(bitRate: bitRate), width: size.width, height: size.height, globalHeader: true)
            coding = Coding(
                decoder: try Decoder(input, stream: index, threads: 2), encoder: encoder,
                scaler: Scaler(width: fitted.width, height: fitted.height, format: AV_PIX_FMT_YUV420P))
            codecName = "h264"
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_from_context(copy, encoder.context), "out of memory")
            }
        }
        output.copyRotation(from: source, to: stream)
    }

    mutating func take(_ packet: Packet) throws(MediaError) {
        let raw = packet.pointer
        let timeBase = source.pointee.time_base
        guard let time = packet.time else { return }
        let seconds = Double(time) * timeBase.value
        if origin == nil {
            guard raw.pointee.flags & AV_PKT_FLAG_KEY != 0 else { return }
            origin = seconds
        }
        guard let origin, abs(seconds - origin) < Self.maximumSeconds else { return }
        if coding != nil { return try transcode(packet) }
        raw.pointee.duration = min(max(raw.pointee.duration, 0), LibAV.ticks(10, timeBase))
        let decodingTime = decodingTime(raw.pointee, shown: time)
        lastDecodingTime = decodingTime
        let zero = LibAV.ticks(origin, timeBase)
        raw.pointee.pts = time - zero
        raw.pointee.dts = decodingTime - zero
        let duration = Double(raw.pointee.duration) * timeBase.value
        guard try output.write(packet, stream: stream, timeBase: timeBase) else { return }
        count += 1
        span.add(seconds - origin, duration: duration)
    }

    /// When a packet is to be decoded, in ticks: never after it is shown, and after the packet before it where that is possible.
    /// Matroska does not say it, and libav only knows it once it has seen a few packets.
    private func decodingTime(_ packet: AVPacket, shown time: Int64) -> Int64 {
        let isKnown = packet.dts != PW_AV_NOPTS_VALUE && packet.dts.magnitude <= 1 << 60
        let rate = source.pointee.avg_frame_rate.value
        let frame = packet.duration > 0 ? packet.duration : rate > 0 ? LibAV.ticks(1 / rate, source.pointee.time_base) : 1
        guard let last = lastDecodingTime else {
            let delay = Int64(min(max(source.pointee.codecpar.pointee.video_delay, 0), 16))
            return isKnown ? min(packet.dts, time) : time - delay * frame
        }
        let wanted = isKnown ? packet.dts : last + frame
        return min(max(wanted, last + 1), time)
    }

    mutating func finish() throws(MediaError) {
        guard let coding else { return }
        try transcode(nil)
        try encode(nil, coding)
    }

    private mutating func transcode(_ packet: Packet?) throws(MediaError) {
        guard let coding, let origin else { return }
        let decoded = decoded
        // A struct's method cannot be called from the closure that `decode` wants while it is being changed.
        var copy = self
        _ = try coding.decoder.decode(packet, into: decoded) { (frame) throws(MediaError) in
            // The last pictures of an AVI come without a time.
            let seconds = coding.decoder.seconds(of: frame).map { $0 - origin } ?? Double(copy.lastTime) / 1_000_000 + copy.span.gap
            try copy.encode(frame, at: seconds, coding)
            return true
        }
        self = copy
    }

    private mutating func encode(_ frame: Frame, at seconds: Double, _ coding: Coding) throws(MediaError) {
        let time = LibAV.ticks(seconds, LibAV.microseconds)
        guard time > lastTime, seconds < Self.maximumSeconds else { return }
        let duration = Double(frame.pointer.pointee.pkt_duration) * source.pointee.time_base.value
        let scaled = try coding.scaler.scale(frame)
        scaled.pointer.pointee.pts = time
        lastTime = time
        count += 1
        span.add(Double(time) / 1_000_000, duration: duration)
        try encode(scaled, coding)
    }

    private func encode(_ frame: Frame?, _ coding: Coding) throws(MediaError) {
        try coding.encoder.encode(frame) { (packet) throws(MediaError) in
            // Only the last one's counts; without it the clip would end where its last picture begins.
            packet.pointer.pointee.duration = LibAV.ticks(span.gap, LibAV.microseconds)
            try output.write(packet, stream: stream, timeBase: LibAV.microseconds)
        }
    }
}
