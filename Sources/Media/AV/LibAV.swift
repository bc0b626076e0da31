// What all owners of libav handles share.

internal import CLibAV

enum LibAV {
    /// Said once, before anything else: a camera's broken stream is no news for the hub's standard error.
    static let quiet: Void = av_log_set_level(-8)

    static let microseconds = AVRational(num: 1, den: 1_000_000)

    /// Seconds as ticks of a time base. Times in files are anything: what is beyond a century either way becomes that.
    static func ticks(_ seconds: Double, _ timeBase: AVRational) -> Int64 {
        guard timeBase.value > 0, seconds.isFinite else { return 0 }
        let ticks = (min(max(seconds, -3e9), 3e9) / timeBase.value).rounded()
        return Int64(exactly: ticks) ?? 0
    }

    /// Throws for a negative result.
    @discardableResult
    static func check(_ status: Int32, _ reason: @autoclosure () -> String) throws(MediaError) -> Int32 {
        guard status >= 0 else { throw MediaError(reason(), code: status) }
        return status
    }

    static func allocated<Handle>(_ handle: Handle?) throws(MediaError) -> Handle {
        guard let handle else { throw MediaError("out of memory") }
        return handle
    }

    static func codecName(_ id: AVCodecID) -> String { String(cString: avcodec_get_name(id)) }
}

/// av_strerror(3).
func avErrorText(_ code: Int32) -> String {
    var text = [CChar](repeating: 0, count: 128)
    av_strerror(code, &text, text.count)
    return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
}

extension AVRational {
    var value: Double { den == 0 ? 0 : Double(num) / Double(den) }
}
