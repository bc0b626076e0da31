// What all owners of libav handles share.

internal import CLibAV

enum LibAV {
    /// Said once, before anything else: a camera's broken stream is no news for the hub's standard error.
    static let quiet: Void = av_log_set_level(-8)

    static let microseconds = AVRational(num: 1, den: 1_000_000)

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

/// The owner of an AVPacket.
final class Packet {
    let pointer: UnsafeMutablePointer<AVPacket>
    init() throws(MediaError) { pointer = try LibAV.allocated(av_packet_alloc()) }
    deinit {
        var pointer: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&pointer)
    }
    func clear() { av_packet_unref(pointer) }

    /// Copies bytes into it (av_new_packet).
    func fill(_ bytes: [UInt8]) throws(MediaError) {
        clear()
        try LibAV.check(av_new_packet(pointer, Int32(bytes.count)), "out of memory")
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { pointer.pointee.data.update(from: base.assumingMemoryBound(to: UInt8.self), count: bytes.count) }
        }
    }
}

/// The owner of an AVFrame.
final class Frame {
    let pointer: UnsafeMutablePointer<AVFrame>
    init() throws(MediaError) { pointer = try LibAV.allocated(av_frame_alloc()) }
    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&pointer)
    }
    func clear() { av_frame_unref(pointer) }
}
