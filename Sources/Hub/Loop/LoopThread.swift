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
    // Unsafe: all threads live as long as their loop.
    /// The thread whose executor is that of the sockets' handler: the first one, which may be this.
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
    var lastSocket: UInt64 = 0
    /// How each connection came.
    var arrivals: [OpaquePointer: AcceptedSocket] = [:]
    /// Those whose next request has begun to come before the last one was answered.
    var pipelined: Set<OpaquePointer> = []
    /// Between the handshake and `LWS_CALLBACK_ESTABLISHED`.
    var clients: [OpaquePointer: String] = [:]
    private var unflushed: [WebSocket] = []
    /// Connections that libwebsockets ends for what came on them; `told` are those whose close frame it could send since.
    var ending: [WebSocket] = [], told: [WebSocket] = []
    /// What this turn has for each thread.
    private var orders: [[SocketOrder]] = []
    private var events: [SocketEvent] = []
    private var threads: [LoopThread] = []
    /// Where small frames are put together for one TLS record (RFC 8446, section 5.1).
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: LoopThread.scratchBytes, alignment: 16)

    static let scratchBytes = 16 * 1024
    /// Largest piece given to the kernel at once by libwebsockets; a whole frame in one send.
    private static let txPacketSize = 256 * 1024
    /// Of one message, besides one for each `fragmentBytes` of it: empty ones fill no memory, but would keep a thread busy.
    static let maximumFragments = 4096
    static let fragmentBytes = 64
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
        // From the first byte on; libwebsockets takes 10 s by itself.
        info.timeout_secs_ah_idle = UInt32(configuration.handshakeSeconds)
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
        expect(.head, of: wsi)
    }

    func release(_ peer: PeerAddress) {
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

    func report(_ event: SocketEvent) {
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
}

/// For libwebsockets, which keeps the pointer.
private nonisolated(unsafe) let noValidityChecks: UnsafePointer<lws_retry_bo_t> = {
    let policy = UnsafeMutablePointer<lws_retry_bo_t>.allocate(capacity: 1)
    policy.initialize(to: pw_lws_no_validity_checks)
    return UnsafePointer(policy)
}()
