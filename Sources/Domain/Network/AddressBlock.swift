// Several addresses by what they begin with.

/// One address, or those that share a prefix (CIDR, RFC 4632 and RFC 4291, section 2.3).
public struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    public let first: NetworkAddress
    /// Bits that are shared, counted in 128 for IPv4, too.
    private let length: Int

    /// - Parameter text: `10.0.0.0/8`, `fd00::/8`, or an address. `nil` for anything else, also when bits beyond the prefix are set, which is more
    ///   likely a slip than meant, and for a prefix of no bits, which is everybody.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = NetworkAddress(parts[0]) else { return nil }
        let isIPv4 = address.isIPv4 && !parts[0].contains(":")
        let width = isIPv4 ? 32 : 128
        var bits = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(parts[1]), (1...width).contains(number) else { return nil }
            bits = number
        }
        first = address
        length = isIPv4 ? bits + 96 : bits
        guard address.bits & ~mask == 0 else { return nil }
    }

    private var mask: UInt128 { ~0 << UInt128(128 - length) }

    public func contains(_ address: NetworkAddress) -> Bool { address.bits & mask == first.bits }

    public var description: String { "\(first)/\(first.isIPv4 && length >= 96 ? length - 96 : length)" }
}
