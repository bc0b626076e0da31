import TestSupport
import Testing

@testable import Domain

private typealias W = SyntheticWebM
private typealias M = SyntheticMP4

/// Everything that comes out when the bytes come in pieces of these sizes, over and over.
private func steps(_ bytes: [UInt8], pieces: [Int], limits: ContainerSplitter.Limits = .init()) throws -> [ContainerSplitter.Step] {
    var splitter = ContainerSplitter(limits: limits)
    var found: [ContainerSplitter.Step] = []
    var position = 0, index = 0
    while position < bytes.count {
        let end = min(bytes.count, position + pieces[index % pieces.count])
        splitter.append(bytes[position..<end])
        while true {
            let step = try splitter.next()
            if step == .needsMore { break }
            found.append(step)
        }
        position = end
        index += 1
    }
    return found
}

private func error(_ bytes: [UInt8], limits: ContainerSplitter.Limits = .init()) -> ContainerError? {
    do throws(ContainerError) {
        _ = try ContainerSplitter.split(bytes, limits: limits)
        return nil
    } catch { return error }
}

private let malformedWebM: [([[UInt8]], ContainerError)] = [
    ([W.header, W.cluster(0)], .missing("the Segment behind the EBML header")),
    ([W.header, W.segment, W.info(), W.cluster(0)], .missing("Tracks before the first Cluster")),
    ([W.header, W.segment, W.tracks(W.track(1, type: 2, "A_OPUS"))], .missing("a video track")),
    ([W.header, W.segment, W.tracks(W.track(1, type: 1, "V_THEORA"))], .unsupported("the codec V_THEORA")),
    ([W.header, W.segment, W.tracks(W.track(0, type: 1, "V_VP8"))], .malformed(element: "TrackEntry", reason: "it has no TrackNumber")),
    ([W.header, W.segment, W.info(scale: 0)], .malformed(element: "TimecodeScale", reason: "0 ns is no tick of a recorder")),
    ([W.beginning, W.cluster(.max), W.block(2, 0)], .malformed(element: "Timecode", reason: "\(UInt64.max) is beyond any clock")),
    ([W.beginning, Array(W.cluster(0).prefix(12)), W.block(2, 0)], .missing("the Cluster's Timecode before its first block")),
    ([W.beginning, W.cluster(0), W.element([0xa3], [0x82, 0])], .malformed(element: "SimpleBlock", reason: "it is too short for its head")),
    ([W.beginning, W.cluster(0), W.element([0xa0], [])], .malformed(element: "BlockGroup", reason: "it has no Block")),
    ([W.beginning, W.element([0x1f, 0x43, 0xb6, 0x75], W.unsigned([0xe7], 0) + [0xa3, 0xff, 1, 2, 3])], .malformed(element: "Cluster", reason: "an element in it has no size")),
    ([W.usual, W.beginning], .malformed(element: "Segment", reason: "another file begins inside it")),
    ([W.beginning, W.info()], .malformed(element: "Info", reason: "it comes again")),
    ([W.beginning, W.cluster(0), [0xa3, 0x10, 0xff, 0xff, 0xff]], .tooLarge(element: "SimpleBlock", bytes: 0xff_ffff, limit: 4 << 20)),
    ([W.beginning, W.cluster(0), [0x00]], .malformed(element: "WebM", reason: "an element's id at byte \(W.beginning.count + W.cluster(0).count) is longer than 4 bytes")),
    ([Array("not a container".utf8)], .unknownContainer),
]

private let malformedMP4: [([[UInt8]], ContainerError)] = [
    ([M.ftyp, M.box("moov", M.sound + M.mvex)], .missing("a video track")),
    ([M.ftyp, M.box("moov", M.video)], .unsupported("an MP4 that is not fragmented")),
    ([M.ftyp, M.mdat], .unsupported("an MP4 that is not fragmented")),
    ([M.ftyp, M.moof([])], .missing("moov before the first moof")),
    ([M.beginning, M.mdat], .missing("moof before mdat")),
    ([M.beginning, M.moov], .malformed(element: "moov", reason: "it comes again")),
    ([M.beginning, M.ftyp], .malformed(element: "ftyp", reason: "another file begins behind the first")),
    ([M.beginning, M.moof([])], .malformed(element: "moof", reason: "it has no samples of a known track")),
    ([M.beginning, M.moof(M.traf(1, time: 0, M.trun([1]))), M.moof([])], .missing("mdat behind a moof")),
    ([M.beginning, M.moof(M.traf(1, time: 0, M.trun([1]), tfhd: 1))], .unsupported("a traf with a base-data-offset")),
    ([M.beginning, M.moof(M.traf(1, time: .max, M.trun([1])))], .malformed(element: "tfdt", reason: "\(UInt64.max) is beyond any clock")),
    ([M.beginning, M.moof(M.traf(1, time: 0, M.full("trun", flags: 0x100, [0, 0, 0, 9, 0, 0, 0, 1])))], .malformed(element: "trun", reason: "it is too short for its 9 samples")),
    ([M.beginning, M.moof(M.box("traf", M.full("tfhd", [0, 0, 0, 1])))], .missing("tfdt in traf")),
    ([M.beginning, [0, 0, 0, 0], Array("mdat".utf8)], .malformed(element: "mdat", reason: "it has no size")),
    ([M.beginning, [0, 0, 0, 7], Array("free".utf8)], .malformed(element: "free", reason: "it is shorter than its head")),
    ([M.beginning, [0x7f, 0, 0, 0], Array("moof".utf8)], .tooLarge(element: "moof", bytes: 0x7f00_0000, limit: 256 << 10)),
    ([M.ftyp, M.box("moov", M.track(1, handler: "vide", timescale: 0, entry: M.avc1))], .malformed(element: "mdhd", reason: "a timescale must not be 0")),
    ([M.ftyp, M.box("moov", M.track(1, handler: "vide", timescale: 1, entry: M.box("hev1", [UInt8](repeating: 0, count: 78))))], .unsupported("the codec hev1")),
]

struct ContainerSplitterTests {
    // MARK: WebM

    @Test func `a WebM begins with its header, and every picture is a Cluster`() throws {
        let (initialization, segments) = try ContainerSplitter.split(W.usual)
        #expect(initialization?.bytes == W.beginning)
        #expect(initialization?.mime == "video/webm;codecs=\"opus,vp8\"")
        #expect(initialization?.width == 64 && initialization?.height == 48)
        // Sound before a keyframe is apart from it, so that the keyframe comes first in its Cluster.
        #expect(segments.map(\.isKeyframe) == [false, true, false, false, true, false])
        #expect(segments.map(\.timestamp) == [0, 5000, 20_000, 1_000_000, 1_003_000, 1_036_000])
        let key = try #require(segments.first { $0.isKeyframe })
        #expect(key.bytes == W.element([0x1f, 0x43, 0xb6, 0x75], W.unsigned([0xe7], 5) + W.block(2, 0, key: true)))
        #expect(segments[2].bytes == W.element([0x1f, 0x43, 0xb6, 0x75], W.unsigned([0xe7], 20) + W.block(1, 0, key: true) + W.block(2, 18)))
    }

    @Test func `what comes out is a WebM again, and splits into itself`() throws {
        let (initialization, segments) = try ContainerSplitter.split(W.usual)
        let again = try ContainerSplitter.split(try #require(initialization).bytes + segments.flatMap(\.bytes))
        #expect(again.initialization == initialization && again.segments == segments)
    }

    @Test func `known sizes, other elements and block groups are understood`() throws {
        let cluster = W.element(
            [0x1f, 0x43, 0xb6, 0x75],
            W.unsigned([0xe7], 100) + W.unsigned([0xab], 7) + W.group(2, 0, key: true, duration: 33) + W.group(2, 33, key: false, duration: 34))
        let content = W.element([0x11, 0x4d, 0x9b, 0x74], [1, 2]) + W.info(scale: 500_000) + W.element([0xec], Array(repeating: 0, count: 5000))
            + W.usualTracks + cluster + W.element([0x1c, 0x53, 0xbb, 0x6b], [0])
        let (initialization, segments) = try ContainerSplitter.split(W.header + W.element([0x18, 0x53, 0x80, 0x67], content))
        #expect(initialization?.bytes == W.header + W.segment + W.info(scale: 500_000) + W.usualTracks)
        #expect(segments.map(\.isKeyframe) == [true, false])
        #expect(segments.map(\.timestamp) == [50_000, 66_500])
        #expect(segments.map(\.duration) == [16_500, 17_000])
    }

    @Test func `sound alone does not wait for a picture for ever`() throws {
        let sound = (0..<60).flatMap { W.block(1, Int16($0 * 20), key: true) }
        let segments = try ContainerSplitter.split(W.beginning + W.cluster(0) + sound).segments
        #expect(segments.count == 1 && !segments[0].isKeyframe)
    }

    @Test func `blocks of tracks that were not announced are left out`() throws {
        let segments = try ContainerSplitter.split(W.beginning + W.cluster(0) + W.block(3, 0, key: true) + W.block(2, 1, key: true)).segments
        #expect(segments.map(\.timestamp) == [1000])
    }

    @Test(arguments: malformedWebM)
    func `a malformed WebM is refused with what was wrong`(pieces: [[UInt8]], expected: ContainerError) {
        #expect(error(Array(pieces.joined())) == expected)
    }

    // MARK: MP4

    @Test func `an MP4 gives its fragments, and the last sound of each its length`() throws {
        let (initialization, segments) = try ContainerSplitter.split(M.usual)
        #expect(initialization?.bytes == M.beginning)
        #expect(initialization?.mime == "video/mp4;codecs=\"avc1.42001f,opus\"")
        #expect(initialization?.width == 64 && initialization?.height == 48)
        #expect(segments.map(\.isKeyframe) == [true, false])
        #expect(segments.map(\.timestamp) == [0, 66_666])
        #expect(segments.map(\.duration) == [66_666, 33_333])
        #expect(segments[0].bytes == M.moof(
            M.traf(1, time: 0, M.trun([3000, 3000], firstFlags: 0)) + M.traf(2, time: 0, M.trun([2880, 2880, 2880]))) + M.mdat)
        // Offsets count from the moof on: what lies before the mdat stays.
        #expect(segments[1].bytes == M.moof(M.traf(1, time: 6000, M.trun([3000]))) + M.box("free", [9]) + M.mdat)
    }

    @Test func `flags are those of the sample, the fragment, or the track`() throws {
        func isKeyframe(_ traf: [UInt8]) throws -> Bool? { try ContainerSplitter.split(M.beginning + M.moof(traf) + M.mdat).segments.first?.isKeyframe }
        // default-sample-flags of tfhd against those of trex, which say that it is none.
        #expect(try isKeyframe(M.traf(1, time: 0, M.trun([1]), tfhd: 0x2_0020, [2, 0, 0, 0])) == true)
        #expect(try isKeyframe(M.traf(1, time: 0, M.trun([1]))) == false)
        let own = M.full("trun", flags: 0x700, [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 2, 0, 0, 0])
        #expect(try isKeyframe(M.traf(1, time: 0, own)) == true)
    }

    @Test func `a run without samples of its own counts by its defaults, however many`() throws {
        let many = M.full("trun", flags: 0, [0xff, 0xff, 0xff, 0xff])
        let segment = try #require(try ContainerSplitter.split(M.beginning + M.moof(M.traf(1, time: 0, many)) + M.mdat).segments.first)
        #expect(segment.duration == UInt64(UInt32.max) * 3000 * 100 / 9)
    }

    @Test(arguments: malformedMP4)
    func `a malformed MP4 is refused with what was wrong`(pieces: [[UInt8]], expected: ContainerError) {
        #expect(error(Array(pieces.joined())) == expected)
    }

    // MARK: Both

    @Test(arguments: [W.usual, M.usual]) func `the pieces do not matter`(stream: [UInt8]) throws {
        let whole = try steps(stream, pieces: [stream.count])
        #expect(whole.count > 2)
        #expect(try steps(stream, pieces: [1]) == whole)
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            #expect(try steps(stream, pieces: (0..<7).map { _ in Int.random(in: 1...90, using: &random) }) == whole)
        }
    }

    @Test func `what is too large is refused before it has come`() {
        let limits = ContainerSplitter.Limits(maximumHeaderBytes: 100_000, maximumSegmentBytes: 200)
        #expect(error(W.usual, limits: limits) == .tooLarge(element: "SimpleBlock", bytes: 304, limit: 200))
        let fragment = M.moof(M.traf(1, time: 0, M.trun([1])))
        #expect(
            error(M.beginning + fragment + [0, 0, 1, 0] + Array("mdat".utf8), limits: limits)
                == .tooLarge(element: "mdat", bytes: 256, limit: 200 - fragment.count))
        let small = ContainerSplitter.Limits(maximumHeaderBytes: W.beginning.count - 40)
        #expect(error(W.beginning, limits: small).map { if case .tooLarge("Tracks", _, _) = $0 { true } else { false } } == true)
    }

    @Test func `an error stays`() {
        var splitter = ContainerSplitter()
        splitter.append(Array("nonsense".utf8))
        #expect(throws: ContainerError.unknownContainer) { try splitter.next() }
        splitter.append(W.usual)
        #expect(throws: ContainerError.unknownContainer) { try splitter.next() }
        #expect(splitter.bufferedBytes == 0)
    }

    @Test(arguments: [W.usual, M.usual]) func `damaged streams are split or refused, and never hoarded`(stream: [UInt8]) throws {
        let limits = ContainerSplitter.Limits(maximumHeaderBytes: 4096, maximumSegmentBytes: 4096)
        var random = SeededGenerator(seed: 7)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = stream
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
                case 2: for index in position..<min(position + 8, bytes.count) { bytes[index] = Bool.random(using: &random) ? 0xff : 0 }
                default: bytes.removeSubrange(position..<min(position + Int.random(in: 1...20, using: &random), bytes.count))
                }
            }
            var splitter = ContainerSplitter(limits: limits)
            do {
                var given = 0
                while given < bytes.count {
                    let end = min(bytes.count, given + Int.random(in: 1...200, using: &random))
                    splitter.append(bytes[given..<end])
                    given = end
                    while try splitter.next() != .needsMore {}
                    #expect(splitter.bufferedBytes <= 2 * 4096 + 16)
                }
            } catch is ContainerError { refused += 1 }
        }
        #expect(refused > 1000)
    }

    @Test func `a stream of crumbs is refused, in however many pieces it comes`() throws {
        // Empty Void elements (RFC 9559), two bytes each.
        let webm = SyntheticWebM.beginning + SyntheticWebM.cluster(0) + (0..<200_000).flatMap { _ in [0xec, 0x80] as [UInt8] }
        for size in [1_000, 1 << 20] {
            var splitter = ContainerSplitter()
            let error = #expect(throws: ContainerError.self) {
                for start in stride(from: 0, to: webm.count, by: size) {
                    splitter.append(webm[start..<min(start + size, webm.count)])
                    while try splitter.next() != .needsMore {}
                }
            }
            #expect(error?.description.contains("too small") == true)
        }
    }
}
