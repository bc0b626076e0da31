// What is in a container: a piece of one stream.

internal import CLibAV

/// The owner of an AVPacket.
final class Packet {
    let pointer: UnsafeMutablePointer<AVPacket>
    init() throws(MediaError) { pointer = try LibAV.allocated(av_packet_alloc()) }
    deinit {
        var pointer: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&pointer)
    }
    func clear() { av_packet_unref(pointer) }

    /// Presentation time, or else decoding time, in ticks of its stream; `nil` when it has none, or one that no clip has.
    var time: Int64? {
        let time = pointer.pointee.pts == PW_AV_NOPTS_VALUE ? pointer.pointee.dts : pointer.pointee.pts
        // Far from the ends of Int64, so that differences cannot overflow.
        return time == PW_AV_NOPTS_VALUE || time.magnitude > 1 << 60 ? nil : time
    }

    /// Copies bytes into it (av_new_packet).
    func fill(_ bytes: [UInt8]) throws(MediaError) {
        clear()
        try LibAV.check(av_new_packet(pointer, Int32(bytes.count)), "out of memory")
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { pointer.pointee.data.update(from: base.assumingMemoryBound(to: UInt8.self), count: bytes.count) }
        }
    }
}
