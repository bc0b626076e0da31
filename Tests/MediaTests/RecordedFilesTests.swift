import Domain
import TestSupport
import Testing

@testable import Media

@Suite("Cutting up recordings")
struct RecordedFilesTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// From each of the first keyframes on it plays, with all pictures that come then.
    private func check(_ bytes: [UInt8], pictures: ClosedRange<Int>, keyframes: ClosedRange<Int>) throws {
        let (found, segments) = try ContainerSplitter.split(bytes)
        let initialization = try #require(found)
        let starts = segments.indices.filter { segments[$0].isKeyframe }
        #expect(keyframes.contains(starts.count))
        var counts: [Int] = []
        for start in starts.prefix(2) {
            let file = try folder.write(initialization.bytes + segments[start...].flatMap(\.bytes), as: "cut")
            let clip = try ClipAssembler.makePlayable(file: file, into: folder.path, name: "clip")
            try MediaInspector.check(file: clip.path, declaredDurationSeconds: clip.durationSeconds)
            counts.append(clip.videoFrames)
            #expect((initialization.width, initialization.height) == (clip.width, clip.height))
        }
        #expect(pictures.contains(counts.first ?? 0) && counts == counts.sorted(by: >))
    }

    @Test("A recorder's file plays from any keyframe on, however it came", arguments: [
        ("live.webm", "\(FFmpeg.vp8) \(FFmpeg.opus) -f webm -live 1"),
        ("file.webm", "\(FFmpeg.vp8) \(FFmpeg.opus)"),
        ("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 10 -an -f webm -live 1"),
        ("gop.mp4", "\(FFmpeg.h264) -c:a aac -movflags frag_keyframe+empty_moov+default_base_moof"),
        ("opus.mp4", "\(FFmpeg.h264) \(FFmpeg.opus) -strict -2 -movflags frag_keyframe+empty_moov+default_base_moof"),
        ("frames.mp4", "\(FFmpeg.h264) -an -movflags frag_every_frame+empty_moov+default_base_moof"),
    ])
    func made(name: String, options: String) throws {
        let file = folder.file(name)
        guard try FFmpeg.make(file, seconds: 3, options) else { return }
        try check(try bytes(of: file), pictures: 29...30, keyframes: 3...3)
    }

    @Test("A file of Chrome's recorder, cut off at its end")
    func chrome() throws {
        guard let file = recordedMaterial("chrome-still-truncated.webm") else { return }
        try check(try bytes(of: file), pictures: 100...300, keyframes: 1...20)
    }

    @Test("A file of Firefox's recorder")
    func firefox() throws {
        guard let file = recordedMaterial("firefox-still.webm") else { return }
        try check(try bytes(of: file), pictures: 100...400, keyframes: 1...30)
    }

    @Test("An MP4 that is not fragmented is refused")
    func plainMP4() throws {
        guard let file = recordedMaterial("one-by-one.mp4") else { return }
        let content = try bytes(of: file)
        #expect(throws: ContainerError.unsupported("an MP4 that is not fragmented")) { try ContainerSplitter.split(content) }
    }
}
