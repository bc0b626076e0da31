// Single pictures of a clip as JPEG.

internal import CLibAV

/// Blocks; for a thread of one's own.
public enum Stills {
    private static let maximumJPEG = 64 << 20
    /// Eight seconds of full HD at 60 pictures a second: what is decoded for one picture of a live stream, whatever its sizes.
    private static let maximumPixelsDecoded: Int64 = 1 << 30

    /// The picture at a time, or the last one before the end.
    ///
    /// - Parameters:
    ///   - maximumWidth: in pixels; smaller videos keep their size.
    ///   - quality: from 2 (best) to 31.
    /// - Throws: when this is no video file, or nothing of it can be decoded.
    public static func jpeg(file: String, atSeconds seconds: Double, maximumWidth: Int, quality: Int) throws(MediaError) -> [UInt8] {
        try picture(file: file, atSeconds: seconds, maximumPixels: .max, maximumWidth: maximumWidth, quality: quality)
    }

    /// - Parameters:
    ///   - seconds: infinity for the last picture, up to which everything is decoded.
    ///   - maximumPixels: after so many, the picture is the one that was decoded last.
    private static func picture(
        file: String, atSeconds seconds: Double, maximumPixels: Int64, maximumWidth: Int, quality: Int
    ) throws(MediaError) -> [UInt8] {
        let input = try InputFile(file)
        let stream = try input.video()
        let decoder = try Decoder(input, stream: stream)
        let origin = input.startSeconds
        if seconds > 0, seconds.isFinite { input.seek(toSeconds: seconds) }
        let packet = try Packet(), frame = try Frame()
        // Scaled once it is known which: the frames up to it are only references.
        let latest = try Frame()
        var pixels: Int64 = 0
        func take(_ frame: Frame) throws(MediaError) -> Bool {
            latest.clear()
            try LibAV.check(av_frame_ref(latest.pointer, frame.pointer), "out of memory")
            pixels += Int64(frame.pointer.pointee.width) * Int64(frame.pointer.pointee.height)
            return pixels < maximumPixels && (decoder.seconds(of: frame) ?? seconds + origin) - origin < seconds - 0.001
        }
        var goesOn = true
        while goesOn, input.read(packet) {
            guard packet.pointer.pointee.stream_index == stream else { continue }
            goesOn = try decoder.decode(packet, into: frame, take)
        }
        if goesOn { _ = try decoder.decode(nil, into: frame, take) }
        guard latest.pointer.pointee.width > 0 else {
            throw MediaError(seconds.isFinite ? "the video has no picture at \(seconds) s" : "no picture of the stream can be decoded")
        }
        let scaler = makeScaler(latest, maximumWidth)
        return try encode(try scaler.scale(latest), scaler, quality: quality)
    }

    /// The last of a live stream's pictures.
    ///
    /// - Parameters:
    ///   - configuration: the payload of video's codec configuration frame, or of a recorder's.
    ///   - pictures: payloads in order, a keyframe first; of a recorder: media segments. All of them are decoded, as far as a camera's pictures of some seconds go.
    ///   - maximumWidth: in pixels; smaller videos keep their size.
    ///   - quality: from 2 (best) to 31.
    /// - Throws: when the codec is unknown here, or nothing can be decoded.
    public static func jpeg(
        configuration: [UInt8], pictures: [[UInt8]], maximumWidth: Int, quality: Int
    ) throws(MediaError) -> [UInt8] {
        _ = LibAV.quiet
        if let beginning = RecorderConfiguration(json: configuration)?.initialization {
            let file = try MemoryFile([beginning] + pictures)
            // Its last use is its path, yet the file is needed until the end.
            defer { withExtendedLifetime(file) {} }
            return try picture(
                file: file.path, atSeconds: .infinity, maximumPixels: maximumPixelsDecoded, maximumWidth: maximumWidth, quality: quality)
        }
        let configuration = try TrackConfiguration(json: configuration)
        guard let codec = configuration.liveVideoCodecID else {
            throw MediaError("the codec \(configuration.codec.prefix(32)) is not one that pictures can be made of")
        }
        let decoder = try Decoder(codec, extradata: configuration.description.map { Array($0) } ?? [])
        let packet = try Packet(), frame = try Frame(), latest = try Frame()
        var pixels: Int64 = 0
        func take(_ frame: Frame) throws(MediaError) -> Bool {
            latest.clear()
            try LibAV.check(av_frame_ref(latest.pointer, frame.pointer), "out of memory")
            pixels += Int64(frame.pointer.pointee.width) * Int64(frame.pointer.pointee.height)
            return pixels < maximumPixelsDecoded
        }
        var goesOn = true
        for picture in pictures where goesOn && !picture.isEmpty {
            try packet.fill(picture)
            goesOn = try decoder.decode(packet, into: frame, take)
        }
        if goesOn { _ = try decoder.decode(nil, into: frame, take) }
        guard latest.pointer.pointee.width > 0 else { throw MediaError("no picture of the stream can be decoded") }
        let scaler = makeScaler(latest, maximumWidth)
        return try encode(try scaler.scale(latest), scaler, quality: quality)
    }

    /// Whether this is a picture that viewers will show: a JPEG that decodes, of at most 8192x8192 pixels.
    public static func isJPEG(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: [0xff, 0xd8, 0xff]), bytes.count <= maximumJPEG else { return false }
        _ = LibAV.quiet
        do {
            let decoder = try Decoder(AV_CODEC_ID_MJPEG)
            decoder.context.pointee.err_recognition = AV_EF_EXPLODE
            let packet = try Packet(), frame = try Frame()
            try packet.fill(bytes)
            var isPicture = false
            func take(_ frame: Frame) -> Bool {
                let raw = frame.pointer.pointee
                isPicture = (1...8192).contains(raw.width) && (1...8192).contains(raw.height) && raw.decode_error_flags == 0
                return false
            }
            if try decoder.decode(packet, into: frame, take) { _ = try decoder.decode(nil, into: frame, take) }
            return isPicture
        } catch {
            return false
        }
    }

    private static func makeScaler(_ frame: Frame, _ maximumWidth: Int) -> Scaler {
        let fitted = Scaler.fit(
            width: Int(frame.pointer.pointee.width), height: Int(frame.pointer.pointee.height), maximumWidth: maximumWidth)
        return Scaler(width: fitted.width, height: fitted.height, format: AV_PIX_FMT_YUVJ420P)
    }

    private static func encode(_ picture: Frame, _ scaler: Scaler, quality: Int) throws(MediaError) -> [UInt8] {
        let encoder = try VideoEncoder(.jpeg(quality: Int32(min(max(quality, 2), 31))), width: scaler.width, height: scaler.height)
        picture.pointer.pointee.pts = 0
        picture.pointer.pointee.quality = encoder.context.pointee.global_quality
        var bytes: [UInt8] = []
        func append(_ packet: Packet) { bytes += UnsafeBufferPointer(start: packet.pointer.pointee.data, count: Int(packet.pointer.pointee.size)) }
        try encoder.encode(picture, append)
        try encoder.encode(nil, append)
        return bytes
    }
}
