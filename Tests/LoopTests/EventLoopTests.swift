// The loop over real ports: HTTP as it comes out of the socket, WebSocket frames, and the executor.

import Loop
import Runtime
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Answers what its tests ask for; isolated to the loop like the real one.
private actor Responder {
    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private var turns = 0
    private var sockets: [WebSocket] = []
    private(set) var received = 0

    init(loop: EventLoop) { self.loop = loop }

    func opened(_ socket: WebSocket) { sockets.append(socket) }

    func tellAll(_ text: String) {
        let message = MessageBuffer(text: text)
        for socket in sockets { socket.send(text: message) }
    }

    func take(_ message: MessageBuffer) -> Int {
        received += message.count
        return received
    }

    func turn() -> Int {
        turns += 1
        return turns
    }
}

private struct TestHandler: LoopHandler {
    let loop: EventLoop
    let responder: Responder

    func request(_ exchange: HTTPExchange) {
        let head = exchange.head
        nonisolated(unsafe) var body: [UInt8] = []
        let answer = {
            switch head.path {
            case "/large":
                let pieces = Pieces(count: 40)
                exchange.respond(HTTPResponse(status: 200, body: .stream(length: 40 * 65_536) { await pieces.next() }))
            case "/later":
                // By way of the cooperative pool, as real routes do.
                Task {
                    let turn = await responder.turn()
                    await exchange.perform { exchange.respond(HTTPResponse(status: 200, body: .bytes(Array("turn \(turn)".utf8)))) }
                }
            default:
                let query = head.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
                let text = "\(head.method.rawValue) \(head.path)?\(query) \(String(decoding: body, as: UTF8.self))"
                exchange.respond(HTTPResponse(status: 200, body: .bytes(Array(text.utf8))))
            }
        }
        nonisolated(unsafe) let receive = {
            exchange.receive(onBody: { body += Array($0) }, onComplete: answer)
        }
        if head.path == "/held" {
            // The body comes with the head, long before somebody wants it.
            exchange.setReading(false)
            Task {
                _ = await responder.turn()
                await exchange.perform {
                    receive()
                    exchange.setReading(true)
                }
            }
        } else {
            receive()
        }
    }

    func refusal(of upgrade: HTTPHead) -> Int? { upgrade.path == "/socket" ? nil : 403 }
    func client(of upgrade: HTTPHead) -> String { upgrade.peerAddress }
    func opened(_ socket: WebSocket) { responder.assumeIsolated { $0.opened(socket) } }
    func closed(_ socket: WebSocket) {}
    func turnEnds() {}
    func received(_ message: MessageBuffer, isBinary: Bool, on socket: WebSocket) {
        if isBinary, message.count == slowPiece {
            // An executor that cannot keep up.
            usleep(2000)
            let sum = responder.assumeIsolated { $0.take(message) }
            if sum == slowPiece * slowCount { socket.send(text: MessageBuffer(text: "all of it")) }
        } else if isBinary {
            socket.send(media: message)
        } else if String(decoding: message.bytes, as: UTF8.self) == "to all" {
            responder.assumeIsolated { $0.tellAll("from one") }
        } else if String(decoding: message.bytes, as: UTF8.self) == "close" {
            socket.send(text: MessageBuffer(text: "last words"))
            socket.close(code: 3008, reason: "asked for")
        } else {
            socket.send(text: message)
        }
    }
}

private let slowPiece = 64_000
private let slowCount = 80

private actor Pieces {
    private var left: Int
    init(count: Int) { left = count }
    func next() -> [UInt8] {
        left -= 1
        return [UInt8](repeating: UInt8(truncatingIfNeeded: left), count: 65_536)
    }
}

func withLoop<Result: Sendable>(
    threads: Int = 3, limits: AcceptLimits = AcceptLimits(), _ body: @escaping @Sendable (Int) throws -> Result
) async throws -> Result {
    var configuration = LoopConfiguration(host: "127.0.0.1", port: 0, subprotocols: ["test.v1"], maximumMessageBytes: 100_000)
    configuration.threads = threads
    configuration.limits = limits
    let loop = EventLoop(configuration)
    let port = try loop.start(handler: TestHandler(loop: loop, responder: Responder(loop: loop)))
    do {
        let result = try await RawClient.pool.run { try body(port) }
        await loop.stop()
        return result
    } catch {
        await loop.stop()
        throw error
    }
}

@Suite(.mustEnd)
struct EventLoopTests {
    @Test func `a request is answered with its decoded path and query`() async throws {
        let text = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write("GET /a%20b/../c?x=1%262&y=z HTTP/1.1\r\nHost: hub\r\n\r\n")
            return try client.readResponse().text
        }
        #expect(text == "GET /c?x=1&2&y=z ")
    }

    @Test(arguments: [5, 200_000])
    func `a body that comes with its head waits for who wants it`(size: Int) async throws {
        let response = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write("PUT /held HTTP/1.1\r\nHost: hub\r\nContent-Length: \(size)\r\n\r\n\(String(repeating: "x", count: size))")
            return try client.readResponse()
        }
        #expect(response.body.count == size + "PUT /held? ".utf8.count)
    }

    @Test(arguments: ["POST", "PUT", "PATCH"])
    func `a body arrives whole`(method: String) async throws {
        let response = try await withLoop { port in
            var client = try RawClient(port: port)
            let body = String(repeating: "0123456789", count: 20_000)
            client.write("\(method) /body HTTP/1.1\r\nHost: hub\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            return try client.readResponse()
        }
        #expect(response.text.hasPrefix("\(method) /body? 0123456789"))
        #expect(response.body.count == 200_000 + "\(method) /body? ".utf8.count)
    }

    @Test(arguments: ["POST", "PUT"])
    func `an empty body is complete at once`(method: String) async throws {
        let statuses = try await withLoop { port in
            var client = try RawClient(port: port)
            var statuses: [Int] = []
            for _ in 0..<2 {
                client.write("\(method) /empty HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n")
                statuses.append(try client.readResponse().status)
            }
            return statuses
        }
        #expect(statuses == [200, 200])
    }

    @Test func `a POST that declares no length is answered and the connection ends`() async throws {
        let (status, ended) = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write("POST /none HTTP/1.1\r\nHost: hub\r\n\r\n")
            let status = try client.readResponse().status
            return (status, try client.isAtEnd())
        }
        #expect(status == 200)
        #expect(ended)
    }

    @Test(arguments: ["/x", "/later"])
    func `a connection that is asked to be closed ends with its answer`(path: String) async throws {
        let ended = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write("GET \(path) HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n")
            _ = try client.readResponse()
            return try client.isAtEnd()
        }
        #expect(ended)
    }

    @Test func `requests that are pipelined are answered in order`() async throws {
        let texts = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write(String(repeating: "GET /later HTTP/1.1\r\nHost: hub\r\n\r\n", count: 5))
            return try (0..<5).map { _ in try client.readResponse().text }
        }
        #expect(texts == (1...5).map { "turn \($0)" })
    }

    @Test func `a request with a body that is pipelined ends its connection and nobody else's`() async throws {
        let post = "POST /body HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\nabcde"
        for before in ["GET /x HTTP/1.1\r\nHost: hub\r\n\r\n", post, "GET /later HTTP/1.1\r\nHost: hub\r\n\r\n"] {
            let (ended, text) = try await withLoop(threads: 1) { port in
                var hasty = try RawClient(port: port)
                hasty.write(before + post)
                _ = try hasty.readResponse()
                let ended = try hasty.isAtEnd()
                var calm = try RawClient(port: port)
                calm.write(post)
                return (ended, try calm.readResponse().text)
            }
            #expect(ended)
            #expect(text == "POST /body? abcde")
        }
    }

    @Test func `requests with a body that follow each other are answered on one connection`() async throws {
        let statuses = try await withLoop(threads: 1) { port in
            var client = try RawClient(port: port)
            return try (0..<200).map { _ in
                client.write("POST /body HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\nabcde")
                return try client.readResponse().status
            }
        }
        #expect(statuses == Array(repeating: 200, count: 200))
    }

    @Test func `a request pipelined behind a stream costs its own connection at most`() async throws {
        let text = try await withLoop { port in
            var hasty = try RawClient(port: port)
            hasty.write("GET /large HTTP/1.1\r\nHost: hub\r\n\r\nGET /x HTTP/1.1\r\nHost: hub\r\n\r\n")
            _ = try? hasty.readResponse()
            var calm = try RawClient(port: port)
            calm.write("GET /x HTTP/1.1\r\nHost: hub\r\n\r\n")
            return try calm.readResponse().text
        }
        #expect(text == "GET /x? ")
    }

    @Test func `a large body is streamed whole`() async throws {
        let body = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write("GET /large HTTP/1.1\r\nHost: hub\r\n\r\n")
            return try client.readResponse().body
        }
        #expect(body.count == 40 * 65_536)
        #expect(body.first == 39)
        #expect(body.last == 0)
    }

    @Test func `HEAD has the length and no body`() async throws {
        let (length, next) = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write("HEAD /large HTTP/1.1\r\nHost: hub\r\n\r\n")
            let length = try client.readResponse(hasBody: false).headers["content-length"]
            client.write("GET /x HTTP/1.1\r\nHost: hub\r\n\r\n")
            return (length, try client.readResponse().text)
        }
        #expect(length == String(40 * 65_536))
        #expect(next == "GET /x? ")
    }

    @Test func `text and binary messages are echoed, fragments joined`() async throws {
        let frames = try await withLoop { port in
            var client = try RawClient(port: port)
            client.writeHandshake(subprotocol: "test.v1")
            let response = try client.readResponse()
            guard response.status == 101, response.headers["sec-websocket-protocol"] == "test.v1" else {
                throw RawClient.Failure(reason: "handshake: \(response.status) \(response.headers)")
            }
            client.writeFrame(opcode: 1, Array("hello".utf8))
            let text = try client.readFrame()
            client.writeFrame(opcode: 2, [UInt8](repeating: 7, count: 40_000), isFinal: false)
            client.writeFrame(opcode: 0, [UInt8](repeating: 8, count: 40_000))
            let binary = try client.readFrame()
            return [text, binary]
        }
        #expect(frames[0].opcode == 1 && frames[0].payload == Array("hello".utf8))
        #expect(frames[1].opcode == 2 && frames[1].payload.count == 80_000 && frames[1].payload.last == 8)
    }

    @Test func `a close waits for what was queued before it`() async throws {
        let (text, code) = try await withLoop { port in
            var client = try RawClient(port: port)
            client.writeHandshake()
            _ = try client.readResponse()
            client.writeFrame(opcode: 1, Array("close".utf8))
            return (try client.readFrame().payload, try client.readCloseCode())
        }
        #expect(text == Array("last words".utf8))
        #expect(code == 3008)
    }

    @Test(arguments: [[100_001], [60_000, 60_000]])
    func `a message over the limit closes with 1009`(fragments: [Int]) async throws {
        let code = try await withLoop { port in
            var client = try RawClient(port: port)
            client.writeHandshake()
            _ = try client.readResponse()
            for (index, size) in fragments.enumerated() {
                client.writeFrame(
                    opcode: index == 0 ? 2 : 0, [UInt8](repeating: 1, count: size), isFinal: index == fragments.count - 1)
            }
            return try client.readCloseCode()
        }
        #expect(code == 1009)
    }

    @Test func `a handshake that is refused gets its status`() async throws {
        let status = try await withLoop { port in
            var client = try RawClient(port: port)
            client.writeHandshake(path: "/elsewhere")
            return try client.readResponse().status
        }
        #expect(status == 403)
    }

    @Test(arguments: [
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 12", 426), ("Sec-WebSocket-Version: 13\r\n", "", 426),
        ("Sec-WebSocket-Key: ", "Sec-WebSocket-Key: x", 400), ("Sec-WebSocket-Key: ", "X-Key: ", 400), ("Connection: Upgrade\r\n", "", 400),
        ("Host: ", "X-Host: ", 400), ("GET ", "POST ", 400), ("Upgrade: websocket", "Upgrade: h2c", 400),
    ])
    func `a handshake that RFC 6455 does not allow gets its status`(field: String, other: String, status: Int) async throws {
        let response = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write(RawClient.handshake().replacing(field, with: other, maxReplacements: 1))
            return try client.readResponse()
        }
        #expect(response.status == status)
        #expect(response.headers["sec-websocket-version"] == (status == 426 ? "13" : nil))
    }

    @Test func `stopping closes sockets with 1001, and jobs of the loop's actors still run`() async throws {
        let loop = EventLoop(LoopConfiguration(host: "127.0.0.1", port: 0, subprotocols: [], maximumMessageBytes: 1000))
        let responder = Responder(loop: loop)
        let port = try loop.start(handler: TestHandler(loop: loop, responder: responder))
        async let code = RawClient.pool.run {
            var client = try RawClient(port: port)
            client.writeHandshake()
            _ = try client.readResponse()
            return try client.readCloseCode()
        }
        while await !loop.hasSockets { await Task.yield() }
        await loop.stop()
        #expect(try await code == 1001)
        #expect(await responder.turn() == 1)
    }

    @Test func `many tasks meet on the loop's actor without losing a turn`() async throws {
        let loop = EventLoop(LoopConfiguration(host: "127.0.0.1", port: 0, subprotocols: [], maximumMessageBytes: 1000))
        let responder = Responder(loop: loop)
        _ = try loop.start(handler: TestHandler(loop: loop, responder: responder))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { _ = await responder.turn() } } }
        }
        #expect(await responder.turn() == 8001)
        await loop.stop()
    }

    @Test(arguments: [1, 3])
    func `messages of many sockets come back in order, whichever their thread`(threads: Int) async throws {
        try await withLoop(threads: threads) { port in
            var clients: [RawSocket] = []
            for _ in 0..<9 { clients.append(try RawSocket(port: port)) }
            for number in 0..<100 { for client in clients { client.client.writeFrame(opcode: 1, Array("\(number)".utf8)) } }
            for client in clients {
                for number in 0..<100 { #expect(try client.client.readFrame().payload == Array("\(number)".utf8)) }
            }
        }
    }

    @Test func `one message reaches the sockets of every thread`() async throws {
        try await withLoop { port in
            var clients: [RawSocket] = []
            for _ in 0..<9 { clients.append(try RawSocket(port: port)) }
            // Each has been heard, so each is known.
            for client in clients {
                client.client.writeFrame(opcode: 1, Array("here".utf8))
                _ = try client.client.readFrame()
            }
            clients[4].client.writeFrame(opcode: 1, Array("to all".utf8))
            for client in clients { #expect(try client.client.readFrame().payload == Array("from one".utf8)) }
        }
    }

    @Test func `who sends faster than the executor takes is held back, and loses nothing`() async throws {
        let answer = try await withLoop { port in
            // One on each thread; the last is not on the executor's.
            var clients: [RawSocket] = []
            for _ in 0..<3 { clients.append(try RawSocket(port: port)) }
            for _ in 0..<slowCount { clients[2].client.writeFrame(opcode: 2, [UInt8](repeating: 1, count: slowPiece)) }
            return try clients[2].client.readFrame().payload
        }
        #expect(answer == Array("all of it".utf8))
    }

    @Test func `a connection beyond the hub's limit is hung up on, until there is room`() async throws {
        var limits = AcceptLimits()
        limits.connections = 2
        try await withLoop(limits: limits) { port in
            var first: RawSocket? = try RawSocket(port: port)
            let second = try RawSocket(port: port)
            #expect(throws: (any Error).self) { try RawSocket(port: port) }
            #expect(first != nil)
            first = nil
            var third = try? RawSocket(port: port)
            while third == nil { third = try? RawSocket(port: port) }
            second.client.writeFrame(opcode: 1, Array("still here".utf8))
            #expect(try second.client.readFrame().payload == Array("still here".utf8))
        }
    }

    @Test(arguments: [false, true])
    func `connections of one address are bounded, unless it is a proxy's`(isShared: Bool) async throws {
        var limits = AcceptLimits()
        limits.connectionsPerAddress = 2
        limits.isShared = { isShared && $0.description == "127.0.0.1" }
        let opened = try await withLoop(limits: limits) { port in
            let clients = (0..<5).map { _ in try? RawSocket(port: port) }
            return clients.count { $0 != nil }
        }
        #expect(opened == (isShared ? 5 : 2))
    }

    @Test func `those beyond the rate wait, and are served`() async throws {
        var limits = AcceptLimits()
        limits.perSecond = 50
        let opened = try await withLoop(limits: limits) { port in
            try (0..<70).map { _ in try RawSocket(port: port) }.count
        }
        #expect(opened == 70)
    }

    @Test func `a port that is taken is a clear error`() async throws {
        let first = EventLoop(LoopConfiguration(host: "127.0.0.1", port: 0, subprotocols: [], maximumMessageBytes: 1000))
        let port = try first.start(handler: TestHandler(loop: first, responder: Responder(loop: first)))
        let second = EventLoop(LoopConfiguration(host: "127.0.0.1", port: port, subprotocols: [], maximumMessageBytes: 1000))
        let error = #expect(throws: LoopError.self) {
            try second.start(handler: TestHandler(loop: second, responder: Responder(loop: second)))
        }
        #expect(error?.description.contains("port \(port)") == true)
        await first.stop()
    }
}
