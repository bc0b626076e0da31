// Identifiers that sort by time.

/// A UUID, version 7 (RFC 9562, section 5.7), in its text form: 48 bits of `milliseconds` since 1970, then randomness. What one process makes for the
/// same millisecond sorts in the order in which it was made (section 6.2, method 1), a thousand of them at least.
public func makeUUIDv7(milliseconds: Int64) -> String {
    let random = Crypto.randomBytes(10)
    return sequence.withLock { $0.next(milliseconds: milliseconds, random: random) }
}

private let sequence = LockedValue(UUIDSequence())

/// Numbers what is made for the same millisecond, in the 12 bits behind the time.
struct UUIDSequence: Sendable {
    private var milliseconds: Int64 = -1
    private var number: UInt16 = 0

    /// - Parameter random: ten bytes.
    mutating func next(milliseconds: Int64, random: [UInt8]) -> String {
        // With the highest bit clear there is room for as many.
        let drawn = (UInt16(random[0]) << 8 | UInt16(random[1])) & 0x7ff
        number = milliseconds == self.milliseconds ? min(number + 1, 0xfff) : drawn
        self.milliseconds = milliseconds
        return makeUUIDv7(milliseconds: milliseconds, random: [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] + random.dropFirst(2))
    }
}

/// - Parameter random: ten bytes, of which 74 bits are used.
func makeUUIDv7(milliseconds: Int64, random: [UInt8]) -> String {
    var bytes = [UInt8]()
    for shift in stride(from: 40, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: milliseconds >> Int64(shift))) }
    bytes += random.prefix(10)
    bytes[6] = bytes[6] & 0x0f | 0x70
    bytes[8] = bytes[8] & 0x3f | 0x80
    let text = Array(Crypto.hex(bytes))
    return [text[0..<8], text[8..<12], text[12..<16], text[16..<20], text[20..<32]].map { String($0) }.joined(separator: "-")
}
