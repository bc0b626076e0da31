import CLibAV
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

    @Test("A file that is no video has no still")
    func noVideo() throws {
        let file = try folder.write([1, 2, 3], as: "a")
        #expect(throws: MediaError("this is not a video file", code: -1_094_995_529)) {
            try Stills.jpeg(file: file, atSeconds: 0, maximumWidth: 320, quality: 4)
        }
    }
}
