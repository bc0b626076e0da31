// A clip as few small grey pictures and loudness values, for analysis.

internal import CLibAV
public import Domain

#if canImport(Glibc)
internal import Glibc
#endif

/// Blocks; for a thread of one's own.
public enum ClipSampler {
    static let maximumFrames = 2000
    private static let soundSeconds = 0.1

    /// - Parameters:
    ///   - perSecond: pictures a second, at most.
    ///   - width: of the pictures, whatever the video's proportion.
    public static func sample(
        file: String, perSecond: Double, width: Int, height: Int
    ) throws(MediaError) -> (frames: [ClipMeasurements.Frame], sounds: [ClipMeasurements.Sound]) {
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
        return (frames, meter.finish(origin: origin ?? 0))
    }

    private static func rows(of picture: Frame) -> [UInt8] {
        let raw = picture.pointer.pointee
        let width = Int(raw.width), height = Int(raw.height), stride = Int(raw.linesize.0)
        var luma = [UInt8]()
        luma.reserveCapacity(width * height)
        for row in 0..<height { luma += UnsafeBufferPointer(start: raw.data.0! + row * stride, count: width) }
        return luma
    }
}

/// Root mean square over short stretches.
private struct LoudnessMeter {
    private let stretch: Double
    private var sounds: [(seconds: Double, decibels: Double)] = []
    private var start: Double?
    private var sum = 0.0
    private var count = 0
    private static let maximumSounds = 100_000

    init(seconds: Double) { stretch = seconds }

    mutating func take(_ frame: Frame, seconds: Double) {
        guard sounds.count < Self.maximumSounds else { return }
        if let start, seconds - start >= stretch || seconds < start { close() }
        start = start ?? seconds
        let raw = frame.pointer.pointee
        let samples = Int(raw.nb_samples)
        // The first channel is enough to tell loud from quiet.
        switch AVSampleFormat(raw.format) {
        case AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_FLTP:
            let step = AVSampleFormat(raw.format) == AV_SAMPLE_FMT_FLT ? Int(raw.ch_layout.nb_channels) : 1
            raw.data.0?.withMemoryRebound(to: Float.self, capacity: samples * step) { values in
                for index in 0..<samples { add(Double(values[index * step])) }
            }
        case AV_SAMPLE_FMT_S16, AV_SAMPLE_FMT_S16P:
            let step = AVSampleFormat(raw.format) == AV_SAMPLE_FMT_S16 ? Int(raw.ch_layout.nb_channels) : 1
            raw.data.0?.withMemoryRebound(to: Int16.self, capacity: samples * step) { values in
                for index in 0..<samples { add(Double(values[index * step]) / 32_768) }
            }
        default: break
        }
    }

    mutating func finish(origin: Double) -> [ClipMeasurements.Sound] {
        close()
        return sounds.map { ClipMeasurements.Sound(seconds: max($0.seconds - origin, 0), decibels: $0.decibels) }
    }

    private mutating func add(_ value: Double) {
        guard value.isFinite else { return }
        sum += value * value
        count += 1
    }

    private mutating func close() {
        defer {
            start = nil
            sum = 0
            count = 0
        }
        guard let start, count > 0 else { return }
        sounds.append((start, max(10 * logarithm10(sum / Double(count)), -90)))
    }

    private func logarithm10(_ value: Double) -> Double { value > 0 ? Glibc.log10(value) : -9 }
}
