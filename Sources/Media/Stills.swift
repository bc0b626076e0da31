// Single pictures of a clip as JPEG.

internal import CLibAV

/// Blocks; for a thread of one's own.
public enum Stills {
    /// The picture at a time, or the last one before the end.
    ///
    /// - Parameters:
    ///   - maximumWidth: in pixels; smaller videos keep their size.
    ///   - quality: from 2 (best) to 31.
    public static func jpeg(file: String, atSeconds seconds: Double, maximumWidth: Int, quality: Int) throws(MediaError) -> [UInt8] {
        let input = try InputFile(file)
        let stream = try input.video()
        let decoder = try Decoder(input, stream: stream)
        let origin = Double(input.context.pointee.start_time == PW_AV_NOPTS_VALUE ? 0 : input.context.pointee.start_time) / 1_000_000
        if seconds > 0 { input.seek(toSeconds: seconds) }
        let packet = try Packet(), frame = try Frame()
        var scaler: Scaler?
        var picture: Frame?
        func take(_ frame: Frame) throws(MediaError) -> Bool {
            let made = scaler ?? makeScaler(frame, maximumWidth)
            scaler = made
            picture = try made.scale(frame)
            return (decoder.seconds(of: frame) ?? seconds + origin) - origin < seconds - 0.001
        }
        var goesOn = true
        while goesOn, input.read(packet) {
            guard packet.pointer.pointee.stream_index == stream else { continue }
            goesOn = try decoder.decode(packet, into: frame, take)
        }
        if goesOn { _ = try decoder.decode(nil, into: frame, take) }
        guard let picture, let scaler else { throw MediaError("the video has no picture at \(seconds) s") }
        return try encode(picture, scaler, quality: quality)
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
