// One request and its answer.

internal import CWebsockets
import Runtime

/// A request in progress. All members are used on the thread of its connection only, which `unownedExecutor` and `perform` lead to.
///
/// The handler calls `receive` for the body and `respond` once, each then or later. A request that a client pipelines behind one that is
/// answered by a stream ends the connection, and so does a pipelined one with a body: libwebsockets 4.1 has no place for them.
public final class HTTPExchange: @unchecked Sendable {
    // @unchecked: every member that changes is touched on one thread only, where the callbacks of its connection run.

    public let head: HTTPHead

    private var onBody: ((UnsafeRawBufferPointer) -> Void)?
    private var onComplete: (() -> Void)?
    /// What came before somebody wanted it: bytes that were read together with the head, whatever the flow control says.
    private var early: [UInt8] = []
    /// The connection went away before the answer was out.
    public var onAbort: (() -> Void)?

    /// Seconds without progress until a connection is given up.
    private static let idleSeconds: Int32 = 120
    /// Seconds for a client to read the answer to a request whose body it has not sent to the end.
    private static let discardSeconds: Int32 = 30
    /// What is read and thrown away of a refused body, so that the client gets to read the answer.
    private static let discardLimit: Int64 = 64 << 20

    private enum Output {
        case none
        case stream(remaining: Int64, next: @Sendable () async throws -> [UInt8], isFetching: Bool)
        /// The whole answer is with libwebsockets.
        case finished
    }

    private var wsi: OpaquePointer?
    private let thread: LoopThread
    private var output = Output.none
    private var closesConnection: Bool
    private var received: Int64 = 0
    private var isComplete = false
    /// libwebsockets is reading from the connection.
    private var isInCallback = false

    init(head: HTTPHead, wsi: OpaquePointer, thread: LoopThread) {
        self.head = head
        self.wsi = wsi
        self.thread = thread
        // Without a declared length libwebsockets takes what follows for a body; only a new connection is sure to be in step.
        closesConnection = head.contentLength == nil && [.post, .put, .patch].contains(head.method)
    }

    /// For actors that serve this request alone.
    public var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Runs `body` where the members may be used.
    public func perform(_ body: @escaping @Sendable () -> Void) async { await thread.perform(body) }

    /// Takes the body from here on, what has come of it already included.
    ///
    /// - Parameters:
    ///   - onBody: a piece; valid during the call only.
    ///   - onComplete: the whole body has arrived.
    public func receive(onBody: @escaping (UnsafeRawBufferPointer) -> Void, onComplete: @escaping () -> Void) {
        guard case .none = output else { return }
        if !early.isEmpty {
            early.withUnsafeBytes(onBody)
            early = []
        }
        if isComplete { return onComplete() }
        self.onBody = onBody
        self.onComplete = onComplete
    }

    /// Whether the connection is there, and the request not answered.
    public var isOpen: Bool { if case .none = output { wsi != nil } else { false } }

    /// Declared size of the body; 0 for none.
    public var bodyLength: Int64 { head.contentLength ?? 0 }

    /// Stops or resumes reading the body, while what was read is being written elsewhere.
    public func setReading(_ reading: Bool) {
        guard let wsi else { return }
        lws_rx_flow_control(wsi, reading ? 1 : 0)
    }

    /// Answers. Only the first call counts. Not to be called from `onBody`.
    public func respond(_ response: HTTPResponse) {
        guard let wsi, case .none = output else { return }
        onBody = nil
        onComplete = nil
        early = []
        if response.closesConnection || (!isComplete && bodyLength > Self.discardLimit) { closesConnection = true }
        // libwebsockets neither reads nor writes while reading is stopped.
        lws_rx_flow_control(wsi, 1)
        let head = response.headBytes(closing: closesConnection)
        let hasBody = self.head.method != .head && response.body.length > 0
        switch response.body {
        case .stream(let length, let next) where hasBody:
            output = .stream(remaining: length, next: next, isFetching: false)
            guard write(head, LWS_WRITE_HTTP_HEADERS) else { return kill() }
            fetch()
        case .bytes(let bytes) where hasBody:
            output = .finished
            // In one piece; what the socket does not take now, libwebsockets keeps and sends.
            guard write(head + bytes, LWS_WRITE_HTTP_HEADERS) else { return kill() }
            finish()
        default:
            output = .finished
            guard write(head, LWS_WRITE_HTTP_HEADERS) else { return kill() }
            finish()
        }
    }

    // MARK: - Called by the loop

    /// LWS_CALLBACK_HTTP.
    func begin(_ handler: (any LoopHandler)?) {
        isInCallback = true
        defer { isInCallback = false }
        awaitBody()
        handler?.request(self)
        if bodyLength == 0 { complete() }
    }

    /// LWS_CALLBACK_HTTP_BODY.
    func body(_ bytes: UnsafeRawBufferPointer) {
        isInCallback = true
        defer { isInCallback = false }
        received += Int64(bytes.count)
        awaitBody()
        if let onBody {
            onBody(bytes)
        } else if case .none = output {
            early += Array(bytes)
        }
        if received >= bodyLength, bodyLength > 0 { complete() }
    }

    private func complete() {
        guard !isComplete, let wsi else { return }
        isComplete = true
        thread.expect(nil, of: wsi)
        // The end of a body that was answered before: libwebsockets would not even close while reading is stopped.
        guard case .none = output else { return end() }
        // Until this request is answered, libwebsockets 4.1 cannot cope with the next one.
        lws_rx_flow_control(wsi, 0)
        touch()
        let handler = onComplete
        onBody = nil
        onComplete = nil
        handler?()
    }

    private func awaitBody() {
        guard let wsi, received < bodyLength else { return }
        thread.expect(.body, of: wsi)
    }

    private func touch() {
        guard let wsi else { return }
        thread.setTimeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, Self.idleSeconds)
    }

    /// LWS_CALLBACK_HTTP_WRITEABLE: nothing is waiting in libwebsockets any more. `false`: close the connection.
    func writable() -> Bool {
        switch output {
        case .none: return true
        case .stream(_, _, let isFetching):
            if !isFetching { fetch() }
            return true
        case .finished:
            // Of a body that is still coming the rest is thrown away: the kernel would reset the connection for it, and the answer be lost.
            guard isComplete, let wsi else { return true }
            if closesConnection { return false }
            self.wsi = nil
            thread.completeTransaction(of: wsi)
            return true
        }
    }

    /// Reads the next piece off the loop and writes it.
    private func fetch() {
        guard case .stream(let remaining, let next, false) = output else { return }
        output = .stream(remaining: remaining, next: next, isFetching: true)
        Task { [self] in
            let piece = try? await next()
            await perform { [self] in write(piece: piece) }
        }
    }

    private func write(piece: [UInt8]?) {
        guard let wsi, case .stream(let remaining, let next, true) = output else { return }
        // The head is out, so the only way to say "failed" is to end early.
        guard let piece, !piece.isEmpty, Int64(piece.count) <= remaining, write(piece, LWS_WRITE_HTTP) else { return kill() }
        let left = remaining - Int64(piece.count)
        guard left > 0 else {
            output = .finished
            return finish()
        }
        output = .stream(remaining: left, next: next, isFetching: false)
        lws_callback_on_writable(wsi)
    }

    private func write(_ bytes: [UInt8], _ kind: lws_write_protocol) -> Bool {
        touch()
        let buffer = MessageBuffer(plain: bytes)
        return lws_write(wsi, buffer.payload.assumingMemoryBound(to: UInt8.self), buffer.count, kind) >= buffer.count
    }

    private func finish() {
        guard let wsi else { return }
        onAbort = nil
        // Nobody waits long for the rest of a body that is not wanted.
        if !isComplete {
            thread.setTimeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, Self.discardSeconds)
            thread.expect(.body, of: wsi, seconds: Int(Self.discardSeconds))
        }
        end()
    }

    /// Makes room for the next request once the body is in and the answer out.
    private func end() {
        guard case .finished = output, isComplete, let wsi else { return }
        if closesConnection || lws_partial_buffered(wsi) != 0 {
            // By the callback that says that all of it has been sent.
            lws_callback_on_writable(wsi)
        } else if isInCallback {
            // Only when libwebsockets has returned has it put aside what it read of the next request (`LoopThread.completeTransaction`).
            thread.post(.perform { [self] in end() })
        } else {
            self.wsi = nil
            thread.completeTransaction(of: wsi)
        }
    }

    private func kill() {
        guard let wsi else { return }
        output = .finished
        closesConnection = true
        thread.expect(nil, of: wsi)
        thread.kill(wsi)
    }

    /// The connection is gone.
    func detach() {
        guard wsi != nil else { return }
        wsi = nil
        output = .finished
        let handler = onAbort
        onBody = nil
        onComplete = nil
        onAbort = nil
        handler?()
    }
}
