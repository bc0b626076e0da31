// A folder of its own for each test, and the recorded material.

import Foundation

/// A temporary folder that goes with its last reference.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ bytes: some Collection<UInt8>, as name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// Names of what lies in it, sorted.
    var contents: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}

func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

/// Recorded files, which are not part of the project.
enum Material {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/media").path

    /// `nil`, with a word on why, when it is not there.
    static func path(_ name: String) -> String? {
        let path = "\(folder)/\(name)"
        if FileManager.default.isReadableFile(atPath: path) { return path }
        print("skipped: \(name) is not among the recorded material")
        return nil
    }
}

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
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = ["-v", "error", "-nostdin", "-y"] + options.split(separator: " ").map(String.init) + [output]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(options: options) }
        return true
    }

    struct Failed: Error { let options: String }

    static let h264 = "-c:v libx264 -preset ultrafast -bf 0 -g 10 -pix_fmt yuv420p"
    static let opus = "-c:a libopus -b:a 32k"
    static let vp8 = "-c:v libvpx -deadline realtime -g 10 -b:v 200k"
}
