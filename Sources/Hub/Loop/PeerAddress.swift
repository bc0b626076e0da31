// Who is at the other end of a connection.

// libwebsockets' headers bring those of the socket addresses, and in an optimised build they count as theirs.
internal import CUV
internal import CWebsockets

#if canImport(Glibc)
internal import Glibc
#endif

/// An IPv6 address, or an IPv4 one mapped into it (RFC 4291, section 2.5.5.2), without port.
public struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// `nil` for another family.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: &storage) { $0.load(as: sockaddr_in.self).sin_addr.s_addr }
            high = 0
            low = 0xffff_0000_0000 | UInt64(UInt32(bigEndian: address))
        case AF_INET6:
            let words = withUnsafeBytes(of: &storage) { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)!, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)! + 8, as: UInt64.self)
                )
            }
            high = UInt64(bigEndian: words.0)
            low = UInt64(bigEndian: words.1)
        default: return nil
        }
    }

    /// Reads a numeric address (inet_pton). `nil` for anything else.
    public init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            high = 0
            low = bytes.prefix(4).reduce(0xffff) { $0 << 8 | UInt64($1) }
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        } else {
            return nil
        }
    }

    /// What counts as one: an IPv4 address, or the /64 that a household gets of IPv6.
    public var network: PeerAddress { isIPv4 ? self : PeerAddress(high: high, low: 0) }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// Numeric, as inet_ntop writes it; an IPv4 address without the mapping.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isIPv4 {
            var address = UInt32(truncatingIfNeeded: low).bigEndian
            inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
        } else {
            var words = (high.bigEndian, low.bigEndian)
            inet_ntop(AF_INET6, &words, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
