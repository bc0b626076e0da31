// How the secrets of one-time codes are written.

/// Base 32 (RFC 4648, section 6), written without padding.
public enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var out: [UInt8] = []
        var bits: UInt32 = 0, count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                out.append(alphabet[Int(bits >> UInt32(count)) & 31])
            }
            bits &= (1 << UInt32(count)) - 1
        }
        if count > 0 { out.append(alphabet[Int(bits << UInt32(5 - count)) & 31]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// In either case, with all of its padding or none. `nil` for anything else, also for bits that nobody writes.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var digits = Array(text.utf8)
        if digits.last == UInt8(ascii: "=") {
            guard digits.count % 8 == 0 else { return nil }
            let end = digits.lastIndex { $0 != UInt8(ascii: "=") } ?? -1
            // As many as the last eight lack, and no whole eight of them.
            guard digits.count - end - 1 < 8 else { return nil }
            digits.removeSubrange((end + 1)...)
        }
        guard ![1, 3, 6].contains(digits.count % 8) else { return nil }
        var out: [UInt8] = []
        var bits: UInt32 = 0, count = 0
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = digit - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = digit - UInt8(ascii: "a")
            case UInt8(ascii: "2")...UInt8(ascii: "7"): value = digit - UInt8(ascii: "2") + 26
            default: return nil
            }
            bits = bits << 5 | UInt32(value)
            count += 5
            guard count >= 8 else { continue }
            count -= 8
            out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            bits &= (1 << UInt32(count)) - 1
        }
        return bits == 0 ? out : nil
    }
}
