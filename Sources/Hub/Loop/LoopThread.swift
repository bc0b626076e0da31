// One thread of the loop: libuv waits, libwebsockets speaks, and what happened in a turn goes out at its end.

internal import CUV
internal import CWebsockets
import Certificates
import Runtime
import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

/// One libuv loop with one libwebsockets context (lws_create_context), and the thread that serves both.
///
/// A turn: wait for sockets and mail (uv_run), do what came, write to every socket that something was queued for, and hand each other
/// thread what is for it. So many messages for one socket go out by one system call, and many for another thread wake it once.
final class LoopThread: SerialExecutor, @unchecked Sendable {
    // @unchecked: besides what is atomic, members are set before the thread starts, and touched on it alone afterwards.

    enum Message: Sendable {
        case job(UnownedJob)
        case perform(@Sendable () -> Void)
        case adopt([AcceptedSocket])
        /// From the thread of the executor to that of the sockets.
        case orders([SocketOrder])
        /// The other way.
        case events([SocketEvent])
    }

    let index: Int
    /// Whose executor the sockets' handler lives on; this one or another.
    // Unsafe: all threads live as long as their loop.
    private(set) unowned(unsafe) var home: LoopThread!
    var isHome: Bool { index == 0 }
    let configuration: LoopConfiguration
    let admissions: Admissions
    /// Connections that are or will be on this thread.
    let load = Atomic<Int>(0)

    private let mailbox = Mailbox<Message>()
    /// pthread_self() of the thread; 0 before it runs.
    private let thread = Atomic<UInt>(0)
    let uv: UnsafeMutablePointer<uv_loop_t>
    private let bell: UnsafeMutablePointer<uv_async_t>
    private let foreignLoops: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let protocols: UnsafeMutablePointer<lws_protocols>
    private let protocolNames: [UnsafeMutablePointer<CChar>]
    /// For libwebsockets, which keeps the pointers: what is agreed to by ALPN (RFC 7301), and the name of the plain port's vhost.
    private let alpn = strdup("http/1.1")
    private let plainName = strdup("plain")

    private var context: OpaquePointer?
    private var vhost: OpaquePointer?
    private var plain: OpaquePointer?
    private var isStarted = false
    private var isFinished = false
    private var isDestroying = false
    private var hasNewTimers = false

    private(set) var handler: (any LoopHandler)?
    var sockets: [UInt64: WebSocket] = [:]
    private var lastSocket: UInt64 = 0
    /// How each connection came.
    private var arrivals: [OpaquePointer: AcceptedSocket] = [:]
    /// Between the handshake and `LWS_CALLBACK_ESTABLISHED`.
    private var clients: [OpaquePointer: String] = [:]
    private var unflushed: [WebSocket] = []
    /// Connections that libwebsockets ends for what came on them; `told` are those whose close frame it could send since.
    private var ending: [WebSocket] = [], told: [WebSocket] = []
    /// What this turn has for each thread.
    private var orders: [[SocketOrder]] = []
    private var events: [SocketEvent] = []
    private var threads: [LoopThread] = []
    /// Where small frames are put together for one TLS record (RFC 8446, section 5.1).
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: LoopThread.scratchBytes, alignment: 16)

    static let scratchBytes = 16 * 1024
    /// Largest piece given to the kernel at once by libwebsockets; a whole frame in one send.
    private static let txPacketSize = 256 * 1024
    /// Of one message: empty ones fill no memory, but would keep a thread busy.
    private static let maximumFragments = 4096
    private static let headPool: UInt16 = 4096
    static let rxBufferSize = 64 * 1024

    init(index: Int, configuration: LoopConfiguration, admissions: Admissions) {
        self.index = index
        self.configuration = configuration
        self.admissions = admissions
        uv = .allocate(capacity: 1)
        bell = .allocate(capacity: 1)
        foreignLoops = .allocate(capacity: 1)
        uv_loop_init(uv)
        foreignLoops.pointee = UnsafeMutableRawPointer(uv)
        let names = ["http"] + configuration.subprotocols
        protocolNames = names.map { strdup($0) }
        protocols = .allocate(capacity: names.count + 1)
        for index in 0...names.count { pw_lws_clear_protocol(protocols + index) }
        for (index, name) in protocolNames.enumerated() {
            protocols[index].name = UnsafePointer(name)
            protocols[index].callback = serveCallback
            protocols[index].rx_buffer_size = Self.rxBufferSize
            // Unused; without it there is no LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL.
            protocols[index].per_session_data_size = 1
            protocols[index].tx_packet_size = Self.txPacketSize
        }
        // Wakes; the turn looks what there is.
        uv_async_init(uv, bell) { _ in }
    }

    deinit {
        // Of a thread that never ran; a running one keeps itself and has closed it.
        if !isStarted { closeLoop() }
        foreignLoops.deallocate()
        bell.deallocate()
        uv.deallocate()
        protocols.deallocate()
        protocolNames.forEach { free($0) }
        free(alpn)
        free(plainName)
        scratch.deallocate()
    }

    // MARK: - Life

    /// Sets up libwebsockets, which listens nowhere: connections are adopted.
    func open(handler: any LoopHandler, threads: [LoopThread]) throws(LoopError) {
        self.handler = handler
        self.threads = threads
        home = threads[0]
        orders = threads.map { _ in [] }
        lws_set_log_level(0, nil)
        ReceiveBuffers.install()
        var info = lws_context_creation_info()
        pw_lws_clear_info(&info)
        info.port = PW_LWS_NO_LISTENER
        info.protocols = UnsafePointer(protocols)
        info.gid = -1
        info.uid = -1
        info.user = Unmanaged.passUnretained(self).toOpaque()
        info.foreign_loops = foreignLoops
        info.pt_serv_buf_size = UInt32(Self.rxBufferSize)
        info.max_http_header_data = 8192
        // Each connection has one from its first byte until its head is complete; those who are slow must not keep them from the others.
        // They are made when they are needed.
        info.max_http_header_pool = Self.headPool
        info.timeout_secs = UInt32(configuration.handshakeSeconds)
        info.keepalive_timeout = 60
        info.retry_and_idle_policy = noValidityChecks
        // Over HTTP/2 libwebsockets 4.1 stalls uploads beyond 256 KiB.
        info.alpn = UnsafePointer(alpn)
        // Text that is not UTF-8 ends its connection with 1007 (RFC 6455, section 8.1).
        info.options |= UInt64(LWS_SERVER_OPTION_LIBUV) | UInt64(LWS_SERVER_OPTION_VALIDATE_UTF8)
        let plainOptions = info.options
        if configuration.credentials != nil { info.options |= PW_LWS_TLS_OPTIONS }
        context = lws_create_context(&info)
        vhost = context.flatMap { lws_get_vhost_by_name($0, "default") }
        guard let context, vhost != nil else {
            throw .cannotServe(reason: "libwebsockets with libuv could not be set up (package libwebsockets-evlib-uv)")
        }
        if configuration.plainPort != nil {
            info.options = plainOptions
            info.vhost_name = UnsafePointer(plainName)
            plain = lws_create_vhost(context, &info)
            guard plain != nil else { throw .cannotServe(reason: "libwebsockets has no room for the plain port") }
        }
    }

    func start() {
        isStarted = true
        let name = index == 0 ? "loop" : "loop-\(index)"
        startThread(name: name) { [self] in run() }
    }

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .releasing)
        while !isFinished || !mailbox.isEmpty {
            uv_run(uv, UV_RUN_ONCE)
            turn()
        }
        closeLoop()
    }

    private func turn() {
        for message in mailbox.takeAll() { receive(message) }
        if isHome { handler?.turnEnds() }
        var index = 0
        // Writing may queue more.
        while index < unflushed.count {
            unflushed[index].flush()
            index += 1
        }
        unflushed.removeAll(keepingCapacity: unflushed.count <= 4096)
        if hasNewTimers, let context {
            hasNewTimers = false
            lws_cancel_service(context)
        }
        for socket in told { socket.endSending() }
        told = ending
        ending = []
        for index in orders.indices where !orders[index].isEmpty {
            threads[index].post(.orders(orders[index]))
            orders[index] = []
        }
        if !events.isEmpty {
            home.post(.events(events))
            events = []
        }
    }

    private func receive(_ message: Message) {
        switch message {
        case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .perform(let body): body()
        case .adopt(let accepted): for socket in accepted { adopt(socket) }
        case .orders(let orders): for order in orders { order.socket.carryOut(order) }
        case .events(let events): for event in events { deliver(event) }
        }
    }

    /// Closes what is open, and libwebsockets with it. Jobs still run afterwards.
    func close() {
        defer {
            handler = nil
            threads = []
        }
        guard let context, !isDestroying else { return }
        isDestroying = true
        // In two steps: libuv closes handles in later turns of its own (README of the foreign loops of libwebsockets 4.1).
        lws_context_destroy(context)
        uv_unref(UnsafeMutableRawPointer(bell).assumingMemoryBound(to: uv_handle_t.self))
        while uv_run(uv, UV_RUN_NOWAIT) != 0 {}
        uv_ref(UnsafeMutableRawPointer(bell).assumingMemoryBound(to: uv_handle_t.self))
        lws_context_destroy(context)
        self.context = nil
        vhost = nil
        plain = nil
    }

    /// Ends the thread once it has nothing to do.
    func finish() {
        guard isStarted else { return }
        post(.perform { [self] in isFinished = true })
    }

    private func closeLoop() {
        uv_close(UnsafeMutableRawPointer(bell).assumingMemoryBound(to: uv_handle_t.self), nil)
        while uv_run(uv, UV_RUN_DEFAULT) != 0 {}
        uv_loop_close(uv)
    }

    // MARK: - Executor and mail

    func post(_ message: Message) {
        if mailbox.put(message) { uv_async_send(bell) }
    }

    func enqueue(_ job: consuming ExecutorJob) { post(.job(UnownedJob(job))) }
    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    var isCurrent: Bool { thread.load(ordering: .acquiring) == UInt(pthread_self()) }
    func checkIsolated() { precondition(isCurrent, "not on the loop's thread") }
    func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Runs `body` on this thread.
    func perform<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            post(.perform { continuation.resume(returning: body()) })
        }
    }

    // MARK: - Connections

    func adopt(_ accepted: AcceptedSocket) {
        guard let vhost = accepted.isOnPlainPort ? plain : vhost else {
            Glibc.close(accepted.fd)
            return release(accepted.peer)
        }
        guard let wsi = lws_adopt_socket_vhost(vhost, accepted.fd) else { return release(accepted.peer) }
        arrivals[wsi] = accepted
    }

    private func release(_ peer: PeerAddress) {
        admissions.release(peer)
        load.subtract(1, ordering: .relaxed)
    }

    /// lws_set_timeout(), also from outside the callbacks of libwebsockets: its libuv back end looks at its timers only after an event.
    func setTimeout(_ wsi: OpaquePointer, _ reason: pending_timeout, _ seconds: Int32) {
        lws_set_timeout(wsi, reason, seconds)
        hasNewTimers = true
    }

    /// Ends a connection soon, but not in this call.
    func kill(_ wsi: OpaquePointer) { setTimeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, Int32(LWS_TO_KILL_ASYNC)) }

    /// Has the socket written to at the end of this turn.
    func flushLater(_ socket: WebSocket) { unflushed.append(socket) }

    /// For a socket on another thread; sent at the end of this turn.
    func send(_ order: SocketOrder, to thread: LoopThread) {
        guard orders.indices.contains(thread.index) else { return }
        orders[thread.index].append(order)
    }

    private func report(_ event: SocketEvent) {
        if isHome { return deliver(event) }
        events.append(event)
    }

    /// On the thread of the executor.
    private func deliver(_ event: SocketEvent) {
        switch event {
        case .opened(let socket): handler?.opened(socket)
        case .received(let socket, let message, let isBinary):
            if !socket.thread.isHome { socket.took(message) }
            // Between the decision to close and the peer's answer nothing is taken any more.
            if socket.isOpen { handler?.received(message, isBinary: isBinary, on: socket) }
        case .closed(let socket):
            socket.isGone = true
            handler?.closed(socket)
        }
    }

    // MARK: - Callbacks of libwebsockets

    fileprivate func serve(
        _ wsi: OpaquePointer, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?, _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32 {
        switch reason {
        case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
            // In lws_create_context, with the SSL_CTX as user; the wsi is none.
            guard let credentials = configuration.credentials, let user else { return 0 }
            return credentials.attach(toContext: OpaquePointer(user)) ? 0 : -1
        case LWS_CALLBACK_WSI_DESTROY:
            clients[wsi] = nil
            if let arrival = arrivals.removeValue(forKey: wsi) { release(arrival.peer) }
            return 0

        case LWS_CALLBACK_HTTP:
            guard let head = HTTPHead(reading: wsi, arrival: arrivals[wsi]) else { return -1 }
            let exchange = HTTPExchange(head: head, wsi: wsi, thread: self)
            attach(exchange, to: wsi)
            handler?.request(exchange)
            exchange.begin()
            return 0
        case LWS_CALLBACK_HTTP_BODY:
            if length > 0, let exchange = attached(to: wsi) as? HTTPExchange {
                exchange.body(UnsafeRawBufferPointer(start: input, count: length))
            }
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
            guard lws_hdr_total_length(wsi, WSI_TOKEN_UPGRADE) > 0, let head = HTTPHead(reading: wsi, arrival: arrivals[wsi]) else { return -1 }
            guard head.header("upgrade")?.lowercased() == "websocket" else { return -1 }
            // Where it looks for extensions, libwebsockets 4.1.6 hangs up after so many bytes.
            let status = lws_hdr_total_length(wsi, WSI_TOKEN_EXTENSIONS) > 254 ? 431 : handler?.refusal(of: head)
            guard let status else {
                clients[wsi] = handler?.client(of: head)
                return 0
            }
            // Not by lws_return_http_status, which answers as HTTP/1.0: clients take that for no answer at all.
            let buffer = MessageBuffer(plain: HTTPResponse(status: status).headBytes(closing: true))
            lws_write(wsi, buffer.payload.assumingMemoryBound(to: UInt8.self), buffer.count, LWS_WRITE_HTTP_HEADERS)
            return 1
        case LWS_CALLBACK_ESTABLISHED:
            lastSocket += 1
            let name = lws_get_protocol(wsi).flatMap { $0.pointee.name }.map { String(cString: $0) } ?? ""
            let socket = WebSocket(
                id: lastSocket << 8 | UInt64(index), subprotocol: name == "http" ? "" : name, client: clients.removeValue(forKey: wsi) ?? "", wsi: wsi, thread: self)
            attach(socket, to: wsi)
            sockets[socket.id] = socket
            report(.opened(socket))
            return 0
        case LWS_CALLBACK_RECEIVE:
            guard let socket = attached(to: wsi) as? WebSocket else { return -1 }
            return receive(UnsafeRawBufferPointer(start: input, count: length), on: socket, wsi)
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
            guard let socket = attached(to: wsi) as? WebSocket else { return -1 }
            if socket.peerCloses() { return -1 }
            // libwebsockets answers, after which nothing of ours may follow; but half a code (RFC 6455, section 7.1.5) it would send back as it came.
            guard length == 1 else { return 0 }
            socket.sendClose(code: 1002, reason: "half a code")
            return -1
        case LWS_CALLBACK_SERVER_WRITEABLE:
            guard let socket = attached(to: wsi) as? WebSocket else { return -1 }
            socket.writable()
            return 0
        case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
            // A connection ends; with a code of libwebsockets' own, for a frame in the middle of which it stopped reading.
            if lws_get_close_length(wsi) > 0, let socket = attached(to: wsi) as? WebSocket {
                // No data may follow that frame.
                socket.peerCloses()
                ending.append(socket)
            }
            return 0
        case LWS_CALLBACK_CLOSED:
            guard let socket = attached(to: wsi) as? WebSocket else { return 0 }
            attach(nil, to: wsi)
            sockets[socket.id] = nil
            socket.detach()
            report(.closed(socket))
            return 0

        default:
            return 0
        }
    }

    /// The connection of an answered request waits for the next one (lws_http_transaction_completed), or ends.
    func completeTransaction(of wsi: OpaquePointer) {
        attach(nil, to: wsi)
        if lws_http_transaction_completed(wsi) != 0 { kill(wsi) }
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, on socket: WebSocket, _ wsi: OpaquePointer) -> Int32 {
        guard !socket.isRefusing else { return 0 }
        let remaining = Int(lws_remaining_packet_payload(wsi))
        let buffer = socket.incoming ?? MessageBuffer(reserving: bytes.count + min(remaining, configuration.maximumMessageBytes))
        // A peer may announce 2^63-1 bytes: nothing is added to what it says.
        guard remaining <= configuration.maximumMessageBytes - buffer.count - bytes.count else {
            socket.incoming = nil
            socket.beginClose(code: 1009, reason: "message too big", discarding: true)
            return 0
        }
        buffer.append(bytes)
        if remaining == 0, lws_is_final_fragment(wsi) != 0 {
            socket.incoming = nil
            socket.fragmentCount = 0
            let isBinary = lws_frame_is_binary(wsi) != 0
            // LWS_SERVER_OPTION_VALIDATE_UTF8 misses a character that an empty last fragment leaves without its end.
            if bytes.isEmpty, !isBinary, buffer.endsWithinCharacter {
                socket.beginClose(code: 1007, reason: "text must be UTF-8", discarding: true)
                return 0
            }
            // It may be passed on as it came.
            buffer.seal(as: isBinary ? .binary : .text)
            if !isHome { socket.isOnItsWay(buffer) }
            report(.received(socket, buffer, isBinary: isBinary))
        } else {
            socket.incoming = buffer
            // The end of a fragment: a PING behind it is answered before the message is.
            if remaining == 0 { socket.isBehindControl = true }
            if remaining == 0 { socket.fragmentCount += 1 }
            if socket.fragmentCount > Self.maximumFragments {
                socket.incoming = nil
                socket.beginClose(code: 1009, reason: "too many fragments", discarding: true)
            }
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

/// For libwebsockets, which keeps the pointer.
private nonisolated(unsafe) let noValidityChecks: UnsafePointer<lws_retry_bo_t> = {
    let policy = UnsafeMutablePointer<lws_retry_bo_t>.allocate(capacity: 1)
    policy.initialize(to: pw_lws_no_validity_checks)
    return UnsafePointer(policy)
}()

private func serveCallback(
    _ wsi: OpaquePointer?, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?, _ input: UnsafeMutableRawPointer?, _ length: Int
) -> Int32 {
    guard let wsi, let context = lws_get_context(wsi), let owner = lws_context_user(context) else { return 0 }
    return Unmanaged<LoopThread>.fromOpaque(owner).takeUnretainedValue().serve(wsi, reason, user, input, length)
}
