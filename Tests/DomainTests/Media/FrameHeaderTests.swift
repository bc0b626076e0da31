import Domain
import Testing

struct FrameHeaderTests {
    @Test func `a header reads back as it was written, in the order of the protocol`() throws {
        let header = FrameHeader(
            kind: .clip, flags: [.keyframe, .last], track: 1, stream: 0x0102_0304, sequence: 5, duration: 33_333, timestamp: 0x0a0b_0c0d_0e0f)
        #expect(
            header.encoded == [2, 5, 0, 1, 1, 2, 3, 4, 0, 0, 0, 5, 0, 0, 0x82, 0x35, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f])
        #expect(try FrameHeader(parsing: header.encoded + [9, 9]) == header)
    }

    @Test func `what is no header is refused with its reason`() {
        let good = FrameHeader(kind: .live, stream: 1, sequence: 0).encoded
        func changed(_ index: Int, _ value: UInt8) -> [UInt8] {
            var bytes = good
            bytes[index] = value
            return bytes
        }
        #expect(throws: FrameHeader.ParseError.tooShort) { try FrameHeader(parsing: Array(good.dropLast())) }
        #expect(throws: FrameHeader.ParseError.tooShort) { try FrameHeader(parsing: [UInt8]()) }
        #expect(throws: FrameHeader.ParseError.unknownKind(0)) { try FrameHeader(parsing: changed(0, 0)) }
        #expect(throws: FrameHeader.ParseError.unknownFlags(8)) { try FrameHeader(parsing: changed(1, 8)) }
        #expect(throws: FrameHeader.ParseError.unknownTrack(256)) { try FrameHeader(parsing: changed(2, 1)) }
    }

    @Test func `any 28 bytes are a record's prefix or an error`() {
        var state: UInt64 = 42
        for _ in 0..<5000 {
            let bytes = (0..<ClipLog.prefixSize).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33) & (state >> 60 > 7 ? 0xff : 0x07)
            }
            if let (header, size) = try? ClipLog.parsePrefix(bytes) {
                #expect(header.encoded == Array(bytes.dropFirst(4)) && size <= ClipLog.maximumPayload)
            }
        }
    }
}
