import Domain
import Testing

@testable import Media

@Suite(.enabled(if: Recorded.isThere, "no recorded material"), .timeLimit(.minutes(5)))
struct ClipAssemblerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Where a box begins at the top level of an MP4.
    private func position(of box: String, in file: [UInt8]) -> Int? {
        var at = 0
        while at + 8 <= file.count {
            if Array(file[at + 4..<at + 8]) == Array(box.utf8) { return at }
            at += max(file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }, 8)
        }
        return nil
    }

    private func h264WithOpus(seconds: Int = 4) throws -> String {
        let path = folder.path + "/source.mkv"
        try ffmpeg(
            "-f", "lavfi", "-i", "testsrc=size=320x240:rate=15:duration=\(seconds)", "-f", "lavfi", "-i", "sine=duration=\(seconds)",
            "-c:v", "libx264", "-bf", "0", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "libopus", path)
        return path
    }

    @Test func `H.264 and Opus become an MP4 with its index in front, nothing encoded anew`() throws {
        let source = try h264WithOpus()
        let log = try folder.write(LogBuilder.log(of: source, codec: "avc1.42001f").bytes, as: "clip.log")
        let clip = try ClipAssembler.assemble(log: log, into: folder.path, name: "out")
        #expect(clip.mime == "video/mp4" && clip.path == folder.path + "/out.mp4")
        #expect((5_000_000...5_010_000).contains(clip.firstTimestamp))
        #expect(abs(clip.durationSeconds - 4) < 0.1)
        #expect(clip.videoFrames == 60 && clip.audioFrames > 190 && clip.audioCodec == "opus" && clip.videoCodec == "h264")
        #expect(clip.warnings.isEmpty)
        let file = try bytes(of: clip.path)
        #expect(try #require(position(of: "moov", in: file)) < #require(position(of: "mdat", in: file)))
        let info = try MediaInspector.inspect(file: clip.path)
        #expect(info.width == 320 && info.height == 240 && info.audioCodec == "opus")
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 4)
        #expect(folder.names == ["clip.log", "out.mp4", "source.mkv"])
        // The same access units, bit for bit.
        #expect(try AccessUnits.read(clip.path).units.filter(\.isVideo).map(\.bytes) == AccessUnits.read(source).units.filter(\.isVideo).map(\.bytes))
    }

    @Test func `H.264 as a byte stream without description is understood`() throws {
        let path = folder.path + "/source.ts"
        try ffmpeg("-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=2", "-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p", path)
        var log = LogBuilder()
        log.add(Array(#"{"codec":"avc1.42001f","width":320,"height":240}"#.utf8), flags: .configuration)
        for (index, unit) in try AccessUnits.read(path).units.enumerated() {
            log.add(unit.bytes, flags: unit.isKey ? .keyframe : [], timestamp: UInt64(index) * 100_000, duration: 100_000)
        }
        let clip = try ClipAssembler.assemble(log: folder.write(log.bytes, as: "clip.log"), into: folder.path, name: "out")
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 2)
    }

    @Test(arguments: [("libvpx", "vp8"), ("libvpx-vp9", "vp09.00.10.08")])
    func `VP8 and VP9 become a WebM with a duration`(encoder: String, codec: String) throws {
        let path = folder.path + "/source.webm"
        try ffmpeg("-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=3", "-c:v", encoder, "-deadline", "realtime", "-g", "10", path)
        let log = try folder.write(LogBuilder.log(of: path, codec: codec).bytes, as: "clip.log")
        let clip = try ClipAssembler.assemble(log: log, into: folder.path, name: "out")
        #expect(clip.mime == "video/webm" && abs(clip.durationSeconds - 3) < 0.2)
        #expect(abs(try MediaInspector.inspect(file: clip.path).durationSeconds - 3) < 0.2)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 3)
    }

    @Test func `what comes before the first keyframe is left out, and a torn end too`() throws {
        let units = try AccessUnits.read(h264WithOpus()).units
        var log = try LogBuilder.log(of: folder.path + "/source.mkv", codec: "avc1.42001f")
        let whole = log.bytes
        log = LogBuilder()
        // The second group of pictures without its keyframe.
        let later = units.filter { $0.seconds > 0.5 }
        let configuration = try AccessUnits.read(folder.path + "/source.mkv").videoExtradata
        log.add(Array(#"{"codec":"avc1.42001f","width":320,"height":240,"description":"\#(base64(configuration))"}"#.utf8), flags: .configuration)
        for unit in later where unit.isVideo {
            log.add(unit.bytes, flags: unit.isKey ? .keyframe : [], timestamp: UInt64(unit.seconds * 1_000_000), duration: 66_667)
        }
        let clip = try ClipAssembler.assemble(log: folder.write(log.bytes, as: "late.log"), into: folder.path, name: "late")
        #expect((2_000_000...2_010_000).contains(clip.firstTimestamp) && clip.videoFrames == 30)
        let torn = try ClipAssembler.assemble(log: folder.write(whole.dropLast(7), as: "torn.log"), into: folder.path, name: "torn")
        #expect(torn.videoFrames >= 59)
    }

    @Test func `bytes of a recorder are put together`() throws {
        let file = try bytes(of: Recorded.path("chrome-still-truncated.webm"))
        var log = LogBuilder()
        for start in stride(from: 0, to: file.count, by: 100_000) {
            log.add(Array(file[start..<min(start + 100_000, file.count)]), kind: .clipBytes)
        }
        let clip = try ClipAssembler.assemble(log: folder.write(log.bytes, as: "clip.log"), into: folder.path, name: "out")
        #expect(clip.mime == "video/webm" && clip.videoCodec == "vp8" && clip.audioCodec == "opus")
        #expect(abs(clip.durationSeconds - 7.5) < 1)
        #expect(folder.names == ["clip.log", "out.webm"])
    }

    @Test func `logs that cannot be a clip are refused in words, and leave no file`() throws {
        let configuration = Array(#"{"codec":"avc1.42001f","width":320,"height":240}"#.utf8)
        var gap = LogBuilder()
        gap.add(configuration, flags: .configuration)
        var other = LogBuilder()
        other.add(configuration, flags: .configuration)
        other.add([1], flags: .keyframe)
        other.add([2])
        let second = ClipLog.record(FrameHeader(kind: .clip, stream: 1, sequence: 2), [2])
        var wrongJSON = LogBuilder()
        wrongJSON.add([1, 2, 3], flags: .configuration)
        var unknown = LogBuilder()
        unknown.add(Array(#"{"codec":"hev1.1","width":320,"height":240}"#.utf8), flags: .configuration)
        unknown.add([1], flags: .keyframe)
        var noKeyframe = LogBuilder()
        noKeyframe.add(configuration, flags: .configuration)
        noKeyframe.add([1])
        let cases: [(bytes: [UInt8], reason: String)] = [
            ([], "no frame of the clip has arrived"), (gap.bytes + second, "frame 1 of the clip is missing, 2 follows"),
            (wrongJSON.bytes, "a codec configuration of the clip is not the JSON that is expected"),
            (unknown.bytes, "the codec hev1.1 is not one that clips can have"), (noKeyframe.bytes, "the clip has no keyframe"),
            (gap.bytes, "the clip has no keyframe"),
        ]
        for (index, (bytes, reason)) in cases.enumerated() {
            let path = try folder.write(bytes, as: "clip\(index).log")
            let error = #expect(throws: MediaError.self) { try ClipAssembler.assemble(log: path, into: folder.path, name: "out") }
            #expect(error?.reason == reason)
        }
        #expect(folder.names == (0..<cases.count).map { "clip\($0).log" })
    }

    @Test func `damaged logs throw or give a clip, and never crash`() throws {
        let whole = try LogBuilder.log(of: h264WithOpus(seconds: 1), codec: "avc1.42001f").bytes
        var generator = SeededGenerator(seed: 11)
        var clips = 0
        for _ in 0..<300 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                damaged[Int.random(in: 0..<min(damaged.count, 4000), using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let path = try folder.write(damaged.prefix(Int.random(in: 0...damaged.count, using: &generator)), as: "clip.log")
            if (try? ClipAssembler.assemble(log: path, into: folder.path, name: "out")) != nil { clips += 1 }
        }
        #expect(clips > 0)
        #expect(folder.names.allSatisfy { !$0.hasSuffix(".part") })
    }
}

struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 2 + 1 }
    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
