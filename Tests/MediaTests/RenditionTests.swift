import TestSupport
import Testing

@testable import Media

@Suite("Renditions for messengers")
struct RenditionTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func make(_ file: String, maximumBytes: Int64 = 50 << 20) throws -> AssembledClip {
        try DeliveryRendition.make(file: file, into: folder.path, name: "rendition", maximumBytes: maximumBytes)
    }

    @Test("H.264 is copied and Opus becomes AAC")
    func copies() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.make(file, "\(FFmpeg.h264) \(FFmpeg.opus) -strict -2") else { return }
        let made = try make(file)
        #expect(made.path == folder.file("rendition.mp4"))
        let info = try MediaInspector.inspect(file: made.path)
        #expect((info.videoCodec, info.audioCodec, info.frameCount, info.width) == ("h264", "aac", 30, 160))
        #expect(abs(info.durationSeconds - 3) < 0.1)
        let content = try bytes(of: made.path)
        #expect(position(of: Array("moov".utf8), in: content)! < position(of: Array("mdat".utf8), in: content)!)
    }

    @Test("VP8 becomes H.264")
    func transcodes() throws {
        guard let file = recordedMaterial("firefox-still.webm") else { return }
        let made = try make(file)
        let info = try MediaInspector.inspect(file: made.path)
        #expect((info.videoCodec, info.audioCodec) == ("h264", "aac"))
        try MediaInspector.check(file: made.path, declaredDurationSeconds: 10)
        #expect(folder.names == ["rendition.mp4"])
    }

    @Test("What is too large is encoded until it fits")
    func fits() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.run("-f lavfi -i testsrc2=size=1600x900:rate=10:duration=4 -f lavfi -i sine=duration=4 \(FFmpeg.h264) -crf 10 -c:a aac", file) else { return }
        let before = FileSize.of(file)
        let made = try make(file, maximumBytes: 300_000)
        #expect(before > 600_000)
        #expect(FileSize.of(made.path) <= 300_000)
        let info = try MediaInspector.inspect(file: made.path)
        #expect((info.width, info.height, info.videoCodec, info.audioCodec) == (1280, 720, "h264", "aac"))
        try MediaInspector.check(file: made.path, declaredDurationSeconds: 4)
    }

    @Test("What cannot fit is refused, and leaves nothing behind")
    func cannotFit() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.make(file, "\(FFmpeg.h264) -c:a aac") else { return }
        for maximum in [0, 2000, -1, Int64.min] as [Int64] {
            let error = #expect(throws: MediaError.self) { try make(file, maximumBytes: maximum) }
            #expect(error?.reason == "the clip is too long to be sent in \(maximum) bytes")
        }
        #expect(folder.names == ["a.mp4"])
    }
}
