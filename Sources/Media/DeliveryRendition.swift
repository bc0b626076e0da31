// A clip as messengers want it.

/// Blocks; for a thread of one's own.
public enum DeliveryRendition {
    /// Makes `<folder>/<name>.mp4`: H.264 and AAC, index in front, at most `maximumBytes`. H.264 is copied where it fits.
    public static func make(file: String, into folder: String, name: String, maximumBytes: Int64) throws(MediaError) -> AssembledClip {
        var clip = try convert(file, bitRate: nil, folder, name)
        if clip.sizeBytes <= maximumBytes { return clip }
        let sound: Int64 = clip.audioCodec == nil ? 0 : 128_000
        // A tenth less than what fits, for sound and container; then less again, should the encoder have missed its mark.
        for share in [0.85, 0.6] {
            let bitRate = Int64(Double(maximumBytes) * 8 * share / max(clip.durationSeconds, 1)) - sound
            guard bitRate >= 50_000 else { break }
            clip = try convert(file, bitRate: bitRate, folder, name)
            if clip.sizeBytes <= maximumBytes { return clip }
        }
        throw MediaError("the clip is too long to be sent in \(maximumBytes >> 20) MB")
    }

    private static func convert(_ file: String, bitRate: Int64?, _ folder: String, _ name: String) throws(MediaError) -> AssembledClip {
        let converter = try ClipConverter(file)
        let part = TemporaryFile("\(folder)/\(name).part")
        let clip = try converter.run(converter.planForMessengers(bitRate: bitRate), into: part.path)
        let path = "\(folder)/\(name).mp4"
        try part.keep(as: path)
        return clip.moved(to: path)
    }
}
