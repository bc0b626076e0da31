// Numeric addresses, as peers, headers and configuration write them.

/// An IPv4 or IPv6 address. One of IPv4 that is written as IPv6 (`::ffff:192.0.2.1`, RFC 4291, section 2.5.5.2) is the same as it is without.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// In host order; IPv4 within `::ffff:0:0/96`.
    let bits: UInt128

    private static let mapped: UInt128 = 0xffff << 32

    /// - Parameter text: `192.0.2.1` or `2001:db8::1`, without brackets, port or zone. Numbers with leading zeros, which some read as octal, are
    ///   refused.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        // Nothing longer is one: eight groups, the last two as IPv4.
        guard bytes.count <= 45 else { return nil }
        if let value = Self.ipv4(bytes[...]) {
            bits = Self.mapped | UInt128(value)
        } else if let value = Self.ipv6(bytes) {
            bits = value
        } else {
            return nil
        }
    }

    init(bits: UInt128) { self.bits = bits }

    public var isIPv4: Bool { bits >> 32 == 0xffff }

    private static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for byte in part {
                guard (48...57).contains(byte) else { return nil }
                number = number * 10 + UInt32(byte - 48)
            }
            guard number <= 255 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    /// RFC 4291, section 2.2.
    private static func ipv6(_ text: [UInt8]) -> UInt128? {
        let colon = UInt8(ascii: ":")
        var groups: [UInt16] = []
        /// How many groups are before `::`.
        var gap: Int?
        var index = 0
        if text.starts(with: [colon, colon]) {
            gap = 0
            index = 2
        }
        while index < text.count {
            let end = text[index...].firstIndex(of: colon) ?? text.count
            let piece = text[index..<end]
            if end == text.count, let last = ipv4(piece) {
                groups += [UInt16(last >> 16), UInt16(truncatingIfNeeded: last)]
                break
            }
            guard let group = group(piece) else { return nil }
            groups.append(group)
            guard end < text.count else { break }
            index = end + 1
            guard index < text.count else { return nil }
            if text[index] == colon {
                guard gap == nil else { return nil }
                gap = groups.count
                index += 1
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        return groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func group(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(digits.count) else { return nil }
        var value: UInt16 = 0
        for byte in digits {
            switch byte {
            case 48...57: value = value << 4 | UInt16(byte - 48)
            case 65...70: value = value << 4 | UInt16(byte - 55)
            case 97...102: value = value << 4 | UInt16(byte - 87)
            default: return nil
            }
        }
        return value
    }

    /// The one way to write it (RFC 5952), so that texts can be compared and counted by.
    public var description: String {
        if isIPv4 { return (0..<4).reversed().map { String(UInt8(truncatingIfNeeded: bits >> ($0 * 8))) }.joined(separator: ".") }
        let groups = (0..<8).reversed().map { UInt16(truncatingIfNeeded: bits >> ($0 * 16)) }
        // The longest run of zeros, the first of those that are equally long; one group alone is written.
        var longest = 0..<0, start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > max(longest.count, 1) { longest = start..<end }
            start = end + 1
        }
        let hex = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        if longest.isEmpty { return hex(groups[...]) }
        return hex(groups[..<longest.lowerBound]) + "::" + hex(groups[longest.upperBound...])
    }
}
