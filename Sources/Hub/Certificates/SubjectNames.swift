// The names and addresses that a certificate is for.

#if canImport(Glibc)
internal import Glibc
#endif

/// DNS names in lower case, and numeric addresses as inet_ntop writes them.
public struct SubjectNames: Sendable, Hashable, CustomStringConvertible {
    public private(set) var dns: Set<String> = []
    public private(set) var addresses: Set<String> = []

    public init() {}

    public init(_ names: some Sequence<String>) {
        for name in names { insert(name) }
    }

    /// Takes a numeric address or a DNS name; anything else is left out and answered with `false`.
    @discardableResult
    public mutating func insert(_ name: String) -> Bool {
        if let address = canonicalAddress(name) {
            addresses.insert(address)
            return true
        }
        guard Self.isName(name) else { return false }
        dns.insert(name.lowercased())
        return true
    }

    /// RFC 1034's letters, digits and hyphens, the underscore that some networks use, and a star for the first label (RFC 6125).
    public static func isName(_ name: String) -> Bool {
        var labels = name.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 2, labels.first == "*" { labels.removeFirst() }
        guard name.utf8.count <= 253, !labels.isEmpty else { return false }
        // A last label of digits is an address that is none.
        if let last = labels.last, last.utf8.allSatisfy({ (48...57).contains($0) }) { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95 }
        }
    }

    public var isEmpty: Bool { dns.isEmpty && addresses.isEmpty }

    /// As X509V3_EXT_conf_nid reads them. Nothing in a name can end it: `insert` lets neither commas nor spaces in.
    var extensionValue: String { (dns.sorted().map { "DNS:\($0)" } + addresses.sorted().map { "IP:\($0)" }).joined(separator: ",") }

    public var description: String { (dns.sorted() + addresses.sorted()).joined(separator: ", ") }
}

/// What this machine is called and where it can be reached.
public enum Machine {
    /// gethostname(2); `hub` where there is none that a certificate can hold.
    public static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "hub" }
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
        return SubjectNames.isName(text) ? text : "hub"
    }

    /// The addresses of all interfaces that are up (getifaddrs). Link-local IPv6 is left out: it means nothing without an interface's
    /// name, which addresses of web pages cannot carry.
    public static var addresses: [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [String] = []
        var next = first
        while let entry = next {
            next = entry.pointee.ifa_next
            guard entry.pointee.ifa_flags & UInt32(IFF_UP) != 0, let address = entry.pointee.ifa_addr else { continue }
            switch Int32(address.pointee.sa_family) {
            case AF_INET:
                let bytes = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr
                if let text = withUnsafeBytes(of: bytes, { numericAddress(Array($0)) }) { found.append(text) }
            case AF_INET6:
                let bytes = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
                let raw = withUnsafeBytes(of: bytes) { Array($0) }
                guard !(raw[0] == 0xfe && raw[1] & 0xc0 == 0x80) else { continue }
                if let text = numericAddress(raw) { found.append(text) }
            default: continue
            }
        }
        return found
    }

    /// Everything by which somebody may call this machine, and `extra`.
    public static func names(extra: [String] = []) -> SubjectNames {
        let host = hostName
        let label = host.split(separator: ".").first.map(String.init) ?? host
        return SubjectNames([host, label + ".local", "localhost", "127.0.0.1", "::1"] + addresses + extra)
    }
}

/// inet_ntop(3) of 4 or 16 bytes in network order.
func numericAddress(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// inet_pton(3), and back.
func canonicalAddress(_ text: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET6, text, &bytes) == 1 { return numericAddress(bytes) }
    if inet_pton(AF_INET, text, &bytes) == 1 { return numericAddress(Array(bytes.prefix(4))) }
    return nil
}
