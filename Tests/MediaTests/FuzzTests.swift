import Domain
import TestSupport
import Testing

@testable import Media

@Suite("Damaged input")
struct FuzzTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func mutated(_ source: [UInt8], seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var bytes = source
        // Half of the changes go where headers are.
        let reach = Bool.random(using: &random) ? min(bytes.count, 1500) : bytes.count
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let position = Int.random(in: 0..<max(min(reach, bytes.count), 1), using: &random)
            guard position < bytes.count else { continue }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
            case 2:
                for index in position..<min(position + 8, bytes.count) { bytes[index] = Bool.random(using: &random) ? 0xff : 0x7f }
            case 3:
                for index in position..<min(position + 4, bytes.count) { bytes[index] = 0 }
            case 4: bytes.removeSubrange(position..<min(position + Int.random(in: 1...64, using: &random), bytes.count))
            default:
                if Int.random(in: 0..<4, using: &random) == 0 { bytes.removeSubrange(position...) }
            }
        }
        return bytes
    }

    /// Everything that the hub does with a file that came from outside.
    private func use(_ file: String, name: String) {
        if let clip = try? ClipAssembler.makePlayable(file: file, into: folder.path, name: name) { useMade(clip) }
        _ = try? MediaInspector.check(file: file, declaredDurationSeconds: 1)
        _ = try? Stills.jpeg(file: file, atSeconds: 0.5, maximumWidth: 64, quality: 5)
        _ = try? ClipSampler.sample(file: file, perSecond: 8, width: 32, height: 18)
        _ = try? DeliveryRendition.make(file: file, into: folder.path, name: name, maximumBytes: 20_000)
    }

    private func useMade(_ clip: AssembledClip) {
        _ = try? MediaInspector.check(file: clip.path, declaredDurationSeconds: clip.durationSeconds)
        _ = try? ClipSampler.sample(file: clip.path, perSecond: 4, width: 32, height: 18)
    }

    @Test("A damaged file is refused or used, and nothing else", arguments: [
        ("a.mp4", "\(FFmpeg.h264) -c:a aac -movflags +faststart"), ("b.mp4", "\(FFmpeg.h264) \(FFmpeg.opus) -strict -2"),
        ("c.webm", "\(FFmpeg.vp8) \(FFmpeg.opus)"), ("d.avi", "-c:v mpeg4 -c:a pcm_s16le"), ("e.mkv", "-c:v mpeg4 -c:a aac"),
    ])
    func files(name: String, options: String) throws {
        let source = folder.file(name)
        guard try FFmpeg.make(source, seconds: 1, size: "64x48", options) else { return }
        let content = try bytes(of: source)
        for seed in 0..<40 as Range<UInt64> {
            use(try folder.write(mutated(content, seed: seed), as: "damaged"), name: "made")
        }
        #expect(folder.names.filter { $0 != name && $0 != "damaged" && $0 != "made.mp4" && $0 != "made.webm" } == [])
    }

    @Test("A damaged clip log is refused or used, and nothing else", arguments: ["h264", "vp8"])
    func logs(codec: String) throws {
        let source = folder.file(codec == "h264" ? "a.mp4" : "a.webm")
        let options = codec == "h264" ? "\(FFmpeg.h264) \(FFmpeg.opus) -strict -2" : "\(FFmpeg.vp8) \(FFmpeg.opus)"
        guard try FFmpeg.make(source, seconds: 1, size: "64x48", options) else { return }
        var log = LogMaker()
        try log.add(file: source)
        let content = log.encoded
        for seed in 0..<100 as Range<UInt64> {
            let file = try folder.write(mutated(content, seed: seed), as: "clip.log")
            if let clip = try? ClipAssembler.assemble(log: file, into: folder.path, name: "clip") { useMade(clip) }
        }
        // Bytes that are changed at random rarely reach what records say, since a wrong length ends the log.
        for seed in 0..<120 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var changed = log
            changed.change { record in
                guard Int.random(in: 0..<30, using: &random) == 0 else { return }
                switch Int.random(in: 0..<7, using: &random) {
                case 0: record.payload = mutated(record.payload, seed: random.next())
                case 1: record.header.timestamp = random.next() >> UInt64.random(in: 0..<64, using: &random)
                case 2: record.header.duration = UInt32(truncatingIfNeeded: random.next())
                case 3: record.header.flags = FrameHeader.Flags(rawValue: UInt8.random(in: 0...7, using: &random))
                case 4: record.header.track ^= 1
                case 5: record.header.kind = FrameHeader.Kind.allCases.randomElement(using: &random)!
                default: record.payload = []
                }
            }
            let file = try folder.write(changed.encoded, as: "clip.log")
            if let clip = try? ClipAssembler.assemble(log: file, into: folder.path, name: "clip") { useMade(clip) }
        }
        #expect(folder.names.allSatisfy { !$0.hasSuffix(".part") && !$0.hasSuffix(".recorded") })
    }

    @Test("A damaged JPEG is one or is none")
    func pictures() throws {
        guard try FFmpeg.run("-f lavfi -i testsrc=size=64x48 -frames:v 1 -f mjpeg", folder.file("a.jpg")) else { return }
        let content = try bytes(of: folder.file("a.jpg"))
        var refused = 0
        for seed in 0..<300 as Range<UInt64> where !Stills.isJPEG(mutated(content, seed: seed)) { refused += 1 }
        #expect(refused > 10)
    }
}
