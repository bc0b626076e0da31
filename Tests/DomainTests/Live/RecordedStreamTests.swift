import Testing

@testable import Domain

struct RecordedStreamTests {
    private func header(_ sequence: UInt32, _ flags: FrameHeader.Flags = []) -> FrameHeader {
        FrameHeader(kind: .liveBytes, flags: flags, stream: 4, sequence: sequence)
    }

    @Test func `pieces become a configuration and frames of one sequence`() throws {
        var recorded = RecordedStream(stream: 4)
        let bytes = SyntheticWebM.usual
        var outputs: [RecordedStream.Output] = []
        for (index, start) in stride(from: 0, to: bytes.count, by: 100).enumerated() {
            outputs += try recorded.receive(header(UInt32(index), index == 0 ? .configuration : []), bytes[start..<min(start + 100, bytes.count)])
        }
        let (initialization, segments) = try ContainerSplitter.split(bytes)
        #expect(outputs.first == .configuration(header(0, .configuration), try #require(initialization)))
        for (index, segment) in segments.enumerated() {
            var expected = header(UInt32(index) + 1, segment.isKeyframe ? .keyframe : [])
            expected.timestamp = segment.timestamp
            #expect(outputs[index + 1] == .frame(expected, payload: segment.bytes))
        }
        #expect(outputs.count == segments.count + 1)
    }

    @Test func `another file begins with a flag, and the sequence for viewers goes on`() throws {
        var recorded = RecordedStream(stream: 4)
        let first = try recorded.receive(header(7, .configuration), SyntheticWebM.usual)
        let second = try recorded.receive(header(8, .configuration), SyntheticMP4.usual)
        guard case .configuration(let header, let initialization) = second.first else { Issue.record("no configuration"); return }
        #expect(header.sequence == UInt32(first.count) && initialization.format == .mp4)
    }

    @Test func `gaps, a missing beginning and damage are refused`() throws {
        var recorded = RecordedStream(stream: 4)
        #expect(throws: RecordedStream.Refusal.noBeginning) { try recorded.receive(header(0), SyntheticWebM.usual) }
        _ = try recorded.receive(header(0, .configuration), SyntheticWebM.beginning)
        #expect(throws: RecordedStream.Refusal.gap(expected: 1, got: 2)) { try recorded.receive(header(2), [0]) }
        #expect(throws: RecordedStream.Refusal.container(.unknownContainer)) {
            try recorded.receive(header(0, .configuration), Array("no container".utf8))
        }
        #expect(throws: RecordedStream.Refusal.noBeginning) { try recorded.receive(header(1), [0]) }
    }
}
