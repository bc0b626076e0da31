// How loud decoded sound is.

internal import CLibAV
internal import Domain

#if canImport(Glibc)
internal import Glibc
#endif

/// Root mean square over short stretches, of the first channel: enough to tell loud from quiet.
struct LoudnessMeter {
    private let stretch: Double
    private var sounds: [(seconds: Double, decibels: Double)] = []
    private var start: Double?
    private var sum = 0.0
    private var count = 0
    private static let maximumSounds = 100_000

    /// - Parameter seconds: of a stretch.
    init(seconds: Double) { stretch = seconds }

    mutating func take(_ frame: Frame, seconds: Double) {
        guard sounds.count < Self.maximumSounds else { return }
        if let start, seconds - start >= stretch || seconds < start { close() }
        start = start ?? seconds
        let format = AVSampleFormat(frame.pointer.pointee.format)
        switch av_get_packed_sample_fmt(format) {
        case AV_SAMPLE_FMT_FLT: add(frame, Float.self) { Double($0) }
        case AV_SAMPLE_FMT_DBL: add(frame, Double.self) { $0 }
        case AV_SAMPLE_FMT_S16: add(frame, Int16.self) { Double($0) / 32_768 }
        case AV_SAMPLE_FMT_S32: add(frame, Int32.self) { Double($0) / 2_147_483_648 }
        case AV_SAMPLE_FMT_U8: add(frame, UInt8.self) { (Double($0) - 128) / 128 }
        default: break
        }
    }

    /// - Parameter origin: what counts as 0 s.
    mutating func finish(origin: Double) -> [ClipMeasurements.Sound] {
        close()
        return sounds.map { ClipMeasurements.Sound(seconds: max($0.seconds - origin, 0), decibels: $0.decibels) }
    }

    private mutating func add<Sample>(_ frame: Frame, _ type: Sample.Type, _ value: (Sample) -> Double) {
        let raw = frame.pointer.pointee
        let isPlanar = av_sample_fmt_is_planar(AVSampleFormat(raw.format)) != 0
        let samples = Int(raw.nb_samples), step = isPlanar ? 1 : Int(raw.ch_layout.nb_channels)
        guard let data = raw.data.0, samples > 0, step > 0 else { return }
        let bytes = UnsafeRawPointer(data)
        for index in 0..<samples {
            let value = value(bytes.load(fromByteOffset: index * step * MemoryLayout<Sample>.stride, as: Sample.self))
            guard value.isFinite else { continue }
            sum += value * value
            count += 1
        }
    }

    private mutating func close() {
        defer {
            start = nil
            sum = 0
            count = 0
        }
        guard let start, count > 0 else { return }
        let power = sum / Double(count)
        sounds.append((start, power > 0 ? max(10 * Glibc.log10(power), -90) : -90))
    }
}
