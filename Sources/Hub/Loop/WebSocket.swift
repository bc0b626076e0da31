// One WebSocket connection as the layers above see it.

internal import CWebsockets
import Runtime
import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

/// What the executor's side wants of a socket on another thread.
enum SocketOrder: Sendable {
    case send(WebSocket, MessageBuffer, isMedia: Bool)
    case close(WebSocket, code: UInt16, reason: String, discarding: Bool)
    case read(WebSocket, Bool)
    case resume(WebSocket)

    var socket: WebSocket {
        switch self {
        case .send(let socket, _, _), .close(let socket, _, _, _), .read(let socket, _), .resume(let socket): socket
        }
    }
}

/// What the executor's side is told.
enum SocketEvent: Sendable {
    case opened(WebSocket)
    case received(WebSocket, MessageBuffer, isBinary: Bool)
    case closed(WebSocket)
}

/// An accepted WebSocket. Public members are used on the loop's executor only.
///
/// Two queues: control messages are never dropped here, media comes after them. Both are unbounded by themselves; whoever sends
/// watches `controlBytes` and `mediaBytes` and decides.
public final class WebSocket: @unchecked Sendable {
    // @unchecked: what is not atomic or constant belongs either to the executor's thread or to the socket's, as the marks below say.

    public let id: UInt64
    /// What was agreed on in the handshake; empty for none.
    public let subprotocol: String
    /// What `LoopHandler.client` said of its handshake.
    public let client: String
    /// Who is at the other end of the connection, which may be a proxy.
    public let peer: PeerAddress?
    let thread: LoopThread
    /// Whether the executor is on the same thread.
    private let isAtHome: Bool
    private let fd: lws_sockfd_type
    private let isEncrypted: Bool

    private let waitingControl = Atomic<Int>(0)
    private let waitingMedia = Atomic<Int>(0)
    /// Bytes received that the executor has not taken yet, where that is another thread.
    private let untaken = Atomic<Int>(0)
    private let isHeld = Atomic<Bool>(false)

    init(id: UInt64, subprotocol: String, client: String, peer: PeerAddress?, wsi: OpaquePointer, thread: LoopThread) {
        self.id = id
        self.subprotocol = subprotocol
        self.client = client
        self.peer = peer
        self.wsi = wsi
        self.thread = thread
        isAtHome = thread.isHome
        fd = lws_get_socket_fd(wsi)
        isEncrypted = lws_get_ssl(wsi) != nil
    }

    // MARK: - The executor's side

    private var isClosing = false
    /// The code that the hub has closed it with; in `LoopHandler.closed` also that of the loop itself.
    public var closeCode: UInt16? { closing?.code }
    var isGone = false

    public var isOpen: Bool { !isGone && !isClosing }
    /// Bytes of control messages that wait to be sent.
    public var controlBytes: Int { waitingControl.load(ordering: .relaxed) }
    /// Bytes of media messages that wait to be sent.
    public var mediaBytes: Int { waitingMedia.load(ordering: .relaxed) }

    /// Queues a text message.
    public func send(text message: MessageBuffer) { send(message, isMedia: false) }

    /// Queues a message behind all text, in the order of its kind.
    public func send(media message: MessageBuffer) { send(message, isMedia: true) }

    private func send(_ message: MessageBuffer, isMedia: Bool) {
        guard isOpen else { return }
        count(message, isMedia: isMedia, sign: 1)
        if isAtHome {
            enqueue(message, isMedia: isMedia)
        } else {
            thread.home.send(.send(self, message, isMedia: isMedia), to: thread)
        }
    }

    /// Sends what is queued as control, then a close frame. With `discarding` only the close frame.
    ///
    /// - Parameters:
    ///   - code: RFC 6455, section 7.4.
    ///   - reason: at most 123 bytes of UTF-8.
    public func close(code: UInt16, reason: String, discarding: Bool = false) {
        guard isOpen else { return }
        isClosing = true
        order(.close(self, code: code, reason: reason, discarding: discarding))
    }

    /// Stops or resumes reading from the peer (lws_rx_flow_control).
    public func setReading(_ reading: Bool) {
        guard !isGone else { return }
        order(.read(self, reading))
    }

    private func order(_ order: SocketOrder) {
        if isAtHome { carryOut(order) } else { thread.home.send(order, to: thread) }
    }

    /// A message of `isOnItsWay` has come.
    func took(_ message: MessageBuffer) {
        let left = untaken.subtract(Self.weight(of: message), ordering: .acquiringAndReleasing).newValue
        if left <= Self.untakenLimit / 2, isHeld.exchange(false, ordering: .acquiringAndReleasing) {
            thread.home.send(.resume(self), to: thread)
        }
    }

    // MARK: - The socket's thread

    private var wsi: OpaquePointer?
    private var control = FIFO<MessageBuffer>()
    private var media = FIFO<MessageBuffer>()
    private var closing: (code: UInt16, reason: String)?
    private var isPeerClosing = false
    private(set) var isCloseSent = false
    private var isUnflushed = false
    private var wantsReading = true
    /// What is sent waits for LWS_CALLBACK_SERVER_WRITEABLE, before which libwebsockets sends frames of its own.
    var isBehindControl = false

    /// A message that is still coming in, and in how many fragments it has come.
    var incoming: MessageBuffer?
    var fragmentCount = 0

    /// What may be on its way to the executor's thread before nothing more is read.
    private static let untakenLimit = 1 << 20
    /// What a message takes in memory, roughly: many small ones are more than their payload.
    private static func weight(of message: MessageBuffer) -> Int { message.count + 256 }
    /// What is given to the kernel at once.
    private static let batchCount = 64
    private static let batchBytes = 512 << 10

    /// Nothing that comes is taken any more.
    var isRefusing: Bool { closing != nil || isPeerClosing }

    func isOnItsWay(_ message: MessageBuffer) {
        let bytes = untaken.add(Self.weight(of: message), ordering: .acquiringAndReleasing).newValue
        guard bytes > Self.untakenLimit, !isHeld.exchange(true, ordering: .acquiringAndReleasing) else { return }
        applyReading()
        // It may all have been taken in the instant before.
        if untaken.load(ordering: .acquiring) <= Self.untakenLimit / 2, isHeld.exchange(false, ordering: .acquiringAndReleasing) { applyReading() }
    }

    private func applyReading() {
        guard let wsi else { return }
        // What comes after the decision to close is thrown away; but the peer's answer must be heard.
        let isReading = isRefusing || (wantsReading && !isHeld.load(ordering: .acquiring))
        lws_rx_flow_control(wsi, isReading ? 1 : 0)
    }

    func carryOut(_ order: SocketOrder) {
        switch order {
        case .send(_, let message, let isMedia): enqueue(message, isMedia: isMedia)
        case .close(_, let code, let reason, let discarding): beginClose(code: code, reason: reason, discarding: discarding)
        case .read(_, let reading):
            wantsReading = reading
            applyReading()
        case .resume: applyReading()
        }
    }

    private func enqueue(_ message: MessageBuffer, isMedia: Bool) {
        guard wsi != nil, closing == nil, !isPeerClosing else { return count(message, isMedia: isMedia, sign: -1) }
        if isMedia { media.append(message) } else { control.append(message) }
        flushLater()
    }

    func beginClose(code: UInt16, reason: String, discarding: Bool) {
        guard let wsi, closing == nil else { return }
        closing = (code, reason)
        empty(&media, isMedia: true)
        if discarding { empty(&control, isMedia: false) }
        // A peer that does not read must not keep the connection: gone after this at the latest.
        thread.setTimeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, 5)
        applyReading()
        flushLater()
    }

    /// The peer has sent a close frame, or is not to be talked to any more.
    ///
    /// - Returns: whether the connection may end, for it answers ours.
    @discardableResult
    func peerCloses() -> Bool {
        isPeerClosing = true
        empty(&media, isMedia: true)
        empty(&control, isMedia: false)
        return isCloseSent
    }

    /// RFC 6455, section 5.5.1. Ours, for with libuv libwebsockets 4.1.6 cuts a connection that a callback ends before its close frame has
    /// left. The connection stays until the peer has answered, since what it still sends would otherwise make the kernel reset it, and the
    /// code be lost.
    func sendClose(code: UInt16, reason: String) {
        guard let wsi, !isCloseSent else { return }
        isCloseSent = true
        let text = Array(reason.utf8.prefix(123))
        var frame: [UInt8] = [0x88, UInt8(2 + text.count), UInt8(code >> 8), UInt8(code & 0xff)] + text
        if lws_write(wsi, &frame, frame.count, LWS_WRITE_HTTP) < 0 { kill(wsi) }
    }

    /// After a close frame of libwebsockets, which would wait for an answer that it cannot read: the peer sees the end and goes.
    func endSending() {
        if wsi != nil { shutdown(fd, Int32(SHUT_WR)) }
    }

    private func flushLater() {
        guard !isUnflushed else { return }
        isUnflushed = true
        thread.flushLater(self)
    }

    private func count(_ message: MessageBuffer, isMedia: Bool, sign: Int) {
        if isMedia {
            waitingMedia.add(sign * message.count, ordering: .relaxed)
        } else {
            waitingControl.add(sign * message.count, ordering: .relaxed)
        }
    }

    private func empty(_ queue: inout FIFO<MessageBuffer>, isMedia: Bool) {
        while let message = queue.popFirst() { count(message, isMedia: isMedia, sign: -1) }
    }

    private func popFirst() {
        if let message = control.popFirst() {
            count(message, isMedia: false, sign: -1)
        } else if let message = media.popFirst() {
            count(message, isMedia: true, sign: -1)
        }
    }

    /// At the end of a turn: writes without waiting for LWS_CALLBACK_SERVER_WRITEABLE.
    func flush() {
        isUnflushed = false
        guard let wsi, isBehindControl || !write() else { return }
        lws_callback_on_writable(wsi)
    }

    /// LWS_CALLBACK_SERVER_WRITEABLE.
    func writable() {
        isBehindControl = false
        guard let wsi, !write() else { return }
        lws_callback_on_writable(wsi)
    }

    /// Writes what the socket takes, and the close frame behind it. `false`: something is left for LWS_CALLBACK_SERVER_WRITEABLE.
    private func write() -> Bool {
        guard let wsi else { return true }
        // libwebsockets' own frames (PONG, CLOSE) go out between ours, for it has the rest of one that was cut.
        while lws_partial_buffered(wsi) == 0 {
            guard !control.isEmpty || !media.isEmpty else {
                if let closing, !isPeerClosing { sendClose(code: closing.code, reason: closing.reason) }
                return true
            }
            guard isEncrypted ? writeEncrypted(wsi) : writePlain(wsi) else { return false }
        }
        return false
    }

    /// Hands whole frames to the kernel at once (sendmsg). `false`: it takes no more now.
    private func writePlain(_ wsi: OpaquePointer) -> Bool {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.batchCount) { vectors in
            var count = 0
            var bytes = 0
            func gather(_ queue: borrowing FIFO<MessageBuffer>) {
                var index = 0
                while index < queue.count, count < Self.batchCount, bytes < Self.batchBytes {
                    let message = queue[index]
                    vectors[count] = iovec(iov_base: message.frame, iov_len: message.frameCount)
                    bytes += message.frameCount
                    count += 1
                    index += 1
                }
            }
            gather(control)
            gather(media)
            var written = pw_send_vectors(fd, vectors.baseAddress, count)
            if written < 0 {
                let isFull = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
                if !isFull { kill(wsi) }
                return false
            }
            let isAll = written == bytes
            for index in 0..<count {
                let length = vectors[index].iov_len
                if written < length {
                    // libwebsockets copies the rest of a frame and sends it before all else.
                    if written > 0 {
                        let rest = vectors[index].iov_base.advanced(by: written).assumingMemoryBound(to: UInt8.self)
                        if lws_write(wsi, rest, length - written, LWS_WRITE_HTTP) < 0 { kill(wsi) }
                        popFirst()
                    }
                    break
                }
                written -= length
                popFirst()
            }
            return isAll
        }
    }

    /// By libwebsockets (LWS_WRITE_HTTP: bytes as they are), small frames together.
    private func writeEncrypted(_ wsi: OpaquePointer) -> Bool {
        guard let first = control.first ?? media.first else { return true }
        guard first.frameCount < LoopThread.scratchBytes, control.count + media.count > 1 else {
            defer { popFirst() }
            return send(wsi, first.frame, first.frameCount)
        }
        var bytes = 0
        while let message = control.first ?? media.first, bytes + message.frameCount <= LoopThread.scratchBytes {
            thread.scratch.advanced(by: bytes).copyMemory(from: message.frame, byteCount: message.frameCount)
            bytes += message.frameCount
            popFirst()
        }
        return send(wsi, thread.scratch, bytes)
    }

    private func send(_ wsi: OpaquePointer, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Bool {
        if lws_write(wsi, bytes.assumingMemoryBound(to: UInt8.self), count, LWS_WRITE_HTTP) >= 0 { return true }
        kill(wsi)
        return false
    }

    private func kill(_ wsi: OpaquePointer) {
        peerCloses()
        thread.kill(wsi)
    }

    /// The connection is gone; the handle stays valid and does nothing.
    func detach() {
        wsi = nil
        peerCloses()
        incoming = nil
    }
}
