import TestSupport
import Testing

@testable import Media

@Suite("Inspecting files")
struct InspectorTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test("A recording is what its description says")
    func recording() throws {
        guard let file = recordedMaterial("one-by-one.mp4") else { return }
        let info = try MediaInspector.inspect(file: file)
        #expect((info.width, info.height, info.videoCodec, info.audioCodec) == (768, 432, "h264", nil))
        #expect(info.container.contains("mp4"))
        #expect(abs(info.durationSeconds - 139.4) < 0.3)
        #expect(info.frameCount == 1394)
    }

    @Test("A header that lies about the rate does not change the duration")
    func lyingHeader() throws {
        guard let file = recordedMaterial("door-person.mkv") else { return }
        #expect(abs(try MediaInspector.inspect(file: file).durationSeconds - 5.9) < 0.3)
    }

    @Test("A duration that was declared may be off by a quarter, or one and a half seconds")
    func declaredDuration() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.make(file, seconds: 8, "\(FFmpeg.h264) -an") else { return }
        for declared in [nil, 8, 6.5, 9.9, 10.5] { try MediaInspector.check(file: file, declaredDurationSeconds: declared) }
        for declared in [0, 6.2, 11, 1000, -5, .nan, .infinity] {
            #expect(throws: MediaError.self) { try MediaInspector.check(file: file, declaredDurationSeconds: declared) }
        }
        let error = #expect(throws: MediaError.self) { try MediaInspector.check(file: file, declaredDurationSeconds: 12) }
        #expect(error?.description == "duration_seconds: 12.0 s were declared, the clip has 8.0 s")
    }

    @Test("Video that does not decode is refused")
    func undecodable() throws {
        guard try FFmpeg.make(folder.file("a.mp4"), "\(FFmpeg.h264) -an -movflags +faststart") else { return }
        var content = try bytes(of: folder.file("a.mp4"))
        let media = try #require(position(of: Array("mdat".utf8), in: content))
        for index in (media + 4)..<content.count { content[index] = 0 }
        let file = try folder.write(content, as: "zeros.mp4")
        let error = #expect(throws: MediaError.self) { try MediaInspector.check(file: file, declaredDurationSeconds: nil) }
        #expect(error != nil)
    }

    @Test("An error has words for a person, and libav's for the log")
    func errorWords() {
        let error = MediaError("this is not a video file", code: -2)
        #expect("\(error)" == "this is not a video file")
        #expect(error.debugDescription == "this is not a video file (-2: No such file or directory)")
        #expect(MediaError("words").debugDescription == "words")
    }
}
