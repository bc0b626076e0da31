// What libwebsockets calls on a thread of the loop: requests, handshakes, messages, and the ends of connections.

internal import CWebsockets
import Certificates
import Runtime

/// The callback of every protocol (lws_callback_function).
func serveCallback(
    _ wsi: OpaquePointer?, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?, _ input: UnsafeMutableRawPointer?, _ length: Int
) -> Int32 {
    guard let wsi, let context = lws_get_context(wsi), let owner = lws_context_user(context) else { return 0 }
    return Unmanaged<LoopThread>.fromOpaque(owner).takeUnretainedValue().serve(wsi, reason, user, input, length)
}

extension LoopThread {
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
            pipelined.remove(wsi)
            if let arrival = arrivals.removeValue(forKey: wsi) {
                if let awaited = arrival.awaited { noteTimeout(awaited, of: wsi) }
                release(arrival.peer)
            }
            return 0

        case LWS_CALLBACK_HTTP:
            expect(nil, of: wsi)
            guard let head = HTTPHead(reading: wsi, arrival: arrivals[wsi]) else { return -1 }
            // libwebsockets 4.1.6 would take this head once more, for the beginning of the body, and then never come back (deal_body in
            // lws_http_action). RFC 9112, section 9.3.2, lets nobody count on an answer to such a request.
            if pipelined.contains(wsi), head.mayHaveBody { return -1 }
            let exchange = HTTPExchange(head: head, wsi: wsi, thread: self)
            attach(exchange, to: wsi)
            exchange.begin(handler)
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
            noteEnd(of: wsi)
            return 0

        case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
            expect(nil, of: wsi)
            // CVE-2025-11677: without this header libwebsockets 4.1 goes on with freed memory.
            guard lws_hdr_total_length(wsi, WSI_TOKEN_UPGRADE) > 0, let head = HTTPHead(reading: wsi, arrival: arrivals[wsi]) else { return -1 }
            guard let refusal = refusal(of: head, wsi) else {
                clients[wsi] = handler?.client(of: head)
                return 0
            }
            // Not by lws_return_http_status, which answers as HTTP/1.0: clients take that for no answer at all.
            let buffer = MessageBuffer(plain: refusal.headBytes(closing: true))
            lws_write(wsi, buffer.payload.assumingMemoryBound(to: UInt8.self), buffer.count, LWS_WRITE_HTTP_HEADERS)
            return 1
        case LWS_CALLBACK_ESTABLISHED:
            lastSocket += 1
            let name = lws_get_protocol(wsi).flatMap { $0.pointee.name }.map { String(cString: $0) } ?? ""
            let socket = WebSocket(
                id: lastSocket << 8 | UInt64(index), subprotocol: name == "http" ? "" : name, client: clients.removeValue(forKey: wsi) ?? "",
                peer: arrivals[wsi]?.peer, wsi: wsi, thread: self)
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

    private func refusal(of handshake: HTTPHead, _ wsi: OpaquePointer) -> HTTPResponse? {
        // Where it looks for extensions, libwebsockets 4.1.6 hangs up after so many bytes.
        if lws_hdr_total_length(wsi, WSI_TOKEN_EXTENSIONS) > 254 { return HTTPResponse(status: 431) }
        // To something else (RFC 9110, section 7.8): libwebsockets has no way back to the request without it.
        guard handshake.header("upgrade")?.lowercased() == "websocket" else { return HTTPResponse(status: 400) }
        return handler?.refusal(of: handshake).map { HTTPResponse(status: $0) } ?? handshake.handshakeRefusal
    }

    /// The connection of an answered request waits for the next one (lws_http_transaction_completed), or ends.
    func completeTransaction(of wsi: OpaquePointer) {
        attach(nil, to: wsi)
        if lws_http_transaction_completed(wsi) != 0 { return kill(wsi) }
        expect(.head, of: wsi, mayBeIdle: true)
        // It keeps the table only where it has bytes of the next request.
        guard isReadingHead(wsi) else {
            pipelined.remove(wsi)
            return
        }
        pipelined.insert(wsi)
        // It would wait for the rest as for a request that has not begun.
        setTimeout(wsi, PENDING_TIMEOUT_HOLDING_AH, Int32(configuration.handshakeSeconds))
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
            if remaining == 0 {
                socket.isBehindControl = true
                socket.fragmentCount += 1
            }
            if socket.fragmentCount > Self.maximumFragments + buffer.count / Self.fragmentBytes {
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
