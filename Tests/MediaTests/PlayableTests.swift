import Domain
import TestSupport
import Testing

@testable import Media

@Suite("Making files playable")
struct PlayableTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func play(_ file: String) throws -> AssembledClip {
        try ClipAssembler.makePlayable(file: file, into: folder.path, name: "clip")
    }

    @Test("A file cannot make the hub read another")
    func playlists() throws {
        guard let other = recordedMaterial("one-by-one.mp4") else { return }
        for text in ["#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "ffconcat version 1.0\nfile '\(other)'\n"] {
            let list = try folder.write(Array(text.utf8), as: "list.mp4")
            #expect(throws: MediaError.self) { try play(list) }
        }
    }

    @Test("A truncated WebM of Chrome is taken up to the cut")
    func truncatedWebM() throws {
        guard let file = recordedMaterial("chrome-still-truncated.webm") else { return }
        let clip = try play(file)
        #expect((clip.mime, clip.videoCodec, clip.audioCodec) == ("video/webm", "vp8", "opus"))
        #expect(abs(clip.durationSeconds - 7.5) < 0.5)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: clip.durationSeconds)
        #expect(folder.names == ["clip.webm"])
    }

    @Test("A WebM of Firefox gets a duration and cues")
    func firefox() throws {
        guard let file = recordedMaterial("firefox-still.webm") else { return }
        let clip = try play(file)
        let made = try InputFile(clip.path)
        #expect(abs((made.declaredSeconds ?? 0) - clip.durationSeconds) < 0.5)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: 10)
    }

    @Test("MPEG-4 in AVI becomes H.264 in MP4")
    func avi() throws {
        guard let file = recordedMaterial("street-brightness.avi") else { return }
        let clip = try play(file)
        #expect((clip.mime, clip.videoCodec, clip.width, clip.height) == ("video/mp4", "h264", 960, 1080))
        #expect(abs(clip.durationSeconds - 4.92) < 0.1)
        let info = try MediaInspector.inspect(file: clip.path)
        #expect(abs(info.durationSeconds - 4.92) < 0.1)
        #expect(info.frameCount == clip.videoFrames)
    }

    @Test("H.264 is copied, whatever its container", arguments: ["one-by-one.mp4", "door-person.mkv", "webcam-person.mkv"])
    func copies(name: String) throws {
        guard let file = recordedMaterial(name) else { return }
        let before = try MediaInspector.inspect(file: file)
        let clip = try play(file)
        #expect(clip.videoFrames == before.frameCount)
        #expect(abs(clip.durationSeconds - before.durationSeconds) < 0.15)
        let content = try bytes(of: clip.path)
        #expect(position(of: Array("moov".utf8), in: content)! < position(of: Array("mdat".utf8), in: content)!)
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: before.durationSeconds)
    }

    @Test("Each common form becomes one that browsers play", arguments: [
        ("a.mov", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac", "h264", "aac"),
        ("a.mkv", "-c:v libx264 -preset ultrafast -pix_fmt yuv444p -c:a pcm_s16le", "h264", "aac"),
        ("a.avi", "-c:v libx264 -preset ultrafast -bf 0 -pix_fmt yuv420p -c:a libmp3lame", "h264", "mp3"),
        // AVI has no presentation times, which matters where pictures are reordered.
        ("a.avi", "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -c:a libmp3lame", "h264", "aac"),
        ("a.mkv", "-c:v libx264 -preset medium -bf 3 -pix_fmt yuv420p -c:a aac", "h264", "aac"),
        ("a.mkv", "\(FFmpeg.vp8) -c:a pcm_s16le", "h264", "aac"),
        ("a.webm", "\(FFmpeg.vp8) -c:a libvorbis", "vp8", "vorbis"),
        ("a.avi", "-c:v mjpeg -c:a pcm_u8", "h264", "aac"),
    ])
    func forms(name: String, options: String, video: String, audio: String) throws {
        let file = folder.file(name)
        guard try FFmpeg.make(file, options) else { return }
        let clip = try play(file)
        #expect((clip.videoCodec, clip.audioCodec, clip.videoFrames) == (video, audio, 30))
        // Without presentation times, the first picture comes two pictures late.
        #expect(abs(clip.durationSeconds - 3) < 0.25)
        #expect(clip.audioFrames > 50)
        let info = try MediaInspector.inspect(file: clip.path)
        #expect((info.videoCodec, info.audioCodec, info.frameCount) == (video, audio, 30))
        #expect(abs(info.durationSeconds - 3) < 0.15)
        #expect(try ClipSampler.sample(file: clip.path, perSecond: 10, width: 16, height: 12).frames.count == 30)
    }

    @Test("Sound stays as long as the picture when it is encoded anew")
    func soundLength() throws {
        let file = folder.file("a.mkv")
        guard try FFmpeg.make(file, "-c:v mpeg4 -c:a pcm_s16le -ar 22050") else { return }
        let sounds = try ClipSampler.sample(file: try play(file).path, perSecond: 5, width: 16, height: 12).sounds
        #expect(abs((sounds.last?.seconds ?? 0) - 2.9) < 0.2)
        #expect(sounds.dropFirst(2).dropLast(2).allSatisfy { $0.decibels > -30 })
    }

    @Test("A picture that lies on its side is still said to")
    func rotation() throws {
        guard try FFmpeg.make(folder.file("flat.mp4"), "\(FFmpeg.h264) -an") else { return }
        guard try FFmpeg.run("-i \(folder.file("flat.mp4")) -c copy -metadata:s:v:0 rotate=90", folder.file("a.mov")) else { return }
        let source = try InputFile(folder.file("a.mov"))
        try #require(source.hasRotation)
        #expect(try InputFile(try play(folder.file("a.mov")).path).hasRotation)
    }

    @Test("A truncated AVI is taken up to the cut")
    func truncatedAVI() throws {
        let file = folder.file("a.avi")
        guard try FFmpeg.make(file, "-c:v mpeg4 -an -b:v 300k") else { return }
        let content = try bytes(of: file)
        let clip = try play(try folder.write(content.prefix(content.count / 2), as: "half.avi"))
        #expect((5...28).contains(clip.videoFrames))
    }

    @Test("What is no video is refused in words, and leaves nothing behind")
    func refusals() throws {
        func reason(_ content: [UInt8], _ name: String = "upload") throws -> String {
            let file = try folder.write(content, as: name)
            let error = #expect(throws: MediaError.self) { try play(file) }
            #expect(folder.names == [name])
            return error?.reason ?? ""
        }
        #expect(try reason([]) == "the file is empty")
        #expect(try reason(Array(repeating: 0x41, count: 5000)) == "this is not a video file")
        #expect(try reason(Array("#EXTM3U\n#EXTINF:1,\n/etc/hostname\n".utf8)) == "this is not a video file")
        let lines = Array(String(repeating: "Words, and more of them.\n", count: 200).utf8)
        #expect(try reason(lines) == "this is not a video file")
        let text = try TemporaryFolder()
        let name = try text.write(lines, as: "notes.txt")
        let refused = #expect(throws: MediaError.self) { try ClipAssembler.makePlayable(file: name, into: folder.path, name: "clip") }
        #expect(refused?.reason == "this is not a video file")
        let missing = #expect(throws: MediaError.self) { try play("\(folder.path)/none") }
        #expect(missing?.reason == "there is no such file")
    }

    @Test("Sound alone is refused")
    func soundAlone() throws {
        guard try FFmpeg.make(folder.file("a.mp4"), "-vn -c:a aac") else { return }
        let error = #expect(throws: MediaError.self) { try play(folder.file("a.mp4")) }
        #expect(error?.reason == "the file has no video track")
    }
}
