// Which addresses lie on the public internet: those that a hub may be told to call by somebody who must not reach its own network.

/// Whether an address is globally reachable unicast, by the registries for special purposes of IANA (RFC 6890 and its successors).
///
/// Refused are what is private, shared by carriers, of this host, of this link, multicast, reserved, meant for documentation or
/// benchmarks, and every IPv6 form with an IPv4 address inside (mapped, compatible, 6to4, NAT64, Teredo), since it leads to that one.
///
/// - Parameter bytes: in network order, 4 of IPv4 or 16 of IPv6; any other number is no address, and `false`.
public func isPublicAddress(_ bytes: some Collection<UInt8>) -> Bool {
    let bytes = Array(bytes)
    switch bytes.count {
    case 4: return !specialIPv4.contains { $0.contains(bytes) }
    // Only 2000::/3 is given out as global unicast; this leaves out ::, ::1, mapped, NAT64, fc00::/7, fe80::/10, ff00::/8 and all unknown.
    case 16: return Prefix([0x20], 3).contains(bytes) && !specialIPv6.contains { $0.contains(bytes) }
    default: return false
    }
}

/// The addresses whose first bits are those of `bytes`.
private struct Prefix: Sendable {
    let bytes: [UInt8]
    let bits: Int

    init(_ bytes: [UInt8], _ bits: Int) {
        self.bytes = bytes
        self.bits = bits
    }

    func contains(_ address: [UInt8]) -> Bool {
        (0..<bits).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            let expected = bit / 8 < bytes.count ? bytes[bit / 8] : 0
            return (address[bit / 8] ^ expected) & mask == 0
        }
    }
}

private let specialIPv4: [Prefix] = [
    Prefix([0], 8),  // this network, unspecified
    Prefix([10], 8),  // private
    Prefix([100, 64], 10),  // shared by carriers (CGNAT), a metadata service among them
    Prefix([127], 8),  // loopback
    Prefix([168, 63, 129, 16], 32),  // a metadata service that has an address of the public kind
    Prefix([169, 254], 16),  // link-local, metadata services
    Prefix([172, 16], 12),  // private
    Prefix([192, 0, 0], 24),  // protocol assignments
    Prefix([192, 0, 2], 24),  // documentation
    Prefix([192, 88, 99], 24),  // 6to4 relays
    Prefix([192, 168], 16),  // private
    Prefix([198, 18], 15),  // benchmarks
    Prefix([198, 51, 100], 24),  // documentation
    Prefix([203, 0, 113], 24),  // documentation
    Prefix([224], 4),  // multicast
    Prefix([240], 4),  // reserved, broadcast
]

/// Within 2000::/3.
private let specialIPv6: [Prefix] = [
    Prefix([0x20, 0x01], 23),  // protocol assignments: Teredo, ORCHID, benchmarks
    Prefix([0x20, 0x01, 0x0d, 0xb8], 32),  // documentation
    Prefix([0x20, 0x02], 16),  // 6to4
    Prefix([0x3f, 0xff], 20),  // documentation
]
