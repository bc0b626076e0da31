// What a connection has to bring in time. libwebsockets ends those that do not, without a word.

internal import CUV
internal import CWebsockets

#if canImport(Glibc)
internal import Glibc
#endif

/// What is awaited of a peer, and until when.
struct Awaited: Sendable {
    enum What: Sendable {
        /// That of a request or a handshake; with TLS also its own handshake.
        case head
        /// The next piece of it.
        case body
    }

    let what: What
    /// By uv_hrtime().
    let endsAt: UInt64
    /// The connection has had an answer: it may also be waiting for a next request to begin, which is no hurry.
    let mayBeIdle: Bool
}

extension LoopThread {
    /// - Parameter what: `nil` while the peer has nothing to bring.
    func expect(_ what: Awaited.What?, of wsi: OpaquePointer, seconds: Int? = nil, mayBeIdle: Bool = false) {
        arrivals[wsi]?.awaited = what.map {
            Awaited(what: $0, endsAt: uv_hrtime() + UInt64(seconds ?? configuration.handshakeSeconds) * 1_000_000_000, mayBeIdle: mayBeIdle)
        }
    }

    /// A connection ends. One that has had all its time ends because of that.
    func noteTimeout(_ awaited: Awaited, of wsi: OpaquePointer) {
        guard uv_hrtime() + Self.slack >= awaited.endsAt, !awaited.mayBeIdle || isReadingHead(wsi) else { return }
        admissions.noteTimeout(awaited.what)
    }

    /// Nanoseconds by which libwebsockets may have begun to count before.
    private static var slack: UInt64 { 100_000_000 }

    /// A connection ends that has had an answer. Only while libwebsockets still has its socket can it be seen who has ended it.
    func noteEnd(of wsi: OpaquePointer) {
        var byte: UInt8 = 0
        let count = recv(lws_get_socket_fd(wsi), &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        let isPeerThere = count > 0 || count < 0 && errno == EAGAIN
        if !isPeerThere { expect(nil, of: wsi) }
    }

    /// Whether libwebsockets has the table of headers of a request that has begun to come.
    func isReadingHead(_ wsi: OpaquePointer) -> Bool {
        // What there is nothing else to be asked with touches this byte only where there is such a table.
        var mark: CChar = 1
        _ = lws_hdr_custom_copy(wsi, &mark, 1, "-:", 2)
        return mark == 0
    }
}
