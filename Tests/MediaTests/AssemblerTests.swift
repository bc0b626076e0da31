import Domain
import TestSupport
import Testing

@testable import Media

@Suite("Assembling a clip log")
struct AssemblerTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func assemble(_ log: LogMaker) throws -> AssembledClip {
        try ClipAssembler.assemble(log: try folder.write(log.encoded, as: "clip.log"), into: folder.path, name: "clip")
    }

    private func h264(_ options: String = "") throws -> LogMaker? {
        let file = folder.file("source.mp4")
        guard try FFmpeg.make(file, "\(FFmpeg.h264) \(FFmpeg.opus) -strict -2 \(options)") else { return nil }
        var log = LogMaker()
        try log.add(file: file)
        return log
    }

    @Test("H.264 and Opus become an MP4 with its index in front")
    func h264AndOpus() throws {
        guard let log = try h264() else { return }
        let clip = try assemble(log)
        #expect(clip.path == folder.file("clip.mp4"))
        #expect(clip.mime == "video/mp4")
        #expect((clip.videoCodec, clip.audioCodec) == ("h264", "opus"))
        #expect((clip.width, clip.height, clip.videoFrames) == (160, 120, 30))
        #expect(clip.audioFrames > 140)
        #expect(abs(clip.durationSeconds - 3) < 0.05)
        #expect(clip.firstTimestamp == 1_000_000_000)
        #expect(clip.warnings == [])
        let content = try bytes(of: clip.path)
        #expect(clip.sizeBytes == Int64(content.count))
        let index = try #require(position(of: Array("moov".utf8), in: content))
        #expect(index < (try #require(position(of: Array("mdat".utf8), in: content))))
        let info = try MediaInspector.inspect(file: clip.path)
        #expect((info.frameCount, info.videoCodec, info.audioCodec) == (30, "h264", "opus"))
        #expect(abs(info.durationSeconds - 3) < 0.1)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 3)
        #expect(folder.names == ["clip.log", "clip.mp4", "source.mp4"])
    }

    @Test("VP8 and VP9 with Opus become a WebM with its cues in front", arguments: [FFmpeg.vp8, "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10"])
    func webm(codec: String) throws {
        let file = folder.file("source.webm")
        guard try FFmpeg.make(file, "\(codec) \(FFmpeg.opus)") else { return }
        var log = LogMaker()
        try log.add(file: file)
        let clip = try assemble(log)
        #expect(clip.path == folder.file("clip.webm"))
        #expect((clip.mime, clip.audioCodec, clip.videoFrames) == ("video/webm", "opus", 30))
        #expect(abs(clip.durationSeconds - 3) < 0.15)
        let content = try bytes(of: clip.path)
        let cues = try #require(position(of: [0x1c, 0x53, 0xbb, 0x6b], in: Array(content.dropFirst(200))))
        #expect(cues + 200 < (try #require(position(of: [0x1f, 0x43, 0xb6, 0x75], in: content))))
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 3)
    }

    @Test("Recorded H.264 keeps its length")
    func recorded() throws {
        guard let file = recordedMaterial("webcam-person.mkv") else { return }
        guard try FFmpeg.run("-i \(file) -an \(FFmpeg.h264)", folder.file("source.mp4")) else { return }
        var log = LogMaker()
        try log.add(file: folder.file("source.mp4"))
        let clip = try assemble(log)
        #expect((clip.width, clip.height, clip.audioCodec) == (640, 480, nil))
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 3)
    }

    @Test("H.264 as a byte stream finds its parameter sets in the first keyframe")
    func byteStream() throws {
        let file = folder.file("source.ts")
        guard try FFmpeg.make(file, "\(FFmpeg.h264) -an -f mpegts") else { return }
        var log = LogMaker()
        try log.add(file: file, withDescription: false)
        let clip = try assemble(log)
        #expect(clip.videoFrames == 30)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 3)
    }

    @Test("What comes before the first keyframe is left out, and time begins there")
    func beforeKeyframe() throws {
        guard var log = try h264() else { return }
        // The first group of pictures without its keyframe: a second of video that cannot be decoded.
        let first = log.records.firstIndex { $0.header.isVideoFrame }!
        let sequence = log.records[first].header.sequence
        log.keep { $0.header.sequence != sequence }
        let clip = try assemble(log)
        #expect(clip.videoFrames == 20)
        #expect(clip.firstTimestamp == 1_001_000_000)
        #expect(abs(clip.durationSeconds - 2) < 0.05)
        #expect(clip.audioFrames < 110)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 2)
        #expect(abs(try MediaInspector.inspect(file: clip.path).durationSeconds - 2) < 0.1)
    }

    @Test("A frame whose time goes back is left out with a warning")
    func timeGoesBack() throws {
        guard var log = try h264() else { return }
        let late = log.records.filter { $0.header.isVideoFrame }[15].header.sequence
        log.change { if $0.header.sequence == late { $0.header.timestamp -= 500_000 } }
        let clip = try assemble(log)
        #expect(clip.videoFrames == 29)
        #expect(clip.warnings == ["1 frames were out of order"])
    }

    @Test("A torn tail is passed over")
    func tornTail() throws {
        guard let log = try h264() else { return }
        let whole = try assemble(log)
        let path = try folder.write(log.encoded.dropLast(5), as: "clip.log")
        let clip = try ClipAssembler.assemble(log: path, into: folder.path, name: "clip")
        #expect(clip.videoFrames + clip.audioFrames == whole.videoFrames + whole.audioFrames - 1)
    }

    @Test("A picture of a later configuration decodes")
    func newConfiguration() throws {
        guard var log = try h264() else { return }
        let file = folder.file("larger.mp4")
        guard try FFmpeg.make(file, size: "320x240", "\(FFmpeg.h264) -an") else { return }
        try log.add(file: file, start: 1_003_000_000)
        let clip = try assemble(log)
        #expect(clip.videoFrames == 60)
        #expect(clip.warnings == ["the video's configuration changed in the clip"])
        let end = try ClipSampler.sample(file: clip.path, perSecond: 10, width: 16, height: 12).frames
        #expect(end.count >= 58)
    }

    @Test("Sound of another codec is left out with a warning")
    func otherSound() throws {
        guard var log = try h264() else { return }
        log.change { record in
            if record.header.track == 1, record.header.flags.contains(.configuration) { record.payload = Array(#"{"codec":"mp4a.40.2"}"#.utf8) }
        }
        let clip = try assemble(log)
        #expect(clip.audioCodec == nil)
        #expect(clip.warnings == ["the sound was left out: its codec mp4a.40.2 is not one that clips can have"])
    }

    @Test("Opus without a description gets a header of its own")
    func opusWithoutDescription() throws {
        let file = folder.file("source.webm")
        guard try FFmpeg.make(file, "\(FFmpeg.vp8) \(FFmpeg.opus)") else { return }
        var log = LogMaker()
        try log.add(file: file, withDescription: false)
        let clip = try assemble(log)
        let sounds = try ClipSampler.sample(file: clip.path, perSecond: 5, width: 16, height: 12).sounds
        #expect(sounds.count > 20)
        #expect(sounds.dropFirst(3).allSatisfy { $0.decibels > -30 })
    }

    @Test("Bytes of a recorder become a clip")
    func recorderBytes() throws {
        let file = folder.file("source.webm")
        guard try FFmpeg.make(file, "\(FFmpeg.vp8) \(FFmpeg.opus) -live 1") else { return }
        let content = try bytes(of: file)
        var log = LogMaker()
        for start in stride(from: 0, to: content.count, by: 4096) {
            log.add(content[start..<min(start + 4096, content.count)], kind: .clipBytes)
        }
        let clip = try assemble(log)
        #expect((clip.mime, clip.firstTimestamp, clip.videoFrames) == ("video/webm", 0, 30))
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 3)
        #expect(folder.names == ["clip.log", "clip.webm", "source.webm"])
    }

    @Test("What cannot become a clip is refused in words, and leaves nothing behind")
    func refusals() throws {
        guard let good = try h264() else { return }
        func reason(_ change: (inout LogMaker) -> Void) throws -> String {
            var log = good
            change(&log)
            let error = #expect(throws: MediaError.self) { try assemble(log) }
            #expect(folder.names == ["clip.log", "source.mp4"])
            return error?.reason ?? ""
        }
        #expect(try reason { $0 = LogMaker() } == "no frame of the clip has arrived")
        #expect(try reason { $0.keep { $0.header.track == 1 } } == "the clip has no video configuration")
        #expect(try reason { $0.keep { !$0.header.flags.contains(.keyframe) || $0.header.track == 1 } } == "the clip has no keyframe")
        #expect(try reason { $0.change { if $0.header.sequence >= 7 { $0.header.sequence += 1 } } } == "frame 7 of the clip is missing, 8 follows")
        #expect(try reason { $0.change { if $0.header.sequence == 9 { $0.header.kind = .still } } } == "the clip mixes frames with other things")
        #expect(try reason { $0.change { if $0.header.sequence == 0 { $0.payload = [1] } } } == "a codec configuration of the clip is not the JSON that is expected")
        #expect(try reason { $0.change { if $0.header.sequence == 0 { $0.payload = Array(#"{"codec":"hvc1"}"#.utf8) } } } == "the codec hvc1 is not one that clips can have")
        #expect(try reason { $0.change { if $0.header.sequence == 20 { $0.header.timestamp = .max } } } == "the clip's times are broken")
        let missing = #expect(throws: MediaError.self) { try ClipAssembler.assemble(log: folder.file("none"), into: folder.path, name: "clip") }
        #expect(missing?.reason == "no frame of the clip has arrived")
    }
}
