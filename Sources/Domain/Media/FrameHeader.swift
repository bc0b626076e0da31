// The header of a binary message (docs/PROTOCOL.md, "Binary messages").

/// 24 bytes, big-endian, before the payload of every binary message.
public struct FrameHeader: Hashable, Sendable {
    public static let size = 24

    public enum Kind: UInt8, Sendable, CaseIterable {
        case live = 1
        case clip = 2
        case clipBytes = 3
        case still = 4
        case liveBytes = 5
    }

    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let keyframe = Flags(rawValue: 1)
        public static let configuration = Flags(rawValue: 2)
        public static let last = Flags(rawValue: 4)
    }

    public enum ParseError: Error, Hashable, Sendable { case tooShort, unknownKind(UInt8), unknownFlags(UInt8), unknownTrack(UInt16) }

    public var kind: Kind
    public var flags: Flags
    /// 0 video, 1 audio.
    public var track: UInt16
    public var stream: UInt32
    public var sequence: UInt32
    /// Microseconds.
    public var duration: UInt32
    /// Microseconds of the sensor's media clock.
    public var timestamp: UInt64

    public static let videoTrack: UInt16 = 0
    public static let audioTrack: UInt16 = 1

    public init(
        kind: Kind, flags: Flags = [], track: UInt16 = 0, stream: UInt32, sequence: UInt32, duration: UInt32 = 0, timestamp: UInt64 = 0
    ) {
        self.kind = kind
        self.flags = flags
        self.track = track
        self.stream = stream
        self.sequence = sequence
        self.duration = duration
        self.timestamp = timestamp
    }

    /// Reads the header at the start of `bytes`.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(ParseError) {
        guard bytes.count >= Self.size else { throw .tooShort }
        guard let kind = Kind(rawValue: bytes[0]) else { throw .unknownKind(bytes[0]) }
        guard bytes[1] & ~7 == 0 else { throw .unknownFlags(bytes[1]) }
        self.kind = kind
        flags = Flags(rawValue: bytes[1])
        track = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        guard track <= 1 else { throw .unknownTrack(track) }
        stream = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        sequence = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        duration = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        timestamp = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    }

    public init(parsing bytes: [UInt8]) throws(ParseError) {
        let result = bytes.withUnsafeBytes { raw in Result { () throws(ParseError) in try FrameHeader(parsing: raw) } }
        self = try result.get()
    }

    /// The 24 bytes of the header.
    public var encoded: [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(Self.size)
        bytes.append(kind.rawValue)
        bytes.append(flags.rawValue)
        func append<Value: FixedWidthInteger>(_ value: Value) {
            for shift in stride(from: Value.bitWidth - 8, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
            }
        }
        append(track)
        append(stream)
        append(sequence)
        append(duration)
        append(timestamp)
        return bytes
    }
}
