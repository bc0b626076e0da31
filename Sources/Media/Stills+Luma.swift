// A still as a small grey picture, for analysis.

internal import CLibAV
public import Domain

extension Stills {
    /// Blocks.
    ///
    /// - Parameters:
    ///   - width: of the result in pixels, whatever the still's proportion.
    /// - Throws: when this is no JPEG that can be decoded.
    public static func luma(jpeg: [UInt8], width: Int, height: Int) throws(MediaError) -> ClipMeasurements.Frame {
        _ = LibAV.quiet
        let decoder = try Decoder(AV_CODEC_ID_MJPEG)
        let packet = try Packet(), frame = try Frame()
        let scaler = Scaler(width: width, height: height, format: AV_PIX_FMT_GRAY8)
        try packet.fill(jpeg)
        var luma: [UInt8] = []
        func take(_ frame: Frame) throws(MediaError) -> Bool {
            luma = ClipSampler.rows(of: try scaler.scale(frame))
            return false
        }
        if try decoder.decode(packet, into: frame, take) { _ = try decoder.decode(nil, into: frame, take) }
        guard !luma.isEmpty else { throw MediaError("the still cannot be decoded") }
        return ClipMeasurements.Frame(seconds: 0, width: width, height: height, luma: luma)
    }
}
