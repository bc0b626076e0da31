import Domain
import TestSupport
import Testing

@testable import Media

@Suite("Sampling clips")
struct SamplerTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test("Pictures have the size and the rate that was asked for")
    func pictures() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.make(file, "\(FFmpeg.h264) -an") else { return }
        let samples = try ClipSampler.sample(file: file, perSecond: 5, width: 32, height: 18)
        #expect(samples.frames.count == 15)
        #expect(samples.frames.allSatisfy { $0.width == 32 && $0.height == 18 && $0.luma.count == 32 * 18 })
        for (index, frame) in samples.frames.enumerated() { #expect(abs(frame.seconds - Double(index) / 5) < 0.01) }
        #expect(samples.sounds.isEmpty)
    }

    @Test("No more pictures are taken than the bound")
    func bound() throws {
        let file = folder.file("a.mp4")
        guard try FFmpeg.run("-f lavfi -i color=gray:size=32x32:rate=100:duration=25 \(FFmpeg.h264)", file) else { return }
        let samples = try ClipSampler.sample(file: file, perSecond: 1000, width: 16, height: 16)
        #expect(samples.frames.count == 2000)
        // Grey in the video's limited range is grey in luma.
        #expect(samples.frames.allSatisfy { $0.luma.allSatisfy { abs(Int($0) - 128) < 6 } })
    }

    @Test("Loudness is in decibels of full scale, whatever the form of the samples", arguments: ["pcm_u8", "pcm_s16le", "pcm_s32le", "pcm_f64le", "aac", "libopus"])
    func loudness(codec: String) throws {
        let file = folder.file("a.mkv")
        // A sine of amplitude 1/8, as ffmpeg makes it: -21 dB.
        guard try FFmpeg.make(file, "\(FFmpeg.h264) -c:a \(codec)") else { return }
        let sounds = try ClipSampler.sample(file: file, perSecond: 5, width: 16, height: 16).sounds
        #expect((28...34).contains(sounds.count))
        #expect(sounds.dropFirst(2).dropLast(2).allSatisfy { abs($0.decibels + 21) < 1.5 })
    }

    @Test("Silence is -90 dB")
    func silence() throws {
        let file = folder.file("a.mkv")
        guard try FFmpeg.run("-f lavfi -i color=gray:size=32x32:rate=10:duration=1 -f lavfi -i anullsrc=duration=1 -shortest \(FFmpeg.h264) -c:a pcm_s16le", file) else { return }
        let sounds = try ClipSampler.sample(file: file, perSecond: 5, width: 16, height: 16).sounds
        #expect(sounds.count >= 9)
        #expect(sounds.allSatisfy { $0.decibels == -90 })
    }

    @Test("Someone at the door moves in the measurements, and a still room does not", arguments: [("door-person.mkv", true), ("firefox-still.webm", false)])
    func measurements(name: String, moves: Bool) throws {
        guard let file = recordedMaterial(name) else { return }
        let samples = try ClipSampler.sample(file: file, perSecond: 8, width: 160, height: 90)
        #expect(ClipMeasurements(frames: samples.frames, sounds: samples.sounds).hasMovement == moves)
    }

    @Test("Sizes and rates that are none are refused")
    func refusals() throws {
        let file = try folder.write([1, 2, 3], as: "a")
        for (rate, width, height) in [(5.0, 0, 10), (5, 10, -1), (5, 1 << 40, 10), (0, 10, 10), (-1, 10, 10), (.nan, 10, 10), (5, 10, 10)] {
            #expect(throws: MediaError.self) { try ClipSampler.sample(file: file, perSecond: rate, width: width, height: height) }
        }
    }
}
