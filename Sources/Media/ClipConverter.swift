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

    private let path: String
    private let input: InputFile
    private let video: Int32
    private let audio: Int32?

    init(_ path: String) throws(MediaError) {
        self.path = path
        input = try InputFile(path)
        video = try input.video()
        audio = input.best(AVMEDIA_TYPE_AUDIO)
    }

    var videoCodec: AVCodecID { input.stream(video).pointee.codecpar.pointee.codec_id }
    var audioCodec: AVCodecID? { audio.map { input.stream($0).pointee.codecpar.pointee.codec_id } }

    /// Whether every browser and messenger decodes it: H.264 with eight bits and halved colour.
    private var isCommonH264: Bool {
        let parameters = input.stream(video).pointee.codecpar.pointee
        return parameters.codec_id == AV_CODEC_ID_H264
            && [AV_PIX_FMT_NONE, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P].contains(AVPixelFormat(parameters.format))
            && (parameters.video_delay == 0 || hasPresentationTimes)
    }

    /// AVI, and Matroska made from it, only say when a picture is decoded. Only a decoder knows when it is shown then.
    private var hasPresentationTimes: Bool {
        // A file of its own, since reading cannot be taken back.
        guard let file = try? InputFile(path), let packet = try? Packet() else { return false }
        for _ in 0..<64 where file.read(packet) {
            if packet.pointer.pointee.stream_index == video, packet.pointer.pointee.pts == PW_AV_NOPTS_VALUE { return false }
        }
        return true
    }

    /// The cheapest plan by which browsers can play the clip.
    var planForPlaying: Plan {
        if isCommonH264 {
            return Plan(container: .mp4, video: .copy, audio: audioPlan(copying: [AV_CODEC_ID_AAC, AV_CODEC_ID_OPUS, AV_CODEC_ID_MP3]))
        }
        if [AV_CODEC_ID_VP8, AV_CODEC_ID_VP9].contains(videoCodec), [nil, AV_CODEC_ID_OPUS, AV_CODEC_ID_VORBIS].contains(audioCodec) {
            return Plan(container: .webm, video: .copy, audio: audioCodec == nil ? .none : .copy)
        }
        return Plan(container: .mp4, video: .h264(maximumWidth: 1920, bitRate: nil), audio: audioPlan(copying: [AV_CODEC_ID_AAC]))
    }

    /// The plan by which messengers play the clip inline: MP4 with H.264 and AAC.
    ///
    /// - Parameter bitRate: of the video, in bits a second; `nil` when it may be what it is.
    func planForMessengers(bitRate: Int64?) -> Plan {
        let canCopy = isCommonH264 && bitRate == nil
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
        var pictures = try ConvertedVideo(input, video, plan.video, output)
        var sounds: ConvertedAudio?
        var warnings: [String] = []
        if let audio, plan.audio != .none {
            do {
                sounds = try ConvertedAudio(input, audio, plan.audio, output)
            } catch {
                warnings.append("the sound was left out: \(error.reason)")
            }
        }
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
        return AssembledClip(
            path: path, mime: plan.container.mime, sizeBytes: FileSize.of(path), durationSeconds: pictures.endSeconds, firstTimestamp: 0,
            width: Int(pictures.size.width), height: Int(pictures.size.height), videoCodec: pictures.codecName,
            audioCodec: sounds.flatMap { $0.count > 0 ? $0.codecName : nil }, videoFrames: pictures.count, audioFrames: sounds?.count ?? 0,
            warnings: warnings + output.warnings)
    }
}
