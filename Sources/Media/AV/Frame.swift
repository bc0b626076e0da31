// What is decoded: a picture, or a stretch of sound.

internal import CLibAV

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
