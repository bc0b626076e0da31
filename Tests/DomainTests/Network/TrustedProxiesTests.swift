// Whom a hub believes that a request is made for.

import Domain
import TestSupport
import Testing

struct TrustedProxiesTests {
    private let blocks = ["10.0.0.0/8", "fd00::/8"].compactMap { AddressBlock($0) }

    /// `address`, then `https`, `http` or `?`, then the host where one is said.
    private func client(by header: TrustedProxies.Header = .xForwarded, peer: String = "10.0.0.1", _ fields: ForwardingFields) throws -> String {
        let client = TrustedProxies(blocks, header: header).client(peer: try #require(NetworkAddress(peer)), fields)
        return "\(client.address) \(client.isSecure.map { $0 ? "https" : "http" } ?? "?")\(client.host.map { " \($0)" } ?? "")"
    }

    @Test func `who is not trusted speaks for itself`() throws {
        let fields = ForwardingFields(addresses: "192.0.2.9", schemes: "https", hosts: "evil", forwarded: "for=192.0.2.9;proto=https;host=evil")
        for header in TrustedProxies.Header.allCases {
            #expect(try client(by: header, peer: "192.0.2.1", fields) == "192.0.2.1 ?")
            let nobody = TrustedProxies([], header: header).client(peer: try #require(NetworkAddress("10.0.0.1")), fields)
            #expect(nobody == ForwardedClient(address: try #require(NetworkAddress("10.0.0.1"))) && !nobody.isForwarded)
        }
    }

    @Test(arguments: [
        ("192.0.2.9", "192.0.2.9"), ("6.6.6.6, 192.0.2.9", "192.0.2.9"), ("6.6.6.6,192.0.2.9,10.2.2.2 , fd00::2", "192.0.2.9"),
        ("10.0.0.7, 10.0.0.8", "10.0.0.7"), ("6.6.6.6\u{600}, 192.0.2.9", "192.0.2.9"),
        ("192.0.2.9:4711", "192.0.2.9"), ("[2001:db8::1]:4711", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"), ("::ffff:192.0.2.9", "192.0.2.9"),
        // What is not an address ends the search at who said it.
        ("192.0.2.9, unknown", "10.0.0.1"), ("192.0.2.9, _hidden, 10.0.0.8", "10.0.0.8"), ("192.0.2.9, ", "10.0.0.1"), ("", "10.0.0.1"),
        (",", "10.0.0.1"),
        ("192.0.2.9:", "10.0.0.1"), ("[192.0.2.9]", "10.0.0.1"), ("[::1", "10.0.0.1"), ("192.0.2.9 192.0.2.8", "10.0.0.1"),
        ("\"192.0.2.9\"", "10.0.0.1"),
    ])
    func `the last address that is not a proxy's is the client's`(addresses: String, expected: String) throws {
        #expect(try client(ForwardingFields(addresses: addresses)) == "\(expected) ?")
    }

    @Test func `scheme and host are those that were said by whoever said the client`() throws {
        #expect(try client(ForwardingFields(addresses: "192.0.2.9", schemes: "https", hosts: "hub.example:8443")) == "192.0.2.9 https hub.example:8443")
        #expect(try client(ForwardingFields(addresses: "6.6.6.6, 192.0.2.9", schemes: "https, http", hosts: "evil, hub")) == "192.0.2.9 http hub")
        let row = ForwardingFields(addresses: "6.6.6.6, 192.0.2.9, 10.0.0.2", schemes: "http, https, http", hosts: "evil, hub, inner")
        #expect(try client(row) == "192.0.2.9 https hub")
        #expect(try client(ForwardingFields(addresses: "192.0.2.9, 10.0.0.2", schemes: "HTTPS")) == "192.0.2.9 https")
        // Nobody need be named for that.
        #expect(try client(ForwardingFields(schemes: "https", hosts: "hub")) == "10.0.0.1 https hub")
        #expect(try client(ForwardingFields(addresses: "192.0.2.9", schemes: "gopher", hosts: "a/b")) == "192.0.2.9 ?")
        #expect(try client(ForwardingFields(addresses: "192.0.2.9", hosts: "hub\r\nX: y")) == "192.0.2.9 ?")
        #expect(try client(ForwardingFields(addresses: "192.0.2.9", hosts: String(repeating: "a", count: 256))) == "192.0.2.9 ?")
    }

    @Test(arguments: [
        ("for=192.0.2.9;proto=https;host=hub.example.org", "192.0.2.9 https hub.example.org"),
        ("For=\"[2001:db8::1]:4711\" ; Proto=http", "2001:db8::1 http"),
        ("for=6.6.6.6;proto=https;host=evil, for=192.0.2.9;proto=http;host=hub", "192.0.2.9 http hub"),
        ("for=192.0.2.9;proto=https;host=hub,for=10.0.0.2;proto=http;host=inner", "192.0.2.9 https hub"), ("for=192.0.2.9:4711", "192.0.2.9 ?"),
        ("for=\"192.0.2.9:_port\";by=\"_x\";ext=\"a\\\"b,;\"", "192.0.2.9 ?"), (", ,for=192.0.2.9;;proto=https,", "192.0.2.9 https"),
        ("proto=https", "10.0.0.1 https"),
        ("for=unknown;proto=https", "10.0.0.1 https"), ("for=_hidden", "10.0.0.1 ?"), ("for=\"hub\\\"", "10.0.0.1 ?"),
        // Not well-formed: nothing of it is believed.
        ("for=192.0.2.9 proto=https", "10.0.0.1 ?"), ("for", "10.0.0.1 ?"), ("for=", "10.0.0.1 ?"), ("=192.0.2.9", "10.0.0.1 ?"),
        ("for=\"192.0.2.9", "10.0.0.1 ?"),
        ("for=192.0.2.9;for=192.0.2.8", "10.0.0.1 ?"), ("for=\"192.0.2.9\"x, for=192.0.2.8", "10.0.0.1 ?"), ("for = 192.0.2.9", "10.0.0.1 ?"),
        ("", "10.0.0.1 ?"),
    ])
    func `Forwarded is read as RFC 7239 writes it`(value: String, expected: String) throws {
        #expect(try client(by: .forwarded, ForwardingFields(forwarded: value)) == expected)
    }

    @Test func `what the proxies do not keep is not read`() throws {
        let both = ForwardingFields(addresses: "192.0.2.9", schemes: "https", hosts: "hub", forwarded: "for=6.6.6.6;proto=http;host=evil")
        #expect(try client(by: .xForwarded, both) == "192.0.2.9 https hub")
        #expect(try client(by: .forwarded, both) == "6.6.6.6 http evil")
        #expect(try client(by: .xForwarded, ForwardingFields(forwarded: "for=6.6.6.6;proto=http;host=evil")) == "10.0.0.1 ?")
        #expect(try client(by: .forwarded, ForwardingFields(addresses: "6.6.6.6", schemes: "http", hosts: "evil")) == "10.0.0.1 ?")
    }

    @Test func `no endless row of proxies is followed`() throws {
        let row = Array(repeating: "10.0.0.2", count: 5000).joined(separator: ",")
        #expect(try client(ForwardingFields(addresses: "192.0.2.9," + row)) == "10.0.0.2 ?")
    }

    @Test func `no text crashes the parser, and only a trusted peer is ever gone behind`() throws {
        var generator = SeededGenerator(seed: 11)
        let pieces = [
            "for=", "proto=", "host=", "by=", "\"", "\\", ";", ",", " ", "\t", "=", "[", "]", ":", "10.0.0.9", "192.0.2.9", "fd00::1",
            "2001:db8::1", "unknown", "https", "http", "hub",
            "_x", "80", "\u{0}", "ä", "\r\n", "::ffff:10.0.0.1",
        ]
        func text() -> String? {
            Int.random(in: 0..<5, using: &generator) == 0
                ? nil : (0..<Int.random(in: 0...12, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
        }
        var behind = 0
        for _ in 0..<50_000 {
            let fields = ForwardingFields(addresses: text(), schemes: text(), hosts: text(), forwarded: text())
            for header in TrustedProxies.Header.allCases {
                let proxies = TrustedProxies(blocks, header: header)
                let stranger = try #require(NetworkAddress("192.0.2.1")), proxy = try #require(NetworkAddress("10.0.0.1"))
                #expect(proxies.client(peer: stranger, fields) == ForwardedClient(address: stranger))
                let client = proxies.client(peer: proxy, fields)
                #expect(client.isForwarded)
                if client.address != proxy { behind += 1 }
                #expect(client.host?.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ?? true)
            }
        }
        #expect(behind > 500)
    }
}
