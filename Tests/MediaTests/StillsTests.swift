import CLibAV
import Domain
import Foundation
import TestSupport
import Testing

@testable import Media

@Suite("Stills")
struct StillsTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Width and height by the frame header (SOF0).
    private func size(_ jpeg: [UInt8]) -> (width: Int, height: Int)? {
        guard let start = position(of: [0xff, 0xc0], in: jpeg), start + 9 <= jpeg.count else { return nil }
        return (Int(jpeg[start + 7]) << 8 | Int(jpeg[start + 8]), Int(jpeg[start + 5]) << 8 | Int(jpeg[start + 6]))
    }

    @Test("A still is a JPEG of the width that was asked for")
    func still() throws {
        guard let file = recordedMaterial("one-by-one.mp4") else { return }
        let jpeg = try Stills.jpeg(file: file, atSeconds: 12.6, maximumWidth: 320, quality: 4)
        #expect(Stills.isJPEG(jpeg))
        #expect(size(jpeg)! == (320, 180))
        #expect(size(try Stills.jpeg(file: file, atSeconds: 0, maximumWidth: 4000, quality: 31))! == (768, 432))
        #expect(try Stills.jpeg(file: file, atSeconds: 12.6, maximumWidth: 320, quality: 31).count < jpeg.count)
    }

    @Test("The still is of the time that was asked for")
    func time() throws {
        // White from the second second on.
        let file = folder.file("a.mp4")
        guard try FFmpeg.run("-f lavfi -i color=black:size=64x64:rate=10:duration=2 -f lavfi -i color=white:size=64x64:rate=10:duration=2 -filter_complex [0][1]concat \(FFmpeg.h264)", file) else { return }
        func brightness(_ seconds: Double) throws -> Int {
            let jpeg = try Stills.jpeg(file: file, atSeconds: seconds, maximumWidth: 64, quality: 2)
            let decoder = try Decoder(AV_CODEC_ID_MJPEG)
            let packet = try Packet(), frame = try Frame()
            try packet.fill(jpeg)
            var luma = 0
            if try decoder.decode(packet, into: frame, { luma = Int($0.pointer.pointee.data.0![0]); return false }) {
                _ = try decoder.decode(nil, into: frame) { luma = Int($0.pointer.pointee.data.0![0]); return false }
            }
            return luma
        }
        #expect(try brightness(0) < 30)
        #expect(try brightness(1.9) < 30)
        #expect(try brightness(2) > 220)
        #expect(try brightness(3.5) > 220)
        #expect(try brightness(100) > 220)
        #expect(try brightness(-5) < 30)
    }

    @Test("Only what decodes is a JPEG")
    func isJPEG() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.make(file, "\(FFmpeg.h264) -an") else { return }
        let jpeg = try Stills.jpeg(file: file, atSeconds: 1, maximumWidth: 160, quality: 3)
        #expect(Stills.isJPEG(jpeg))
        #expect(!Stills.isJPEG([]))
        #expect(!Stills.isJPEG([0xff, 0xd8, 0xff]))
        #expect(!Stills.isJPEG(Array(jpeg.prefix(100))))
        #expect(!Stills.isJPEG(Array(jpeg.dropFirst())))
        #expect(!Stills.isJPEG([0xff, 0xd8, 0xff] + [UInt8](repeating: 7, count: 4000)))
        #expect(!Stills.isJPEG([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
        var huge = jpeg
        let frame = try #require(position(of: [0xff, 0xc0], in: huge))
        huge.replaceSubrange(frame + 5..<frame + 9, with: [0xff, 0xff, 0xff, 0xff])
        #expect(!Stills.isJPEG(huge))
        guard try FFmpeg.run("-f lavfi -i testsrc=size=320x240 -frames:v 1 -f mjpeg", folder.file("other.jpg")) else { return }
        #expect(Stills.isJPEG(try bytes(of: folder.file("other.jpg"))))
    }

    /// What a sensor would send of a file.
    private func stream(_ file: String, withDescription: Bool = true) throws -> (configuration: [UInt8], pictures: [[UInt8]]) {
        var log = LogMaker()
        try log.add(file: file, withDescription: withDescription)
        let video = log.records.filter { $0.header.track == 0 }
        return (video[0].payload, video.dropFirst().map(\.payload))
    }

    @Test("The newest picture of a live stream becomes a JPEG", arguments: [("mp4", true), ("ts", false), ("webm", true)])
    func live(container: String, hasDescription: Bool) throws {
        let file = folder.file("a.\(container)"), codec = container == "webm" ? FFmpeg.vp8 : FFmpeg.h264
        guard try FFmpeg.make(file, "\(codec) -an") else { return }
        let sent = try stream(file, withDescription: hasDescription)
        for count in [1, 7] {
            let jpeg = try Stills.jpeg(configuration: sent.configuration, pictures: Array(sent.pictures.prefix(count)), maximumWidth: 1280, quality: 2)
            #expect(Stills.isJPEG(jpeg) && size(jpeg)! == (160, 120))
        }
        #expect(size(try Stills.jpeg(configuration: sent.configuration, pictures: sent.pictures, maximumWidth: 64, quality: 4))! == (64, 48))
    }

    @Test("The newest picture of a recorder's stream becomes a JPEG", arguments: [
        ("webm", "\(FFmpeg.vp8) \(FFmpeg.opus) -f webm -live 1"), ("mp4", "\(FFmpeg.h264) -c:a aac -movflags frag_every_frame+empty_moov+default_base_moof"),
    ])
    func recorder(container: String, options: String) throws {
        let file = folder.file("a.\(container)")
        guard try FFmpeg.make(file, options) else { return }
        let (found, segments) = try ContainerSplitter.split(try bytes(of: file))
        let initialization = try #require(found)
        let start = try #require(segments.lastIndex { $0.isKeyframe })
        func configuration(_ bytes: [UInt8]) -> [UInt8] { Array(#"{"container":"x","init":"\#(Data(bytes).base64EncodedString())"}"#.utf8) }
        let pictures = segments[start...].map(\.bytes)
        let jpeg = try Stills.jpeg(configuration: configuration(initialization.bytes), pictures: pictures, maximumWidth: 1280, quality: 2)
        #expect(Stills.isJPEG(jpeg) && size(jpeg)! == (160, 120))
        // It is the last one, not the keyframe.
        #expect(try jpeg != Stills.jpeg(configuration: configuration(initialization.bytes), pictures: [pictures[0]], maximumWidth: 1280, quality: 2))
        #expect(throws: MediaError.self) { try Stills.jpeg(configuration: configuration([1, 2, 3]), pictures: pictures, maximumWidth: 64, quality: 2) }
        #expect(throws: MediaError.self) { try Stills.jpeg(configuration: configuration(initialization.bytes), pictures: [], maximumWidth: 64, quality: 2) }
    }

    @Test("A damaged live stream is an error or a picture, never a crash")
    func damagedLive() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.make(file, "\(FFmpeg.h264) -an") else { return }
        let sent = try stream(file)
        var random = SeededGenerator(seed: 7)
        func damage(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for _ in 0..<4 where !bytes.isEmpty { bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            return Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random) * 2))
        }
        for round in 0..<200 {
            let configuration = round % 2 == 0 ? damage(sent.configuration) : sent.configuration
            _ = try? Stills.jpeg(configuration: configuration, pictures: sent.pictures.prefix(12).map(damage), maximumWidth: 64, quality: 9)
        }
        #expect(throws: MediaError.self) { try Stills.jpeg(configuration: [], pictures: sent.pictures, maximumWidth: 64, quality: 9) }
        #expect(throws: MediaError("no picture of the stream can be decoded")) {
            try Stills.jpeg(configuration: sent.configuration, pictures: [], maximumWidth: 64, quality: 9)
        }
        #expect(throws: MediaError("the codec pcm is not one that pictures can be made of")) {
            try Stills.jpeg(configuration: Array(#"{"codec":"pcm"}"#.utf8), pictures: sent.pictures, maximumWidth: 64, quality: 9)
        }
    }

    @Test("A file that is no video has no still")
    func noVideo() throws {
        let file = try folder.write([1, 2, 3], as: "a")
        #expect(throws: MediaError("this is not a video file", code: -1_094_995_529)) {
            try Stills.jpeg(file: file, atSeconds: 0, maximumWidth: 320, quality: 4)
        }
    }
}
