// Who asks, over what, and for which name.

public import Domain
public import Loop

/// What the connection says, or where it comes from a trusted proxy, what that one says.
struct RequestOrigin {
    /// Numeric, in the one form that `NetworkAddress` writes; empty when it is not known.
    let address: String
    /// Whether the client speaks TLS. `nil` where that cannot be known: there may be a proxy that says nothing, or is not known as one.
    let isSecure: Bool?
    /// The host that was asked for, with its port.
    let host: String?
    /// Whether it came through a trusted proxy.
    let isForwarded: Bool

    init(_ head: HTTPHead, proxies: TrustedProxies) {
        guard !proxies.isEmpty, let client = proxies.client(of: head) else {
            address = head.peerAddress
            isSecure = head.isEncrypted ? true : proxies.isEmpty ? nil : false
            host = head.header("host")
            isForwarded = false
            return
        }
        address = client.address.description
        isSecure = client.isSecure ?? (head.isEncrypted ? true : client.isForwarded ? nil : false)
        host = client.host ?? head.header("host")
        isForwarded = client.isForwarded
    }
}

extension TrustedProxies {
    /// Who asks, as a numeric address to count and limit by: the connection's peer, or whoever is behind trusted proxies. Empty when the connection
    /// is gone.
    public func clientAddress(of head: HTTPHead) -> String {
        isEmpty ? head.peerAddress : client(of: head)?.address.description ?? head.peerAddress
    }

    func client(of head: HTTPHead) -> ForwardedClient? {
        NetworkAddress(head.peerAddress).map { peer in
            client(
                peer: peer,
                ForwardingFields(
                    addresses: head.header("x-forwarded-for"), schemes: head.header("x-forwarded-proto"), hosts: head.header("x-forwarded-host"),
                    forwarded: head.header("forwarded")))
        }
    }
}
