// The HTTP client against a server on the loopback interface.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("HTTP client", .mustEnd)
struct HTTPClientTests {
    private let client = HTTPClient(threads: 2)

    /// Answers with what it got: method, content type and body.
    private func echo() throws -> LoopbackHTTPServer {
        try LoopbackHTTPServer { request in
            .answer(status: 200, body: Array("\(request.method) \(request.target) \(request.headers["x-test"] ?? "-")\n".utf8) + request.body)
        }
    }

    @Test("Each method and body arrives as it was sent", arguments: [HTTPClientRequest.Method.get, .post, .put, .delete])
    func methods(method: HTTPClientRequest.Method) async throws {
        let server = try echo()
        let body: HTTPClientRequest.Body = method == .get || method == .delete ? .none : .bytes([1, 2, 0, 255])
        let response = try await client.send(
            HTTPClientRequest(method, url: Secret(server.baseURL + "/a?b=c"), headers: [("X-Test", "yes")], body: body))
        #expect(response.status == 200)
        let expected = Array("\(method.rawValue) /a?b=c yes\n".utf8) + (method == .get || method == .delete ? [] : [1, 2, 0, 255])
        #expect(response.body == expected)
    }

    @Test("A form streams its files from disk")
    func multipart() async throws {
        let folder = try TemporaryFolder()
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let path = try folder.write(content, as: "video.bin")
        let server = try BotAPIServer()
        let response = try await client.send(
            HTTPClientRequest(
                .post, url: Secret("\(server.baseURL)/bot\(BotAPIServer.token)/sendVideo"),
                body: .multipart([
                    HTTPClientRequest.Part(name: "chat_id", text: "5"), HTTPClientRequest.Part(name: "caption", text: "größer\r\n\"x\""),
                    HTTPClientRequest.Part(name: "empty", text: ""),
                    HTTPClientRequest.Part(name: "video", content: .file(path: path), filename: "clip.mp4", type: "video/mp4"),
                ])))
        #expect(response.status == 200)
        let call = try #require(server.calls.first)
        #expect(call.files["video"] == content)
        #expect(call.fields == ["chat_id": "5", "caption": "größer\r\n\"x\"", "empty": ""])
    }

    @Test("A connection is used again, and one is kept for each request that may be on its way")
    func keptConnections() async throws {
        let client = HTTPClient(threads: 1)
        let servers = try [echo(), echo(), echo()]
        for server in servers {
            for _ in 0..<2 { _ = try await client.send(HTTPClientRequest(.get, url: Secret(server.baseURL))) }
        }
        #expect(servers.map(\.accepted) == [1, 1, 1])
        while servers[0].open + servers[1].open > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(servers[2].open == 1)
    }

    @Test("Redirects are answers, not orders")
    func redirect() async throws {
        let counter = Counter()
        let server = try LoopbackHTTPServer { _ in
            counter.count.withLock { $0 += 1 }
            return .answer(status: 302, headers: ["Location": "/elsewhere"], body: [])
        }
        #expect(try await client.send(HTTPClientRequest(.get, url: Secret(server.baseURL))).status == 302)
        #expect(counter.count.withLock { $0 } == 1)
    }

    @Test("Failures are told without the address", arguments: ["file:///etc/hostname", "ftp://127.0.0.1/s3cret", "not a url/s3cret", "http://127.0.0.1:1/s3cret"])
    func failures(url: String) async throws {
        let error = try await #require(throws: HTTPClientError.self) { try await client.send(HTTPClientRequest(.get, url: Secret(url))) }
        #expect(!"\(error)".contains("s3cret") && !"\(error)".contains("127.0.0.1"))
        #expect(!String(reflecting: error).contains("s3cret"))
    }

    @Test("A missing file, a long answer, a lost connection and a late answer each have their error")
    func errors() async throws {
        let server = try LoopbackHTTPServer { request in
            switch request.target {
            case "/long": .answer(status: 200, body: [UInt8](repeating: 65, count: 5000))
            case "/hang": .hang
            default: .close
            }
        }
        func send(_ path: String, body: HTTPClientRequest.Body = .none, timeout: Double = 10) async throws {
            _ = try await client.send(
                HTTPClientRequest(
                    .post, url: Secret(server.baseURL + path), body: body, timeoutSeconds: timeout, maximumResponseBytes: 1000))
        }
        await #expect(throws: HTTPClientError.responseTooLarge) { try await send("/long") }
        await #expect(throws: HTTPClientError.timedOut) { try await send("/hang", timeout: 0.2) }
        await #expect(throws: HTTPClientError.unreadableFile) {
            try await send("/", body: .multipart([HTTPClientRequest.Part(name: "f", content: .file(path: "/nowhere/at/all"))]))
        }
        await #expect(throws: HTTPClientError.invalidRequest("a header field holds control characters")) {
            _ = try await client.send(HTTPClientRequest(.get, url: Secret(server.baseURL), headers: [("a", "b\r\nc: d")]))
        }
        let error = try await #require(throws: HTTPClientError.self) { try await send("/close") }
        guard case .unreachable = error else {
            Issue.record("not .unreachable: \(error)")
            return
        }
    }

    @Test("A cancelled task does not wait for its answer")
    func cancellation() async throws {
        let server = try BotAPIServer()
        server.script("getMe", .hang)
        let url = Secret("\(server.baseURL)/bot\(BotAPIServer.token)/getMe")
        let task = Task { try await client.send(HTTPClientRequest(.get, url: url, timeoutSeconds: 50)) }
        await server.wait { !$0.isEmpty }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A quick request does not queue behind a slow one")
    func lanes() async throws {
        let server = try BotAPIServer()
        server.script("sendMessage", .hang)
        let base = "\(server.baseURL)/bot\(BotAPIServer.token)"
        let slow = Task { try await client.send(HTTPClientRequest(.get, url: Secret(base + "/sendMessage"), timeoutSeconds: 50)) }
        await server.wait { !$0.isEmpty }
        for _ in 0..<4 { #expect(try await client.send(HTTPClientRequest(.get, url: Secret(base + "/getMe"))).status == 200) }
        slow.cancel()
        _ = await slow.result
    }
}

private final class Counter: Sendable {
    let count = LockedValue(0)
}
