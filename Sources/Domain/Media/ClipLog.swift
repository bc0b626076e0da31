// How a clip that is being received lies on the disk: record after record, as the frames came.

/// A record is `[u32 big-endian length of the payload][24-byte header][payload]`.
public enum ClipLog {
    /// Bytes before the payload.
    public static let prefixSize = 4 + FrameHeader.size
    /// A longer payload is not one that the hub has written.
    public static let maximumPayload = 8 << 20

    /// Why bytes are no clip log.
    public enum Malformed: Error, Hashable, Sendable {
        case header(FrameHeader.ParseError)
        case tooLong(UInt32)
    }

    /// Reads the first `prefixSize` bytes of a record.
    public static func parsePrefix(_ bytes: some Collection<UInt8>) throws(Malformed) -> (header: FrameHeader, payloadSize: Int) {
        guard bytes.count >= prefixSize else { throw .header(.tooShort) }
        let length = bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard length <= maximumPayload else { throw .tooLong(length) }
        do {
            return (try FrameHeader(parsing: Array(bytes.dropFirst(4).prefix(FrameHeader.size))), Int(length))
        } catch {
            throw .header(error)
        }
    }

    /// A message as it came, header and payload, as a record. The payload must not be longer than `maximumPayload`: no reader would take it.
    public static func record(message: some Collection<UInt8>) -> [UInt8] {
        precondition((FrameHeader.size...FrameHeader.size + maximumPayload).contains(message.count))
        let length = UInt32(message.count - FrameHeader.size)
        var record = [UInt8]()
        record.reserveCapacity(4 + message.count)
        for shift in [24, 16, 8, 0] as [UInt32] { record.append(UInt8(truncatingIfNeeded: length >> shift)) }
        record.append(contentsOf: message)
        return record
    }

    /// A frame as a record.
    public static func record(_ header: FrameHeader, _ payload: some Collection<UInt8>) -> [UInt8] {
        record(message: header.encoded + payload)
    }
}
