// What several suites make small clips with.

import Foundation
import TestSupport

/// The ffmpeg tool, as the maker of small clips.
enum FFmpeg {
    static let path = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// `testsrc` and a tone, made into `file`. `false`, with a word on why, when there is no ffmpeg.
    static func make(_ file: String, seconds: Double = 3, size: String = "160x120", _ options: String) throws -> Bool {
        try run(
            "-f lavfi -i testsrc=size=\(size):rate=10:duration=\(seconds) -f lavfi -i sine=frequency=440:duration=\(seconds):sample_rate=48000 "
                + options, file)
    }

    static func run(_ options: String, _ output: String) throws -> Bool {
        guard let path else {
            print("skipped: ffmpeg is not installed")
            return false
        }
        _ = try TestSupport.run(path, ["-v", "error", "-nostdin", "-y"] + options.split(separator: " ").map(String.init) + [output])
        return true
    }

    static let h264 = "-c:v libx264 -preset ultrafast -bf 0 -g 10 -pix_fmt yuv420p"
    static let opus = "-c:a libopus -b:a 32k"
    static let vp8 = "-c:v libvpx -deadline realtime -g 10 -b:v 200k"
}
