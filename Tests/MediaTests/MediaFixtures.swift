// Real material, and clip logs made of it.

import Domain
import Testing

@testable import Media

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

#if canImport(Glibc)
import Glibc
#endif

final class TemporaryFolder: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "pingwatch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: some Sequence<UInt8>, as name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
        return path + "/" + name
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

/// Recorded material beside the project.
enum Recorded {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "../shared/media").standardizedFileURL.path

    static let isThere: Bool = {
        let isThere = FileManager.default.fileExists(atPath: folder + "/one-by-one.mp4")
        if !isThere { print("skipped: no recorded material at ../shared/media") }
        return isThere
    }()

    static func path(_ name: String) -> String { folder + "/" + name }
}

/// Runs ffmpeg, which makes the sources of some tests.
func ffmpeg(_ arguments: String...) throws {
    var pid: pid_t = 0
    let all = ["ffmpeg", "-v", "error", "-nostdin", "-y"] + arguments
    var pointers: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    try #require(posix_spawnp(&pid, "ffmpeg", nil, nil, &pointers, environ) == 0, "ffmpeg is not installed")
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    try #require(status == 0, "ffmpeg \(arguments.joined(separator: " "))")
}

/// A clip log as a sensor sends it.
struct LogBuilder {
    var bytes: [UInt8] = []
    private(set) var sequence: UInt32 = 0

    mutating func add(
        _ payload: [UInt8], kind: FrameHeader.Kind = .clip, flags: FrameHeader.Flags = [], track: UInt16 = 0, timestamp: UInt64 = 0,
        duration: UInt32 = 0
    ) {
        bytes += ClipLog.record(
            FrameHeader(
                kind: kind, flags: flags, track: track, stream: 1, sequence: sequence, duration: duration, timestamp: timestamp), payload)
        sequence += 1
    }

    /// All access units of a file, as if a phone had encoded them, its media clock starting at `origin` µs.
    static func log(of file: String, origin: UInt64 = 5_000_000, codec: String, maximumSeconds: Double = 100) throws -> LogBuilder {
        let units = try AccessUnits.read(file)
        var builder = LogBuilder()
        let description = units.videoExtradata.isEmpty ? "" : #","description":"\#(base64(units.videoExtradata))""#
        builder.add(
            Array(#"{"codec":"\#(codec)","width":\#(units.width),"height":\#(units.height)\#(description)}"#.utf8), flags: .configuration)
        if units.hasAudio {
            builder.add(Array(#"{"codec":"opus","sample_rate":48000,"channels":\#(units.channels)}"#.utf8), flags: .configuration, track: 1)
        }
        for unit in units.units where unit.seconds <= maximumSeconds {
            builder.add(
                unit.bytes, flags: unit.isKey ? .keyframe : [], track: unit.isVideo ? 0 : 1,
                timestamp: origin + UInt64(max(unit.seconds, 0) * 1_000_000), duration: UInt32(unit.duration * 1_000_000))
        }
        return builder
    }
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
