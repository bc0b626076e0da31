import Domain
import TestSupport
import Testing

@Suite("Clip log")
struct ClipLogTests {
    private let header = FrameHeader(kind: .clip, flags: .keyframe, track: 0, stream: 7, sequence: 3, duration: 33_000, timestamp: 1 << 40)

    @Test("A record comes out as it went in, however the bytes are cut")
    func roundTrip() throws {
        let second = FrameHeader(kind: .clip, track: 1, stream: 7, sequence: 4)
        let log = ClipLog.record(header, [1, 2, 3]) + ClipLog.record(second, [UInt8]())
        for size in [1, 2, 7, 28, 29, 100] {
            var parser = ClipLogParser()
            var records: [ClipLogRecord] = []
            for start in stride(from: 0, to: log.count, by: size) {
                parser.append(log[start..<min(start + size, log.count)])
                while case .record(let record) = try parser.next() { records.append(record) }
            }
            #expect(records == [ClipLogRecord(header: header, payload: [1, 2, 3]), ClipLogRecord(header: second, payload: [])])
            #expect(try parser.next() == .needsMore)
        }
    }

    @Test("A torn tail needs more, and is never a record")
    func tornTail() throws {
        let log = ClipLog.record(header, [1, 2, 3])
        for count in 0..<log.count {
            var parser = ClipLogParser()
            parser.append(log.prefix(count))
            #expect(try parser.next() == .needsMore)
        }
    }

    @Test("A header that cannot be is refused")
    func impossibleHeaders() {
        func parse(_ change: (inout [UInt8]) -> Void) throws -> ClipLogParser.Step {
            var log = ClipLog.record(header, [1, 2, 3])
            change(&log)
            var parser = ClipLogParser()
            parser.append(log)
            return try parser.next()
        }
        #expect(throws: ClipLog.Malformed.header(.unknownKind(9))) { try parse { $0[4] = 9 } }
        #expect(throws: ClipLog.Malformed.header(.unknownFlags(8))) { try parse { $0[5] = 8 } }
        #expect(throws: ClipLog.Malformed.header(.unknownTrack(2))) { try parse { $0[7] = 2 } }
        #expect(throws: ClipLog.Malformed.tooLong(0xff00_0003)) { try parse { $0[0] = 0xff } }
    }
}
