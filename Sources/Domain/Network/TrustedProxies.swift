// Whom to believe when it is said on whose behalf a request is made.

/// What proxies may add to a request, as it came.
public struct ForwardingFields: Sendable {
    /// `X-Forwarded-For`, `-Proto`, `-Host`: a list each, to which every proxy appends or which it replaces.
    public var addresses: String?
    public var schemes: String?
    public var hosts: String?
    /// `Forwarded` (RFC 7239).
    public var forwarded: String?

    public init(addresses: String? = nil, schemes: String? = nil, hosts: String? = nil, forwarded: String? = nil) {
        self.addresses = addresses
        self.schemes = schemes
        self.hosts = hosts
        self.forwarded = forwarded
    }
}

/// Who asks, by what is to be believed.
public struct ForwardedClient: Equatable, Sendable {
    /// Of the client: the connection's peer, or who is behind trusted proxies.
    public var address: NetworkAddress
    /// Whether a trusted proxy is the peer.
    public var isForwarded = false
    /// Whether the client speaks TLS; `nil` where no trusted proxy says so.
    public var isSecure: Bool?
    /// The host that the client asked for, with its port where it named one; `nil` where no trusted proxy says so.
    public var host: String?

    public init(address: NetworkAddress) { self.address = address }
}

/// The proxies in front of a hub.
public struct TrustedProxies: Sendable {
    /// Which fields the proxies keep. Never both: a proxy that keeps one passes on what its client wrote into the other.
    public enum Header: String, CaseIterable, Sendable {
        case xForwarded = "x-forwarded"
        case forwarded = "forwarded"
    }

    private let blocks: [AddressBlock]
    private let header: Header
    /// More proxies than anybody has.
    private static let maximumHops = 32

    /// Nobody is believed.
    public static let none = TrustedProxies([])

    public init(_ blocks: [AddressBlock], header: Header = .xForwarded) {
        self.blocks = blocks
        self.header = header
    }

    public var isEmpty: Bool { blocks.isEmpty }

    public func contains(_ address: NetworkAddress) -> Bool { blocks.contains { $0.contains(address) } }

    /// Goes back from the connection's peer as long as each one is trusted: the first who is not is the client, as the last trusted one saw it.
    /// What is further to the left may be invented. Where a proxy does not name whom it serves in numbers, it counts as the client itself.
    public func client(peer: NetworkAddress, _ fields: ForwardingFields) -> ForwardedClient {
        var client = ForwardedClient(address: peer)
        guard contains(peer) else { return client }
        client.isForwarded = true
        let hops = header == .forwarded ? Self.elements(fields.forwarded) : Self.columns(fields)
        for hop in hops.reversed().prefix(Self.maximumHops) {
            client.isSecure = hop.isSecure
            client.host = hop.host
            guard let address = hop.address else { break }
            client.address = address
            guard contains(address) else { break }
        }
        return client
    }

    /// What one proxy says.
    private struct Hop {
        var address: NetworkAddress?
        var isSecure: Bool?
        var host: String?
    }

    // MARK: - X-Forwarded-*

    private static func columns(_ fields: ForwardingFields) -> [Hop] {
        let addresses = list(fields.addresses), schemes = list(fields.schemes), hosts = list(fields.hosts)
        let count = max(addresses.count, schemes.isEmpty && hosts.isEmpty ? 0 : 1)
        // The lists end with what the nearest proxy said. Some proxies append to the first and replace the others.
        func value(_ list: [Substring], _ index: Int) -> Substring? { list.isEmpty ? nil : list[max(0, list.count - count + index)] }
        return (0..<count).map { index in
            Hop(
                address: addresses.isEmpty ? nil : node(addresses[index]), isSecure: value(schemes, index).flatMap(isSecure),
                host: value(hosts, index).flatMap(host))
        }
    }

    private static func list(_ text: String?) -> [Substring] {
        guard let text else { return [] }
        // By bytes: there are characters that make one with a comma behind them (UAX #29, rule GB9b), which would hide what comes after it.
        return text.utf8.split(separator: comma, omittingEmptySubsequences: false).map { trimmed(Substring($0)) }
    }

    // MARK: - Forwarded

    /// RFC 7239, section 4: `for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`. Nothing at all when it is not well-formed.
    private static func elements(_ text: String?) -> [Hop] {
        guard let text else { return [] }
        var rest = Array(text.utf8)[...]
        var hops: [Hop] = [], hop = Hop(), isNamed: Set<String> = []
        while true {
            skipBlanks(&rest)
            // Empty elements and pairs are allowed (RFC 9110, section 5.6.1).
            if let byte = rest.first, byte != comma, byte != semicolon {
                guard let name = token(&rest)?.lowercased(), rest.popFirst() == equals,
                    let value = rest.first == quote ? quoted(&rest) : token(&rest), isNamed.insert(name).inserted
                else { return [] }
                switch name {
                case "for": hop.address = node(value[...])
                case "proto": hop.isSecure = isSecure(value[...])
                case "host": hop.host = host(value[...])
                default: break
                }
                skipBlanks(&rest)
            }
            let separator = rest.popFirst()
            if separator == semicolon { continue }
            guard separator == nil || separator == comma else { return [] }
            if !isNamed.isEmpty { hops.append(hop) }
            if separator == nil { return hops }
            hop = Hop()
            isNamed = []
        }
    }

    private static let comma = UInt8(ascii: ","), semicolon = UInt8(ascii: ";"), equals = UInt8(ascii: "="), quote = UInt8(ascii: "\"")

    private static func skipBlanks(_ rest: inout ArraySlice<UInt8>) { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }

    /// RFC 9110, section 5.6.2; with the characters of a bare address and port, which some proxies do not quote.
    private static func token(_ rest: inout ArraySlice<UInt8>) -> String? {
        let end = rest.firstIndex { !isAlphanumeric($0) && !"!#$%&'*+-.^_`|~:[]".utf8.contains($0) } ?? rest.endIndex
        guard end > rest.startIndex else { return nil }
        defer { rest = rest[end...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// RFC 9110, section 5.6.4.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        var text: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            text.append(escaped)
        }
        return nil
    }

    // MARK: - Values

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    /// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
    private static func node(_ text: Substring) -> NetworkAddress? {
        if let address = NetworkAddress(text) { return address }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return nil }
            let inside = text[text.index(after: text.startIndex)..<end]
            return inside.contains(":") ? NetworkAddress(inside) : nil
        }
        guard let colon = text.firstIndex(of: ":"), isPort(text[colon...]) else { return nil }
        return NetworkAddress(text[..<colon])
    }

    /// Nothing, or a colon and a port, which may be hidden behind another word (RFC 7239, section 6).
    private static func isPort(_ text: Substring) -> Bool {
        guard text.first == ":" else { return text.isEmpty }
        return text.count > 1 && text.dropFirst().utf8.allSatisfy { isAlphanumeric($0) || "-._".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) }

    private static func isSecure(_ scheme: Substring) -> Bool? {
        switch scheme.lowercased() {
        case "https", "wss": true
        case "http", "ws": false
        default: nil
        }
    }

    /// A name or address with or without port, and nothing that could end it elsewhere.
    private static func host(_ text: Substring) -> String? {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ isAlphanumeric($0) || "-._:[]".utf8.contains($0) }) else { return nil }
        return String(text)
    }
}
