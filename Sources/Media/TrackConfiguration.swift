// What a codec configuration frame says (docs/PROTOCOL.md, "Binary messages").

internal import CLibAV

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#endif

/// WebCodecs' decoder configuration of one track.
struct TrackConfiguration: Hashable, Decodable {
    let codec: String
    let width: Int?
    let height: Int?
    let sampleRate: Int?
    let channels: Int?
    /// avcC for H.264 with length prefixes, OpusHead for Opus, base64.
    let description: Data?

    private enum CodingKeys: String, CodingKey {
        case codec, width, height, channels, description
        case sampleRate = "sample_rate"
    }

    init(json: [UInt8]) throws(MediaError) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(json)) else {
            throw MediaError("a codec configuration of the clip is not the JSON that is expected")
        }
        self = value
    }

    var codecID: AVCodecID? {
        if codec.hasPrefix("avc1.") || codec.hasPrefix("avc3.") { return AV_CODEC_ID_H264 }
        if codec == "vp8" || codec.hasPrefix("vp08.") { return AV_CODEC_ID_VP8 }
        if codec.hasPrefix("vp09.") { return AV_CODEC_ID_VP9 }
        if codec == "opus" { return AV_CODEC_ID_OPUS }
        return nil
    }

    /// Also what clips cannot have, but libav can decode.
    var liveVideoCodecID: AVCodecID? {
        if codec.hasPrefix("av01.") { return AV_CODEC_ID_AV1 }
        if codec.hasPrefix("hev1.") || codec.hasPrefix("hvc1.") { return AV_CODEC_ID_HEVC }
        return codecID == AV_CODEC_ID_OPUS ? nil : codecID
    }

    /// Fills in the parameters of a stream.
    ///
    /// - Parameter firstKeyframe: where H.264 comes without a description, the parameter sets are in it.
    func fill(_ parameters: UnsafeMutablePointer<AVCodecParameters>, firstKeyframe: [UInt8]) throws(MediaError) {
        guard let codecID else { throw MediaError("the codec \(codec) is not one that clips can have") }
        parameters.pointee.codec_id = codecID
        if codecID == AV_CODEC_ID_OPUS {
            let channels = min(max(channels ?? 1, 1), 2)
            parameters.pointee.codec_type = AVMEDIA_TYPE_AUDIO
            parameters.pointee.sample_rate = 48_000
            av_channel_layout_default(&parameters.pointee.ch_layout, Int32(channels))
            parameters.pointee.frame_size = 960
            parameters.pointee.initial_padding = 312
            try parameters.setExtradata(opusHead(channels: channels))
            return
        }
        guard let width, let height, (16...8192).contains(width), (16...8192).contains(height) else {
            throw MediaError("the clip's video has no size")
        }
        parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
        parameters.pointee.width = Int32(width)
        parameters.pointee.height = Int32(height)
        guard codecID == AV_CODEC_ID_H264 else { return }
        if let description, description.count >= 7 {
            try parameters.setExtradata(Array(description))
        } else {
            let sets = H264.parameterSets(in: firstKeyframe)
            guard !sets.isEmpty else { throw MediaError("the clip's H.264 video has no parameter sets") }
            try parameters.setExtradata(sets)
        }
    }

    /// The identification header of RFC 7845, section 5.1.
    private func opusHead(channels: Int) -> [UInt8] {
        if let description, description.count >= 19, description.starts(with: Array("OpusHead".utf8)) { return Array(description) }
        let rate = UInt32(clamping: sampleRate ?? 48_000)
        return Array("OpusHead".utf8) + [1, UInt8(channels), 0x38, 0x01]
            + [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: rate >> $0) } + [0, 0, 0]
    }
}
