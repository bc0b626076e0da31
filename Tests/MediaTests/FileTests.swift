import Domain
import Testing

@testable import Media

@Suite(.enabled(if: Recorded.isThere, "no recorded material"), .timeLimit(.minutes(5)))
struct FileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [
        ("one-by-one.mp4", "video/mp4", "h264", 139.4), ("door-person.mkv", "video/mp4", "h264", 5.9), ("firefox-still.webm", "video/webm", "vp8", 10),
        ("chrome-still-truncated.webm", "video/webm", "vp8", 7.5), ("street-brightness.avi", "video/mp4", "h264", 4.9),
    ])
    func `files of common containers become playable`(name: String, mime: String, codec: String, seconds: Double) throws {
        let clip = try ClipAssembler.makePlayable(file: Recorded.path(name), into: folder.path, name: "out")
        #expect(clip.mime == mime && clip.videoCodec == codec)
        #expect(abs(clip.durationSeconds - seconds) < 1)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: seconds)
        #expect(folder.names == ["out.\(mime == "video/mp4" ? "mp4" : "webm")"])
    }

    @Test func `another duration than declared is refused with both figures`() throws {
        let error = #expect(throws: MediaError.self) {
            try MediaInspector.check(file: Recorded.path("webcam-person.mkv"), declaredDurationSeconds: 30)
        }
        #expect(error?.reason == "duration_seconds: 30.0 s were declared, the clip has 3.0 s")
    }

    @Test func `what is no video is refused in words`() throws {
        let empty = try folder.write([], as: "empty.mp4")
        let text = try folder.write(Array(String(repeating: "This is a text. ", count: 1000).utf8), as: "text.mp4")
        let head = try folder.write(bytes(of: Recorded.path("one-by-one.mp4")).prefix(40), as: "head.mp4")
        for (path, reason) in [
            (empty, "the file is empty"), (text, "this is not a video file"), (head, "the file has no video track"),
            (Recorded.path("speech.wav"), "this is not a video file"), (folder.path + "/none.mp4", "there is no such file"),
        ] {
            let error = #expect(throws: MediaError.self) { try ClipAssembler.makePlayable(file: path, into: folder.path, name: "out") }
            #expect(error?.reason == reason)
        }
        #expect(folder.names == ["empty.mp4", "head.mp4", "text.mp4"])
    }

    @Test func `a file must not make the hub read another`() throws {
        let list = try folder.write(Array("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n".utf8), as: "list.mp4")
        #expect(throws: MediaError.self) { try ClipAssembler.makePlayable(file: list, into: folder.path, name: "out") }
        let concat = try folder.write(Array("ffconcat version 1.0\nfile '\(Recorded.path("one-by-one.mp4"))'\n".utf8), as: "c.mp4")
        #expect(throws: MediaError.self) { try ClipAssembler.makePlayable(file: concat, into: folder.path, name: "out") }
    }

    @Test func `a still is the picture at its time, no wider than asked`() throws {
        let file = Recorded.path("one-by-one.mp4")
        let person = try Stills.jpeg(file: file, atSeconds: 12.6, maximumWidth: 320, quality: 4)
        #expect(Stills.isJPEG(person))
        #expect(try Stills.jpeg(file: file, atSeconds: 2, maximumWidth: 320, quality: 4) != person)
        // Beyond the end it is the last picture.
        #expect(try Stills.jpeg(file: file, atSeconds: 9999, maximumWidth: 320, quality: 4).count > 1000)
    }

    @Test func `samples are grey pictures at their times, and loudness`() throws {
        let pictures = try ClipSampler.sample(file: Recorded.path("door-person.mkv"), perSecond: 4, width: 32, height: 18)
        #expect((20...26).contains(pictures.frames.count))
        #expect(pictures.frames.allSatisfy { $0.luma.count == 32 * 18 })
        #expect(pictures.frames.first?.seconds == 0 && pictures.sounds.isEmpty)
        let sound = try ClipSampler.sample(file: Recorded.path("firefox-still.webm"), perSecond: 1, width: 32, height: 18).sounds
        #expect(sound.count > 50 && sound.allSatisfy { (-90...0.1).contains($0.decibels) })
    }

    @Test(arguments: ["one-by-one.mp4", "firefox-still.webm", "street-brightness.avi"])
    func `a rendition for messengers is H.264 and AAC`(name: String) throws {
        let clip = try DeliveryRendition.make(file: Recorded.path(name), into: folder.path, name: "out", maximumBytes: 50 << 20)
        let info = try MediaInspector.inspect(file: clip.path)
        #expect(info.videoCodec == "h264" && info.container.contains("mp4"))
        #expect(info.audioCodec == nil || info.audioCodec == "aac")
        #expect((info.audioCodec != nil) == (name == "firefox-still.webm"))
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: clip.durationSeconds)
    }

    @Test func `a rendition that is too large is made smaller, or refused`() throws {
        let file = Recorded.path("one-by-one.mp4")
        let clip = try DeliveryRendition.make(file: file, into: folder.path, name: "out", maximumBytes: 3_200_000)
        #expect(clip.sizeBytes <= 3_200_000)
        #expect(throws: MediaError.self) { try DeliveryRendition.make(file: file, into: folder.path, name: "out", maximumBytes: 100_000) }
    }

    @Test(arguments: ["webcam-person.mkv", "door-person.mkv", "chrome-still-truncated.webm"])
    func `damaged files throw or give a clip, and never crash`(name: String) throws {
        let whole = try bytes(of: Recorded.path(name))
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<60 {
            var damaged = Array(whole.prefix(Int.random(in: 100...min(whole.count, 300_000), using: &generator)))
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                damaged[Int.random(in: 0..<min(damaged.count, 3000), using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let path = try folder.write(damaged, as: "damaged.bin")
            guard let clip = try? ClipAssembler.makePlayable(file: path, into: folder.path, name: "out") else { continue }
            _ = try? MediaInspector.check(file: clip.path, declaredDurationSeconds: 3)
            _ = try? Stills.jpeg(file: clip.path, atSeconds: 1, maximumWidth: 64, quality: 5)
            _ = try? ClipSampler.sample(file: clip.path, perSecond: 2, width: 32, height: 18)
        }
        #expect(folder.names.allSatisfy { !$0.hasSuffix(".part") })
    }
}
