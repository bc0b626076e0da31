// A clip as few small grey pictures and loudness values, for analysis.

internal import CLibAV
internal import Domain

/// Blocks; for a thread of one's own.
public enum ClipSampler {
    static let maximumFrames = 2000
    /// Of all samples together, in bytes.
    private static let maximumBytes = 256 << 20
    private static let soundSeconds = 0.1

    /// Decodes the clip from its beginning, up to 2000 pictures.
    ///
    /// - Parameters:
    ///   - perSecond: pictures a second, at most.
    ///   - width: of the pictures in pixels, whatever the video's proportion.
    /// - Throws: when this is no video file that can be decoded, or for sizes that are none.
    public static func sample(file: String, perSecond: Double, width: Int, height: Int) throws(MediaError) -> ClipSamples {
        guard (2...4096).contains(width), (2...4096).contains(height), perSecond > 0 else {
            throw MediaError("samples of \(width)x\(height) pixels, \(perSecond) a second, cannot be taken")
        }
        let maximumFrames = min(maximumFrames, max(maximumBytes / (width * height), 1))
        let input = try InputFile(file)
        let video = try input.video()
        let audio = input.best(AVMEDIA_TYPE_AUDIO)
        let pictures = try Decoder(input, stream: video, threads: 2)
        var listener: Decoder?
        if let audio { listener = try? Decoder(input, stream: audio) }
        let scaler = Scaler(width: width, height: height, format: AV_PIX_FMT_GRAY8)
        let packet = try Packet(), frame = try Frame()
        var frames: [ClipMeasurements.Frame] = []
        var meter = LoudnessMeter(seconds: soundSeconds)
        var origin: Double?
        func look(_ frame: Frame) throws(MediaError) -> Bool {
            guard let time = pictures.seconds(of: frame) else { return true }
            let zero = origin ?? time
            origin = zero
            // Half a millisecond, since containers round times.
            if let last = frames.last, time - zero - last.seconds < 1 / perSecond - 0.0005 { return true }
            frames.append(
                ClipMeasurements.Frame(seconds: time - zero, width: width, height: height, luma: rows(of: try scaler.scale(frame))))
            return frames.count < maximumFrames
        }
        func listen(_ frame: Frame) throws(MediaError) -> Bool {
            if let listener, let time = listener.seconds(of: frame) { meter.take(frame, seconds: time) }
            return true
        }
        while frames.count < maximumFrames, input.read(packet) {
            if packet.pointer.pointee.stream_index == video {
                _ = try pictures.decode(packet, into: frame, look)
            } else if packet.pointer.pointee.stream_index == audio, let listener {
                _ = try listener.decode(packet, into: frame, listen)
            }
        }
        if frames.count < maximumFrames { _ = try pictures.decode(nil, into: frame, look) }
        guard let origin else { throw MediaError("the video cannot be decoded") }
        return ClipSamples(frames: frames, sounds: meter.finish(origin: origin))
    }

    static func rows(of picture: Frame) -> [UInt8] {
        let raw = picture.pointer.pointee
        let width = Int(raw.width), height = Int(raw.height), stride = Int(raw.linesize.0)
        var luma = [UInt8]()
        luma.reserveCapacity(width * height)
        for row in 0..<height { luma += UnsafeBufferPointer(start: raw.data.0! + row * stride, count: width) }
        return luma
    }
}
