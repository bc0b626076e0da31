// The owner of an SwsContext.

internal import CLibAV

/// Brings pictures of any size and format to one size and format.
final class Scaler {
    private var context: OpaquePointer?
    let width: Int32
    let height: Int32
    let format: AVPixelFormat

    init(width: Int, height: Int, format: AVPixelFormat) {
        self.width = Int32(width)
        self.height = Int32(height)
        self.format = format
    }

    deinit { sws_freeContext(context) }

    /// sws_scale into a new frame.
    func scale(_ source: Frame) throws(MediaError) -> Frame {
        let input = source.pointer.pointee
        guard input.width > 0, input.height > 0, input.format >= 0 else { throw MediaError("a picture of the video is damaged") }
        context = sws_getCachedContext(
            context, input.width, input.height, AVPixelFormat(input.format), width, height, format, 4 /* SWS_BICUBIC */, nil, nil, nil)
        guard let context else { throw MediaError("the video's pixel format cannot be converted") }
        let result = try Frame()
        result.pointer.pointee.width = width
        result.pointer.pointee.height = height
        result.pointer.pointee.format = format.rawValue
        try LibAV.check(av_frame_get_buffer(result.pointer, 0), "out of memory")
        try LibAV.check(sws_scale_frame(context, result.pointer, source.pointer), "a picture of the video cannot be converted")
        result.pointer.pointee.pts = input.best_effort_timestamp
        return result
    }

    /// `width` at most `maximum`, both even, in the same proportion.
    static func fit(width: Int, height: Int, maximumWidth maximum: Int) -> (width: Int, height: Int) {
        guard width > 0, height > 0 else { return (2, 2) }
        let fitted = min(width, maximum)
        let scaled = Int((Double(height) * Double(fitted) / Double(width)).rounded())
        return (max(2, fitted & ~1), max(2, scaled & ~1))
    }
}
