// A clip as messengers want it.

/// Blocks; for a thread of one's own.
public enum DeliveryRendition {
    /// Makes `<folder>/<name>.mp4`: H.264 and AAC, index in front, at most `maximumBytes`. H.264 is copied where it fits.
    ///
    /// - Throws: when this is no video file, or too long for `maximumBytes` at any quality. Nothing is left in the folder then.
    public static func make(file: String, into folder: String, name: String, maximumBytes: Int64) throws(MediaError) -> AssembledClip {
        let part = TemporaryFile("\(folder)/\(name).part")
        var clip = try convert(file, bitRate: nil, part)
        // Less than what fits, for the container; then less again, should the encoder have missed its mark.
        for share in [0.9, 0.7] where clip.sizeBytes > maximumBytes {
            let sound = clip.audioCodec == nil ? 0.0 : 140_000
            let bitRate = Double(max(maximumBytes, 0)) * 8 * share / max(clip.durationSeconds, 1) - sound
            guard bitRate >= 50_000 else { break }
            clip = try convert(file, bitRate: Int64(min(bitRate, 1e9)), part)
        }
        guard clip.sizeBytes <= maximumBytes else { throw MediaError("the clip is too long to be sent in \(words(for: maximumBytes))") }
        let path = "\(folder)/\(name).mp4"
        try part.keep(as: path)
        return clip.moved(to: path)
    }

    private static func convert(_ file: String, bitRate: Int64?, _ part: TemporaryFile) throws(MediaError) -> AssembledClip {
        let converter = try ClipConverter(file)
        return try converter.run(converter.planForMessengers(bitRate: bitRate), into: part.path)
    }

    private static func words(for bytes: Int64) -> String { bytes >> 20 > 0 ? "\(bytes >> 20) MB" : "\(bytes) bytes" }
}
