// Identifiers that sort by time.

/// A UUID, version 7 (RFC 9562, section 5.7), in its text form: 48 bits of `milliseconds` since 1970, then randomness.
public func makeUUIDv7(milliseconds: Int64, random: [UInt8] = Crypto.randomBytes(10)) -> String {
    var bytes = [UInt8]()
    for shift in stride(from: 40, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: milliseconds >> Int64(shift))) }
    bytes += random.prefix(10)
    bytes[6] = bytes[6] & 0x0f | 0x70
    bytes[8] = bytes[8] & 0x3f | 0x80
    let text = Array(Crypto.hex(bytes))
    return [text[0..<8], text[8..<12], text[12..<16], text[16..<20], text[20..<32]].map { String($0) }.joined(separator: "-")
}
