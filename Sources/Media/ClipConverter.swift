// One file into another: streams copied where the target can take them, encoded anew where not.

internal import CLibAV

/// Blocks; for a thread of one's own.
struct ClipConverter {
    struct Plan {
        enum Video { case copy, h264(maximumWidth: Int, bitRate: Int64?) }
        enum Audio { case copy, aac, none }
        var container: OutputFile.Container
        var video: Video
        var audio: Audio
    }

    private let input: InputFile
    private let video: Int32
    private let audio: Int32?

    init(_ path: String) throws(MediaError) {
        input = try InputFile(path)
        video = try input.video()
        audio = input.best(AVMEDIA_TYPE_AUDIO)
    }

    var videoCodec: AVCodecID { input.stream(video).pointee.codecpar.pointee.codec_id }
    var audioCodec: AVCodecID? { audio.map { input.stream($0).pointee.codecpar.pointee.codec_id } }

    /// The cheapest plan by which browsers can play the clip.
    var planForPlaying: Plan {
        switch videoCodec {
        case AV_CODEC_ID_H264: Plan(container: .mp4, video: .copy, audio: audioPlan(copying: [AV_CODEC_ID_AAC, AV_CODEC_ID_OPUS, AV_CODEC_ID_MP3]))
        case AV_CODEC_ID_VP8, AV_CODEC_ID_VP9:
            Plan(container: .webm, video: .copy, audio: [AV_CODEC_ID_OPUS, AV_CODEC_ID_VORBIS].contains(audioCodec) ? .copy : .none)
        default: Plan(container: .mp4, video: .h264(maximumWidth: 1920, bitRate: nil), audio: audioPlan(copying: [AV_CODEC_ID_AAC]))
        }
    }

    /// The plan by which messengers play the clip inline: MP4 with H.264 and AAC.
    func planForMessengers(bitRate: Int64?) -> Plan {
        let canCopy = videoCodec == AV_CODEC_ID_H264 && bitRate == nil
        return Plan(
            container: .mp4, video: canCopy ? .copy : .h264(maximumWidth: 1280, bitRate: bitRate), audio: audioPlan(copying: [AV_CODEC_ID_AAC]))
    }

    private func audioPlan(copying: [AVCodecID]) -> Plan.Audio {
        guard let audioCodec else { return .none }
        return copying.contains(audioCodec) ? .copy : .aac
    }

    /// Converts into a file `path`.
    func run(_ plan: Plan, into path: String) throws(MediaError) -> AssembledClip {
        let output = try OutputFile(path, plan.container)
        var pictures = try VideoTrack(input, video, plan.video, output)
        var sounds: AudioTrack?
        if let audio, plan.audio != .none { sounds = try AudioTrack(input, audio, plan.audio, output) }
        try output.start()
        let packet = try Packet()
        while input.read(packet) {
            if packet.pointer.pointee.stream_index == video {
                try pictures.take(packet)
            } else if packet.pointer.pointee.stream_index == audio, let origin = pictures.origin {
                try sounds?.take(packet, origin: origin)
            }
        }
        try pictures.finish()
        if let origin = pictures.origin { try sounds?.finish(origin: origin) }
        guard pictures.count > 0 else { throw MediaError("the file has no picture that can be decoded") }
        try output.finish()
        let size = FileSize.of(path)
        let parameters = pictures.size
        return AssembledClip(
            path: path, mime: plan.container.mime, sizeBytes: size, durationSeconds: pictures.endSeconds, firstTimestamp: 0,
            width: Int(parameters.width), height: Int(parameters.height), videoCodec: pictures.codecName,
            audioCodec: sounds.flatMap { $0.count > 0 ? $0.codecName : nil }, videoFrames: pictures.count, audioFrames: sounds?.count ?? 0,
            warnings: output.warnings)
    }
}

/// The video's way from one file to the other. Its first keyframe is the clip's zero.
private struct VideoTrack {
    private let source: UnsafeMutablePointer<AVStream>
    private let output: OutputFile
    private let stream: Int32
    private let decoder: Decoder?
    private let encoder: VideoEncoder?
    private let scaler: Scaler?
    private let decoded: Frame
    /// Seconds on the source's clock.
    private(set) var origin: Double?
    private(set) var count = 0
    private(set) var endSeconds = 0.0
    let size: (width: Int32, height: Int32)
    let codecName: String

    init(_ input: InputFile, _ index: Int32, _ plan: ClipConverter.Plan.Video, _ output: OutputFile) throws(MediaError) {
        source = input.stream(index)
        self.output = output
        decoded = try Frame()
        let parameters = source.pointee.codecpar!
        switch plan {
        case .copy:
            decoder = nil
            encoder = nil
            scaler = nil
            size = (parameters.pointee.width, parameters.pointee.height)
            codecName = LibAV.codecName(parameters.pointee.codec_id)
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_copy(copy, parameters), "out of memory")
            }
        case .h264(let maximumWidth, let bitRate):
            let fitted = Scaler.fit(
                width: Int(parameters.pointee.width), height: Int(parameters.pointee.height), maximumWidth: maximumWidth)
            let encoder = try VideoEncoder(
                .h264(bitRate: bitRate), width: Int32(fitted.width), height: Int32(fitted.height), globalHeader: true)
            decoder = try Decoder(input, stream: index, threads: 2)
            scaler = Scaler(width: fitted.width, height: fitted.height, format: AV_PIX_FMT_YUV420P)
            self.encoder = encoder
            size = (Int32(fitted.width), Int32(fitted.height))
            codecName = "h264"
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_from_context(copy, encoder.context), "out of memory")
            }
        }
    }

    private var timeBase: AVRational { source.pointee.time_base }

    mutating func take(_ packet: Packet) throws(MediaError) {
        let raw = packet.pointer
        if raw.pointee.pts == PW_AV_NOPTS_VALUE { raw.pointee.pts = raw.pointee.dts }
        if raw.pointee.dts == PW_AV_NOPTS_VALUE { raw.pointee.dts = raw.pointee.pts }
        guard raw.pointee.pts != PW_AV_NOPTS_VALUE else { return }
        if origin == nil {
            guard raw.pointee.flags & AV_PKT_FLAG_KEY != 0 else { return }
            origin = Double(raw.pointee.pts) * timeBase.value
        }
        guard decoder == nil else { return try transcode(packet) }
        let zero = Int64((origin! / timeBase.value).rounded())
        let end = Double(raw.pointee.pts - zero + max(raw.pointee.duration, 0)) * timeBase.value
        raw.pointee.pts -= zero
        raw.pointee.dts -= zero
        endSeconds = max(endSeconds, end)
        count += 1
        try output.write(packet, stream: stream, timeBase: timeBase)
    }

    mutating func finish() throws(MediaError) {
        guard let encoder else { return }
        try transcode(nil)
        try encoder.encode(nil) { (packet) throws(MediaError) in try output.write(packet, stream: stream, timeBase: LibAV.microseconds) }
    }

    private mutating func transcode(_ packet: Packet?) throws(MediaError) {
        guard let decoder, let encoder, let scaler else { return }
        let origin = origin ?? 0, output = output, stream = stream
        var count = count, endSeconds = endSeconds, last: Int64 = Int64((endSeconds * 1_000_000).rounded()) - 1
        _ = try decoder.decode(packet, into: decoded) { (frame) throws(MediaError) in
            guard let seconds = decoder.seconds(of: frame) else { return true }
            let time = Int64(((seconds - origin) * 1_000_000).rounded())
            guard count == 0 || time > last, time >= 0 else { return true }
            let scaled = try scaler.scale(frame)
            scaled.pointer.pointee.pts = time
            last = time
            count += 1
            endSeconds = Double(time) / 1_000_000
            try encoder.encode(scaled) { (packet) throws(MediaError) in
                try output.write(packet, stream: stream, timeBase: LibAV.microseconds)
            }
            return true
        }
        self.count = count
        self.endSeconds = endSeconds
    }
}

/// The sound's way from one file to the other.
private struct AudioTrack {
    private let source: UnsafeMutablePointer<AVStream>
    private let output: OutputFile
    private let stream: Int32
    private let decoder: Decoder?
    private let encoder: AudioEncoder?
    private let decoded: Frame
    private(set) var count = 0
    let codecName: String

    init(_ input: InputFile, _ index: Int32, _ plan: ClipConverter.Plan.Audio, _ output: OutputFile) throws(MediaError) {
        source = input.stream(index)
        self.output = output
        decoded = try Frame()
        let parameters = source.pointee.codecpar!
        if plan == .copy {
            decoder = nil
            encoder = nil
            codecName = LibAV.codecName(parameters.pointee.codec_id)
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_copy(copy, parameters), "out of memory")
            }
        } else {
            let encoder = try AudioEncoder(channels: parameters.pointee.ch_layout.nb_channels)
            decoder = try Decoder(input, stream: index)
            self.encoder = encoder
            codecName = "aac"
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_from_context(copy, encoder.context), "out of memory")
            }
        }
    }

    mutating func take(_ packet: Packet, origin: Double) throws(MediaError) {
        let raw = packet.pointer
        let timeBase = source.pointee.time_base
        guard raw.pointee.pts != PW_AV_NOPTS_VALUE, Double(raw.pointee.pts) * timeBase.value >= origin - 0.001 else { return }
        guard decoder == nil else { return try transcode(packet, origin: origin) }
        let zero = Int64((origin / timeBase.value).rounded())
        raw.pointee.pts = max(raw.pointee.pts - zero, 0)
        raw.pointee.dts = raw.pointee.pts
        count += 1
        try output.write(packet, stream: stream, timeBase: timeBase)
    }

    mutating func finish(origin: Double) throws(MediaError) {
        guard let encoder else { return }
        try transcode(nil, origin: origin)
        let output = output, stream = stream, timeBase = encoder.context.pointee.time_base
        try encoder.finish { (packet) throws(MediaError) in try output.write(packet, stream: stream, timeBase: timeBase) }
    }

    private mutating func transcode(_ packet: Packet?, origin: Double) throws(MediaError) {
        guard let decoder, let encoder else { return }
        let output = output, stream = stream, timeBase = encoder.context.pointee.time_base
        var count = count
        _ = try decoder.decode(packet, into: decoded) { (frame) throws(MediaError) in
            guard let seconds = decoder.seconds(of: frame) else { return true }
            count += 1
            try encoder.encode(frame, seconds: max(seconds - origin, 0)) { (packet) throws(MediaError) in
                try output.write(packet, stream: stream, timeBase: timeBase)
            }
            return true
        }
        self.count = count
    }
}
