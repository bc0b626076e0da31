// One WebSocket connection as the layers above see it.

internal import CWebsockets
import Runtime

/// An accepted WebSocket. All members are used on the loop only.
///
/// Two queues: control messages are never dropped here, media comes after them. Both are unbounded by themselves; whoever sends
/// watches `controlBytes` and `mediaBytes` and decides.
public final class WebSocket: @unchecked Sendable {
    // @unchecked: every member is touched on the loop's thread only, where the callbacks and the actors of the loop run.

    public let id: UInt64
    /// What was agreed on in the handshake; empty for none.
    public let subprotocol: String

    private var wsi: OpaquePointer?
    private var control = FIFO<MessageBuffer>()
    private var media = FIFO<MessageBuffer>()
    private var closing: (code: UInt16, reason: String)?

    /// A message that is still coming in, and whether it is binary.
    var incoming: MessageBuffer?

    /// Bytes of control messages that wait to be sent.
    public private(set) var controlBytes = 0
    /// Bytes of media messages that wait to be sent.
    public private(set) var mediaBytes = 0

    init(id: UInt64, subprotocol: String, wsi: OpaquePointer) {
        self.id = id
        self.subprotocol = subprotocol
        self.wsi = wsi
    }

    public var isOpen: Bool { wsi != nil && closing == nil }

    /// Queues a text message.
    public func send(text message: MessageBuffer) {
        guard isOpen else { return }
        control.append(message)
        controlBytes += message.count
        requestWrite()
    }

    /// Queues a binary message behind all text.
    public func send(media message: MessageBuffer) {
        guard isOpen else { return }
        media.append(message)
        mediaBytes += message.count
        requestWrite()
    }

    /// Sends what is queued as control, then a close frame. With `discarding` only the close frame.
    ///
    /// - Parameters:
    ///   - code: RFC 6455, section 7.4.
    ///   - reason: at most 123 bytes of UTF-8.
    public func close(code: UInt16, reason: String, discarding: Bool = false) {
        guard let wsi, closing == nil else { return }
        closing = (code, reason)
        media.removeAll()
        mediaBytes = 0
        if discarding {
            control.removeAll()
            controlBytes = 0
        }
        // A peer that does not read must not keep the connection: gone after this at the latest.
        lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, 5)
        requestWrite()
    }

    /// Stops or resumes reading from the peer (lws_rx_flow_control).
    public func setReading(_ reading: Bool) {
        guard let wsi else { return }
        lws_rx_flow_control(wsi, reading ? 1 : 0)
    }

    private func requestWrite() {
        guard let wsi else { return }
        lws_callback_on_writable(wsi)
    }

    /// LWS_CALLBACK_SERVER_WRITEABLE: writes while the socket takes it. `false`: close the connection.
    func writable() -> Bool {
        guard let wsi else { return false }
        while lws_partial_buffered(wsi) == 0, lws_send_pipe_choked(wsi) == 0 {
            let message: MessageBuffer
            let kind: lws_write_protocol
            if let next = control.popFirst() {
                controlBytes -= next.count
                message = next
                kind = LWS_WRITE_TEXT
            } else if let next = media.popFirst() {
                mediaBytes -= next.count
                message = next
                kind = LWS_WRITE_BINARY
            } else if let closing {
                setCloseReason(closing.code, closing.reason, on: wsi)
                return false
            } else {
                return true
            }
            let payload = message.payload.assumingMemoryBound(to: UInt8.self)
            if lws_write(wsi, payload, message.count, kind) < message.count { return false }
        }
        if !control.isEmpty || !media.isEmpty || closing != nil { lws_callback_on_writable(wsi) }
        return true
    }

    /// The connection is gone; the handle stays valid and does nothing.
    func detach() {
        wsi = nil
        control.removeAll()
        media.removeAll()
        controlBytes = 0
        mediaBytes = 0
        incoming = nil
    }
}

/// lws_close_reason(); the callback must return -1 right after.
func setCloseReason(_ code: UInt16, _ reason: String, on wsi: OpaquePointer) {
    var bytes = Array(reason.utf8.prefix(123))
    lws_close_reason(wsi, lws_close_status(rawValue: UInt32(code)), &bytes, bytes.count)
}
