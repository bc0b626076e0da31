// Who asks, over what, and for which name.

import Domain
import Testing

@testable import Loop
@testable import Server

struct RequestOriginTests {
    private let proxies = TrustedProxies([AddressBlock("10.0.0.0/8")].compactMap { $0 })

    private func head(peer: String, isEncrypted: Bool = false, isOnPlainPort: Bool = false, _ headers: [String: String] = [:]) -> HTTPHead {
        HTTPHead(
            method: .get, path: "/a b", query: [("x", "1&2")], headers: ["host": "inner:8000"].merging(headers) { $1 },
            isEncrypted: isEncrypted, isOnPlainPort: isOnPlainPort, peer: PeerAddress(peer))
    }

    private func text(_ head: HTTPHead, _ proxies: TrustedProxies) -> String {
        let origin = RequestOrigin(head, proxies: proxies)
        let scheme = origin.isSecure.map { $0 ? "https" : "http" } ?? "?"
        return "\(origin.address) \(scheme) \(origin.host ?? "-")\(origin.isForwarded ? " forwarded" : "")"
    }

    @Test func `a connection speaks for itself unless its peer is trusted`() {
        let fields = ["x-forwarded-for": "192.0.2.9", "x-forwarded-proto": "https", "x-forwarded-host": "hub.example.org"]
        // Where no proxy is known there may be one.
        #expect(text(head(peer: "10.0.0.1", fields), .none) == "10.0.0.1 ? inner:8000")
        #expect(text(head(peer: "10.0.0.1", isEncrypted: true, fields), .none) == "10.0.0.1 https inner:8000")
        #expect(text(head(peer: "192.0.2.1", fields), proxies) == "192.0.2.1 http inner:8000")
        #expect(text(head(peer: "192.0.2.1", isEncrypted: true), proxies) == "192.0.2.1 https inner:8000")
        #expect(text(head(peer: "10.0.0.1", fields), proxies) == "192.0.2.9 https hub.example.org forwarded")
        // A proxy that speaks TLS to the hub, and says or does not say that its client did not.
        #expect(text(head(peer: "10.0.0.1", isEncrypted: true, ["x-forwarded-proto": "http"]), proxies) == "10.0.0.1 http inner:8000 forwarded")
        #expect(text(head(peer: "10.0.0.1", isEncrypted: true), proxies) == "10.0.0.1 https inner:8000 forwarded")
        #expect(text(head(peer: "10.0.0.1"), proxies) == "10.0.0.1 ? inner:8000 forwarded")
        // A connection that is gone.
        #expect(text(head(peer: "", fields), proxies) == " http inner:8000")
    }

    @Test func `limits count by the client`() {
        let fields = ["x-forwarded-for": "6.6.6.6, 2001:DB8:0::9"]
        #expect(proxies.clientAddress(of: head(peer: "10.0.0.1", fields)) == "2001:db8::9")
        #expect(proxies.clientAddress(of: head(peer: "192.0.2.1", fields)) == "192.0.2.1")
        #expect(TrustedProxies.none.clientAddress(of: head(peer: "10.0.0.1", fields)) == "10.0.0.1")
        #expect(proxies.clientAddress(of: head(peer: "", fields)) == "")
    }

    @Test func `who came to a proxy without TLS is led to the name that was asked for`() {
        func location(_ head: HTTPHead) -> String? {
            let response = PlainDoor.redirect(head, RequestOrigin(head, proxies: proxies), port: 8443, isLocal: false)
            return response?.headers.first { $0.name == "Location" }?.value
        }
        #expect(location(head(peer: "192.0.2.1")) == "https://inner:8000/a%20b?x=1%262")
        #expect(location(head(peer: "192.0.2.1", isOnPlainPort: true)) == "https://inner:8443/a%20b?x=1%262")
        let fields = ["x-forwarded-proto": "http", "x-forwarded-host": "hub.example.org"]
        #expect(location(head(peer: "10.0.0.1", isOnPlainPort: true, fields)) == "https://hub.example.org/a%20b?x=1%262")
    }
}
