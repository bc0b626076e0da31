// One request and its answer.

internal import CWebsockets
import Runtime

/// A request in progress. All members are used on the loop only.
///
/// The handler sets `onBody` and `onComplete` when it is given the exchange, and calls `respond` once, then or later. Nothing is
/// written from inside the callbacks that read: libwebsockets changes the connection's state after those return.
public final class HTTPExchange: @unchecked Sendable {
    // @unchecked: every member is touched on the loop's thread only, where the callbacks and the actors of the loop run.

    public let head: HTTPHead

    /// A piece of the body; valid during the call only.
    public var onBody: ((UnsafeRawBufferPointer) -> Void)?
    /// The whole body has arrived.
    public var onComplete: (() -> Void)?
    /// The connection went away before the answer was out.
    public var onAbort: (() -> Void)?

    /// Seconds without progress until a connection is given up.
    private static let idleSeconds: Int32 = 120
    private static let pieceSize = 64 * 1024
    /// What is read and thrown away of a refused body, so that the client gets to read the answer.
    private static let discardLimit: Int64 = 64 << 20

    private enum Output {
        case none
        case head(HTTPResponse)
        case bytes([UInt8], offset: Int)
        case stream(remaining: Int64, next: @Sendable () async throws -> [UInt8], fetching: Bool)
        case finished
    }

    private var wsi: OpaquePointer?
    private unowned let loop: EventLoop
    private var output = Output.none
    private var closesConnection: Bool
    private var received: Int64 = 0
    private var isComplete = false

    init(head: HTTPHead, wsi: OpaquePointer, loop: EventLoop) {
        self.head = head
        self.wsi = wsi
        self.loop = loop
        // Without a declared length libwebsockets takes what follows for a body; only a new connection is sure to be in step.
        closesConnection = head.contentLength == nil && [.post, .put, .patch].contains(head.method)
    }

    /// Declared size of the body; 0 for none.
    public var bodyLength: Int64 { head.contentLength ?? 0 }

    /// Stops or resumes reading the body, while what was read is being written elsewhere.
    public func setReading(_ reading: Bool) {
        guard let wsi else { return }
        lws_rx_flow_control(wsi, reading ? 1 : 0)
    }

    /// Answers. Only the first call counts.
    public func respond(_ response: HTTPResponse) {
        guard let wsi, case .none = output else { return }
        onBody = nil
        onComplete = nil
        if response.closesConnection || (!isComplete && bodyLength > Self.discardLimit) { closesConnection = true }
        output = .head(response)
        lws_callback_on_writable(wsi)
    }

    // MARK: - Called by the loop

    func begin() {
        if bodyLength == 0 { complete() }
    }

    func body(_ bytes: UnsafeRawBufferPointer) {
        received += Int64(bytes.count)
        onBody?(bytes)
        if received >= bodyLength, bodyLength > 0 { complete() }
    }

    private func complete() {
        guard !isComplete, let wsi else { return }
        isComplete = true
        // A pipelined request waits in the kernel until this one is answered.
        lws_rx_flow_control(wsi, 0)
        touch()
        let handler = onComplete
        onBody = nil
        onComplete = nil
        handler?()
    }

    private func touch() {
        guard let wsi else { return }
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, Self.idleSeconds)
    }

    enum Progress { case waiting, keepAlive, close }

    /// LWS_CALLBACK_HTTP_WRITEABLE: writes while the socket takes it.
    func writable() -> Progress {
        guard let wsi else { return .close }
        while true {
            switch output {
            case .none, .finished: return .waiting
            case .head(let response):
                guard write(response.headBytes(closing: closesConnection), LWS_WRITE_HTTP_HEADERS) else { return .close }
                let hasBody = head.method != .head && response.body.length > 0
                switch response.body {
                case .bytes(let bytes) where hasBody: output = .bytes(bytes, offset: 0)
                case .stream(let length, let next) where hasBody: output = .stream(remaining: length, next: next, fetching: false)
                default: return finish()
                }
            case .bytes(let bytes, let offset):
                let end = min(offset + Self.pieceSize, bytes.count)
                guard write(Array(bytes[offset..<end]), LWS_WRITE_HTTP) else { return .close }
                if end == bytes.count {
                    if streamRemaining == 0 { return finish() }
                    output = .stream(remaining: streamRemaining, next: streamNext!, fetching: false)
                } else {
                    output = .bytes(bytes, offset: end)
                }
            case .stream(let remaining, let next, let fetching):
                guard !fetching else { return .waiting }
                output = .stream(remaining: remaining, next: next, fetching: true)
                fetch(remaining: remaining, next: next)
                return .waiting
            }
            if lws_partial_buffered(wsi) != 0 || lws_send_pipe_choked(wsi) != 0 {
                lws_callback_on_writable(wsi)
                return .waiting
            }
        }
    }

    /// What is left of a stream after the piece in `output`.
    private var streamRemaining: Int64 = 0
    private var streamNext: (@Sendable () async throws -> [UInt8])?

    private func fetch(remaining: Int64, next: @escaping @Sendable () async throws -> [UInt8]) {
        let loop = loop
        Task { [self] in
            let piece: [UInt8]? = try? await next()
            await loop.perform { [self] in
                guard let wsi, case .stream(remaining, _, true) = output else { return }
                if let piece, !piece.isEmpty, Int64(piece.count) <= remaining {
                    streamRemaining = remaining - Int64(piece.count)
                    streamNext = next
                    output = .bytes(piece, offset: 0)
                } else {
                    // The head is out, so the only way to say "failed" is to end the connection early.
                    output = .finished
                    closesConnection = true
                    lws_set_timeout(wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC)
                    return
                }
                lws_callback_on_writable(wsi)
            }
        }
    }

    private func write(_ bytes: [UInt8], _ kind: lws_write_protocol) -> Bool {
        touch()
        let buffer = MessageBuffer(bytes)
        return lws_write(wsi, buffer.payload.assumingMemoryBound(to: UInt8.self), buffer.count, kind) >= buffer.count
    }

    private func finish() -> Progress {
        output = .finished
        onAbort = nil
        setReading(true)
        wsi = nil
        return closesConnection ? .close : .keepAlive
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
