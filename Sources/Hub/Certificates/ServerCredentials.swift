// The identity that TLS connections get now.

internal import CCrypto
import Runtime

/// Holds a server's identity and gives it to each new connection, so that another one takes effect without a restart.
public final class ServerCredentials: Sendable {
    private struct State {
        var identity: ServerIdentity
        /// How often it was replaced.
        var number = 0
        /// What every SSL_CTX has; `nil` once they have not all the same.
        var attached: Int?
    }

    private let state: LockedValue<State>
    /// The same for every SSL_CTX, so that a session is resumed on whichever thread its client comes to; others after a restart.
    private let ticketKeys = Crypto.randomBytes(PW_TICKET_KEY_BYTES)

    public init(_ identity: ServerIdentity) { state = LockedValue(State(identity: identity)) }

    public var current: ServerIdentity { state.withLock { $0.identity } }

    /// From any thread. Connections that are open keep what they have.
    public func replace(with other: ServerIdentity) {
        state.withLock { state in
            state.identity = other
            state.number += 1
        }
    }

    /// Makes an SSL_CTX speak TLS 1.2 and later with this identity. Another one is given to each connection at its handshake
    /// (SSL_CTX_set_cert_cb), which costs memory for each: a context cannot forget a certificate of another kind of key, and would go on
    /// showing the old one.
    ///
    /// - Parameter context: must not outlive this object.
    public func attach(toContext context: OpaquePointer) -> Bool {
        let identity = state.withLock { state in
            if state.number == 0 { state.attached = 0 } else { state.attached = nil }
            return state.identity
        }
        guard pw_ssl_ctx_harden(context) == 1, pw_ssl_ctx_set_ticket_keys(context, ticketKeys) == 1, identity.install(inContext: context) else { return false }
        SSL_CTX_set_cert_cb(
            context,
            { connection, owner in
                guard let connection, let owner else { return 0 }
                let credentials = Unmanaged<ServerCredentials>.fromOpaque(owner).takeUnretainedValue()
                guard let identity = credentials.replacement else { return 1 }
                return identity.install(inConnection: connection) ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
        return true
    }

    /// What a connection is given instead of what its context has; `nil` where that is the same.
    private var replacement: ServerIdentity? { state.withLock { $0.attached == $0.number ? nil : $0.identity } }
}
