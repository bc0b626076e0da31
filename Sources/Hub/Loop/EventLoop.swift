// The libwebsockets context on a thread of its own, as an executor for the actors that own sessions and channels.

internal import CWebsockets
public import Certificates
import Runtime
import Synchronization

public struct LoopConfiguration: Sendable {
    /// A numeric address, or empty for all.
    public var host: String
    /// 0: any free port.
    public var port: Int
    /// WebSocket subprotocols that are agreed to.
    public var subprotocols: [String]
    /// Largest WebSocket message in bytes; a larger one ends its connection with 1009.
    public var maximumMessageBytes: Int
    /// Seconds that a connection has for the head of a request, a handshake, and the next piece of a body.
    public var handshakeSeconds = 30
    /// With them the port speaks TLS. Who speaks plain HTTP there is heard as well, marked by `HTTPHead.isEncrypted`.
    public var credentials: ServerCredentials?
    /// Another port that speaks plain HTTP; 0: any free one.
    public var plainPort: Int?

    public init(host: String, port: Int, subprotocols: [String], maximumMessageBytes: Int) {
        self.host = host
        self.port = port
        self.subprotocols = subprotocols
        self.maximumMessageBytes = maximumMessageBytes
    }
}

public enum LoopError: Error, CustomStringConvertible, Sendable {
    case cannotListen(host: String, port: Int)

    public var description: String {
        switch self {
        case .cannotListen(let host, let port):
            "cannot listen on \(host.isEmpty ? "all addresses" : host), port \(port): the port is taken, or the address is not this machine's"
        }
    }
}

/// Whoever answers requests and talks to sockets. Every call comes on the loop's thread and must not block.
public protocol LoopHandler: Sendable {
    /// The head of a request is in. Set the exchange's callbacks before returning.
    func request(_ exchange: HTTPExchange)
    /// Whether a WebSocket handshake goes on; otherwise the HTTP status that refuses it.
    func refusal(of upgrade: HTTPHead) -> Int?
    func opened(_ socket: WebSocket)
    func received(_ message: MessageBuffer, isBinary: Bool, on socket: WebSocket)
    func closed(_ socket: WebSocket)
}

/// One libwebsockets context (lws_create_context) and the thread that serves it.
///
/// Actors that name it as their executor run on that thread, so that callbacks reach them by `assumeIsolated` without a hop.
public final class EventLoop: SerialExecutor, @unchecked Sendable {
    // @unchecked: `handler`, `context`, `sockets` and `boundPort` are set before the thread starts and touched on it afterwards; other threads
    // reach the context through `wakeTarget` only.

    private let configuration: LoopConfiguration
    private let queue = JobQueue()
    private let wakeTarget = LockedValue<ContextReference>(ContextReference(pointer: nil))
    private let stopping = Atomic<Bool>(false)
    private let protocols: UnsafeMutablePointer<lws_protocols>
    private let protocolNames: [UnsafeMutablePointer<CChar>]
    /// For libwebsockets, which keeps the pointers: what is agreed to by ALPN (RFC 7301), and the name of the plain port's vhost.
    private let alpn = strdup("http/1.1")
    private let plainName = strdup(plainVhost)
    /// What `start` returned.
    private var boundPort = 0
    private var context: OpaquePointer?
    private var handler: (any LoopHandler)?
    private var sockets: [UInt64: WebSocket] = [:]
    private var lastSocketID: UInt64 = 0

    private struct ContextReference: @unchecked Sendable {
        // @unchecked: only handed to lws_cancel_service, which is safe from any thread, and only with the mutex held.
        var pointer: OpaquePointer?
    }

    /// The port that `start` returned; 0 before. For the handler.
    public var port: Int { boundPort }
    /// The port that speaks plain HTTP beside the other; known after `start`.
    public private(set) var plainPort: Int?

    /// Largest piece given to the kernel at once; a whole 16 KiB to 256 KiB frame in one send.
    private static let txPacketSize = 256 * 1024
    private static let rxBufferSize = 64 * 1024
    /// What the kernel may hold unsent for one connection.
    private static let unsentBytes: Int32 = 256 * 1024

    public init(_ configuration: LoopConfiguration) {
        self.configuration = configuration
        let names = ["http"] + configuration.subprotocols
        protocolNames = names.map { strdup($0) }
        protocols = .allocate(capacity: names.count + 1)
        for index in 0...names.count { pw_lws_clear_protocol(protocols + index) }
        for (index, name) in protocolNames.enumerated() {
            protocols[index].name = UnsafePointer(name)
            protocols[index].callback = serveCallback
            protocols[index].rx_buffer_size = Self.rxBufferSize
            protocols[index].tx_packet_size = Self.txPacketSize
        }
    }

    deinit {
        protocols.deallocate()
        protocolNames.forEach { free($0) }
        free(alpn)
        free(plainName)
    }

    /// Binds the port and starts serving. The loop keeps itself alive until `stop()`.
    ///
    /// - Returns: the port that is listened on.
    public func start(handler: any LoopHandler) throws(LoopError) -> Int {
        self.handler = handler
        lws_set_log_level(0, nil)
        var info = lws_context_creation_info()
        pw_lws_clear_info(&info)
        info.port = Int32(configuration.port)
        info.protocols = UnsafePointer(protocols)
        info.gid = -1
        info.uid = -1
        info.user = Unmanaged.passUnretained(self).toOpaque()
        info.pt_serv_buf_size = UInt32(Self.rxBufferSize)
        info.max_http_header_data = 8192
        info.max_http_header_pool = 64
        info.timeout_secs = UInt32(configuration.handshakeSeconds)
        info.keepalive_timeout = 60
        // Over HTTP/2 libwebsockets 4.1 stalls uploads beyond 256 KiB.
        info.alpn = UnsafePointer(alpn)
        let host = strdup(configuration.host)
        defer { free(host) }
        if !configuration.host.isEmpty {
            info.iface = UnsafePointer(host)
            if !configuration.host.contains(":") { info.options |= UInt64(LWS_SERVER_OPTION_DISABLE_IPV6) }
        }
        // Text that is not UTF-8 ends its connection with 1007 (RFC 6455, section 8.1).
        info.options |= UInt64(LWS_SERVER_OPTION_VALIDATE_UTF8)
        let plainOptions = info.options
        if configuration.credentials != nil { info.options |= PW_LWS_TLS_OPTIONS }
        guard let context = lws_create_context(&info) else {
            throw .cannotListen(host: configuration.host, port: configuration.port)
        }
        guard let vhost = lws_get_vhost_by_name(context, "default"), lws_get_vhost_listen_port(vhost) > 0 else {
            lws_context_destroy(context)
            throw .cannotListen(host: configuration.host, port: configuration.port)
        }
        if let plainPort = configuration.plainPort {
            info.port = Int32(plainPort)
            info.options = plainOptions
            info.vhost_name = UnsafePointer(plainName)
            guard let plain = lws_create_vhost(context, &info), lws_get_vhost_listen_port(plain) > 0 else {
                lws_context_destroy(context)
                throw .cannotListen(host: configuration.host, port: plainPort)
            }
            self.plainPort = Int(lws_get_vhost_listen_port(plain))
        }
        self.context = context
        wakeTarget.withLock { $0.pointer = context }
        let port = Int(lws_get_vhost_listen_port(vhost))
        boundPort = port
        startThread(name: "loop") { [self] in run() }
        return port
    }

    /// Refuses new connections, closes the open sockets with 1001, and ends the context once they are gone or `seconds` have passed.
    /// Jobs for actors of this loop still run afterwards.
    public func stop(within seconds: Double = 2) async {
        stopping.store(true, ordering: .releasing)
        let deadline = ContinuousClock.now + .seconds(seconds)
        await perform { [self] in
            for socket in sockets.values { socket.close(code: 1001, reason: "the hub is going away") }
        }
        while ContinuousClock.now < deadline {
            guard await hasSockets else { break }
            try? await Task.sleep(for: .milliseconds(10))
        }
        // The thread, which runs this, notices on its next turn that the context is no longer its own, and destroys it.
        await perform { [self] in
            wakeTarget.withLock { $0.pointer = nil }
            context = nil
        }
    }

    private func run() {
        queue.adoptCurrentThread()
        guard let serving = context else { return }
        while context != nil {
            queue.drain()
            guard context != nil else { break }
            // The wait is bounded by libwebsockets' own timers and by lws_cancel_service.
            if lws_service(serving, 0) < 0 { break }
        }
        lws_context_destroy(serving)
        handler = nil
        queue.runUntilStopped()
    }

    // MARK: - Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        if queue.append(UnownedJob(job), on: self) {
            wakeTarget.withLock { target in
                if let pointer = target.pointer { lws_cancel_service(pointer) }
            }
        }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    public func checkIsolated() { precondition(queue.isCurrentThread, "not on the loop's thread") }
    public func isIsolatingCurrentContext() -> Bool? { queue.isCurrentThread }

    /// Runs `body` on the loop's thread.
    public func perform(_ body: @escaping @Sendable () -> Void) async { await Runner(self).run(body) }

    /// Whether a WebSocket is open.
    public var hasSockets: Bool {
        get async { await evaluate { [self] in !sockets.isEmpty } }
    }

    private func evaluate<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value { await Runner(self).evaluate(body) }

    private actor Runner {
        private nonisolated let loop: EventLoop
        init(_ loop: EventLoop) { self.loop = loop }
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        func run(_ body: @Sendable () -> Void) { body() }
        func evaluate<Value: Sendable>(_ body: @Sendable () -> Value) -> Value { body() }
    }

    // MARK: - Callbacks

    fileprivate func serve(
        _ wsi: OpaquePointer, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?, _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32 {
        switch reason {
        case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
            // In lws_create_context, with the SSL_CTX as user; the wsi is none.
            guard let credentials = configuration.credentials, let user else { return 0 }
            return credentials.attach(toContext: OpaquePointer(user)) ? 0 : -1
        case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
            queue.drain()
            return 0
        case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
            return stopping.load(ordering: .acquiring) ? -1 : 0
        case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
            pw_bound_unsent(lws_get_socket_fd(wsi), Self.unsentBytes)
            return 0

        case LWS_CALLBACK_HTTP:
            guard let head = HTTPHead(reading: wsi) else { return -1 }
            let exchange = HTTPExchange(head: head, wsi: wsi, loop: self)
            attach(exchange, to: wsi)
            handler?.request(exchange)
            exchange.begin()
            return 0
        case LWS_CALLBACK_HTTP_BODY:
            if length > 0, let exchange = attached(to: wsi) as? HTTPExchange {
                exchange.body(UnsafeRawBufferPointer(start: input, count: length))
            }
            return 0
        case LWS_CALLBACK_HTTP_BODY_COMPLETION:
            return 0
        case LWS_CALLBACK_HTTP_WRITEABLE:
            guard let exchange = attached(to: wsi) as? HTTPExchange else { return 0 }
            return exchange.writable() ? 0 : -1
        case LWS_CALLBACK_CLOSED_HTTP:
            (attached(to: wsi) as? HTTPExchange)?.detach()
            attach(nil, to: wsi)
            return 0

        case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
            // CVE-2025-11677: without this header libwebsockets 4.1 goes on with freed memory.
            guard lws_hdr_total_length(wsi, WSI_TOKEN_UPGRADE) > 0, let head = HTTPHead(reading: wsi) else { return -1 }
            guard head.header("upgrade")?.lowercased() == "websocket" else { return -1 }
            guard let status = handler?.refusal(of: head) else { return 0 }
            // Not by lws_return_http_status, which answers as HTTP/1.0: clients take that for no answer at all.
            let buffer = MessageBuffer(HTTPResponse(status: status).headBytes(closing: true))
            lws_write(wsi, buffer.payload.assumingMemoryBound(to: UInt8.self), buffer.count, LWS_WRITE_HTTP_HEADERS)
            return 1
        case LWS_CALLBACK_ESTABLISHED:
            lastSocketID += 1
            let name = lws_get_protocol(wsi).flatMap { $0.pointee.name }.map { String(cString: $0) } ?? ""
            let socket = WebSocket(id: lastSocketID, subprotocol: name == "http" ? "" : name, wsi: wsi)
            attach(socket, to: wsi)
            sockets[socket.id] = socket
            handler?.opened(socket)
            return 0
        case LWS_CALLBACK_RECEIVE:
            guard let socket = attached(to: wsi) as? WebSocket else { return -1 }
            return receive(UnsafeRawBufferPointer(start: input, count: length), on: socket, wsi)
        case LWS_CALLBACK_SERVER_WRITEABLE:
            guard let socket = attached(to: wsi) as? WebSocket else { return -1 }
            return socket.writable() ? 0 : -1
        case LWS_CALLBACK_CLOSED:
            guard let socket = attached(to: wsi) as? WebSocket else { return 0 }
            attach(nil, to: wsi)
            sockets[socket.id] = nil
            socket.detach()
            handler?.closed(socket)
            return 0

        default:
            return 0
        }
    }

    /// The connection of an answered request waits for the next one (lws_http_transaction_completed), or ends.
    func completeTransaction(of wsi: OpaquePointer) {
        attach(nil, to: wsi)
        if lws_http_transaction_completed(wsi) != 0 {
            lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, Int32(LWS_TO_KILL_ASYNC))
        }
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, on socket: WebSocket, _ wsi: OpaquePointer) -> Int32 {
        let remaining = Int(lws_remaining_packet_payload(wsi))
        let buffer = socket.incoming ?? MessageBuffer(reserving: bytes.count + min(remaining, configuration.maximumMessageBytes))
        // A peer may announce 2^63-1 bytes: nothing is added to what it says.
        guard remaining <= configuration.maximumMessageBytes - buffer.count - bytes.count else {
            setCloseReason(1009, "message too big", on: wsi)
            return -1
        }
        buffer.append(bytes)
        if remaining == 0, lws_is_final_fragment(wsi) != 0 {
            socket.incoming = nil
            // LWS_SERVER_OPTION_VALIDATE_UTF8 misses a character that an empty last fragment leaves without its end.
            if bytes.isEmpty, lws_frame_is_binary(wsi) == 0, buffer.endsWithinCharacter {
                setCloseReason(1007, "text must be UTF-8", on: wsi)
                return -1
            }
            // Between the decision to close and the peer's answer nothing is taken any more.
            if socket.isOpen { handler?.received(buffer, isBinary: lws_frame_is_binary(wsi) != 0, on: socket) }
        } else {
            socket.incoming = buffer
        }
        return 0
    }

    /// The handle of a connection hangs, retained, on lws_set_opaque_user_data.
    private func attach(_ object: AnyObject?, to wsi: OpaquePointer) {
        if let old = lws_get_opaque_user_data(wsi) { Unmanaged<AnyObject>.fromOpaque(old).release() }
        lws_set_opaque_user_data(wsi, object.map { Unmanaged.passRetained($0).toOpaque() })
    }

    private func attached(to wsi: OpaquePointer) -> AnyObject? {
        lws_get_opaque_user_data(wsi).map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
    }
}

private func serveCallback(
    _ wsi: OpaquePointer?, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?, _ input: UnsafeMutableRawPointer?, _ length: Int
) -> Int32 {
    guard let wsi, let context = lws_get_context(wsi), let owner = lws_context_user(context) else { return 0 }
    return Unmanaged<EventLoop>.fromOpaque(owner).takeUnretainedValue().serve(wsi, reason, user, input, length)
}
