// The identity that TLS connections get now.

internal import CCrypto
import Runtime

/// Holds a server's identity and gives it to each new connection, so that another one takes effect without a restart.
public final class ServerCredentials: Sendable {
    private let identity: LockedValue<ServerIdentity>

    public init(_ identity: ServerIdentity) { self.identity = LockedValue(identity) }

    public var current: ServerIdentity { identity.withLock { $0 } }

    /// From any thread. Connections that are open keep what they have.
    public func replace(with other: ServerIdentity) { identity.withLock { $0 = other } }

    /// Makes an SSL_CTX speak TLS 1.2 and later with this identity, asked for at each handshake (SSL_CTX_set_cert_cb): a context cannot
    /// forget a certificate of another kind of key, and would go on showing the old one.
    ///
    /// - Parameter context: must not outlive this object.
    public func attach(toContext context: OpaquePointer) -> Bool {
        guard pw_ssl_ctx_harden(context) == 1, current.install(inContext: context) else { return false }
        SSL_CTX_set_cert_cb(
            context,
            { connection, owner in
                guard let connection, let owner else { return 0 }
                let credentials = Unmanaged<ServerCredentials>.fromOpaque(owner).takeUnretainedValue()
                return credentials.current.install(inConnection: connection) ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
        return true
    }
}
