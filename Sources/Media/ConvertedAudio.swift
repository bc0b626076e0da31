// The sound's way from one file to the other.

internal import CLibAV

/// Follows the video's clock; what is before the first picture is left out.
struct ConvertedAudio {
    private let source: UnsafeMutablePointer<AVStream>
    private let output: OutputFile
    private let stream: Int32
    private let coding: (decoder: Decoder, encoder: AudioEncoder)?
    private let decoded: Frame
    /// Packets copied, or frames decoded.
    private(set) var count = 0
    let codecName: String

    init(_ input: InputFile, _ index: Int32, _ plan: ClipConverter.Plan.Audio, _ output: OutputFile) throws(MediaError) {
        source = input.stream(index)
        self.output = output
        decoded = try Frame()
        let parameters = source.pointee.codecpar!
        if plan == .copy {
            coding = nil
            codecName = LibAV.codecName(parameters.pointee.codec_id)
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_copy(copy, parameters), "out of memory")
            }
        } else {
            let encoder = try AudioEncoder(channels: parameters.pointee.ch_layout.nb_channels)
            coding = (try Decoder(input, stream: index), encoder)
            codecName = "aac"
            stream = try output.addStream { (copy) throws(MediaError) in
                try LibAV.check(avcodec_parameters_from_context(copy, encoder.context), "out of memory")
            }
        }
    }

    /// - Parameter origin: the clip's zero, in seconds on the source's clock.
    mutating func take(_ packet: Packet, origin: Double) throws(MediaError) {
        let raw = packet.pointer
        let timeBase = source.pointee.time_base
        guard let time = packet.time else { return }
        let seconds = Double(time) * timeBase.value - origin
        // A millisecond, since WebM rounds to that.
        guard seconds >= -0.001, seconds < ConvertedVideo.maximumSeconds else { return }
        if coding != nil { return try transcode(packet, origin: origin) }
        raw.pointee.pts = max(time - LibAV.ticks(origin, timeBase), 0)
        raw.pointee.dts = raw.pointee.pts
        raw.pointee.duration = min(max(raw.pointee.duration, 0), LibAV.ticks(10, timeBase))
        if try output.write(packet, stream: stream, timeBase: timeBase) { count += 1 }
    }

    mutating func finish(origin: Double) throws(MediaError) {
        guard let encoder = coding?.encoder else { return }
        try transcode(nil, origin: origin)
        let output = output, stream = stream, timeBase = encoder.context.pointee.time_base
        try encoder.finish { (packet) throws(MediaError) in try output.write(packet, stream: stream, timeBase: timeBase) }
    }

    private mutating func transcode(_ packet: Packet?, origin: Double) throws(MediaError) {
        guard let (decoder, encoder) = coding else { return }
        let output = output, stream = stream, timeBase = encoder.context.pointee.time_base
        var count = count
        _ = try decoder.decode(packet, into: decoded) { (frame) throws(MediaError) in
            guard let seconds = decoder.seconds(of: frame) else { return true }
            count += 1
            try encoder.encode(frame, seconds: min(max(seconds - origin, 0), ConvertedVideo.maximumSeconds)) { (packet) throws(MediaError) in
                try output.write(packet, stream: stream, timeBase: timeBase)
            }
            return true
        }
        self.count = count
    }
}
