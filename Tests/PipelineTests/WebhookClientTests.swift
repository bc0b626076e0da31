// The webhook client against servers on the loopback interface.

import Domain
import Runtime
import TestSupport
import Testing

@testable import Pipeline

/// Keeps what it was sent.
private final class Receiver: Sendable {
    let requests = LockedValue<[LoopbackHTTPServer.Request]>([])
    let http: LoopbackHTTPServer

    init(_ answer: @escaping @Sendable (LoopbackHTTPServer.Request) -> LoopbackHTTPServer.Response) throws {
        let requests = requests
        http = try LoopbackHTTPServer { request in
            requests.withLock { $0.append(request) }
            return answer(request)
        }
    }

    convenience init(status: Int, headers: [String: String] = [:]) throws {
        try self.init { _ in .answer(status: status, headers: headers, body: []) }
    }

    var targets: [String] { requests.withLock { $0.map(\.target) } }
}

@Suite("Webhook client", .timeLimit(.minutes(1)))
struct WebhookClientTests {
    private static let clock = WallClock { 1_794_000_000_000 }
    private let http = HTTPClient(threads: 1)
    private let body = Array(#"{"a":"ü"}"#.utf8)

    private func client(_ url: String, secret: String? = "s3cret", private allowed: Bool = true, timeout: Double = 10) -> WebhookClient {
        WebhookClient(
            http: http, url: Secret(url), secret: secret.map { Secret($0) }, allowsPrivateAddresses: allowed, timeoutSeconds: timeout,
            clock: Self.clock)
    }

    private func send(_ client: WebhookClient) async throws -> Int {
        try await client.send(body: body, deliveryID: "d-1", timestamp: 1_700_000_000_999)
    }

    private func failure(_ client: WebhookClient) async throws -> WebhookError {
        try await #require(throws: WebhookError.self) { _ = try await send(client) }
    }

    @Test("A message is posted with its identity and its signature")
    func message() async throws {
        let receiver = try Receiver(status: 202)
        #expect(try await send(client(receiver.http.baseURL + "/hook?k=v")) == 202)
        let request = try #require(receiver.requests.withLock { $0.first })
        #expect(request.method == "POST" && request.target == "/hook?k=v" && request.body == body)
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["x-ping-watch-webhook-secret"] == "s3cret")
        #expect(request.headers["x-ping-watch-delivery"] == "d-1")
        #expect(request.headers["x-ping-watch-timestamp"] == "1700000000")
        // printf '1700000000.d-1.{"a":"ü"}' | openssl dgst -sha256 -hmac s3cret
        #expect(request.headers["x-ping-watch-signature"] == "sha256=53af2d7df6384133789ec56e9d121379d417f614df91471c0cad84741a80775d")
    }

    @Test("Without a secret nothing is signed", arguments: [nil, ""])
    func unsigned(secret: String?) async throws {
        let receiver = try Receiver(status: 200)
        #expect(try await send(client(receiver.http.baseURL, secret: secret)) == 200)
        let names = try #require(receiver.requests.withLock { $0.first }).headers.keys
        #expect(!names.contains("x-ping-watch-signature") && !names.contains("x-ping-watch-webhook-secret"))
        #expect(names.contains("x-ping-watch-delivery"))
    }

    @Test(
        "Each status is success, or an error that says whether to try again",
        arguments: [
            (200, nil), (201, nil), (204, nil), (299, nil), (300, false), (304, false), (400, false), (401, false), (403, false),
            (404, false), (408, true), (410, false), (413, false), (425, true), (429, true), (500, true), (502, true), (503, true),
            (599, true),
        ] as [(Int, Bool?)])
    func statuses(status: Int, isRetryable: Bool?) async throws {
        let receiver = try Receiver(status: status)
        guard let isRetryable else {
            #expect(try await send(client(receiver.http.baseURL)) == status)
            return
        }
        let error = try await failure(client(receiver.http.baseURL))
        #expect(error == .status(status, retryAfter: nil) && error.statusCode == status && error.isRetryable == isRetryable)
        #expect("\(error)".contains(String(status)))
    }

    @Test("What the other side asks to wait is told", arguments: [("12", 12.0), ("Fri, 06 Nov 2026 21:20:30 GMT", 30), ("soon", nil)] as [(String, Double?)])
    func wait(value: String, seconds: Double?) async throws {
        let receiver = try Receiver(status: 503, headers: ["Retry-After": value])
        #expect(try await failure(client(receiver.http.baseURL)).retryAfter == seconds)
    }

    @Test("A redirect that keeps the method is followed with the same message")
    func redirect() async throws {
        let receiver = try Receiver { request in
            switch request.target {
            case "/a/1": .answer(status: 307, headers: ["Location": "2"], body: [])
            case "/a/2": .answer(status: 308, headers: ["location": "/b?c=d"], body: [])
            default: .answer(status: 200, body: [])
            }
        }
        #expect(try await send(client(receiver.http.baseURL + "/a/1")) == 200)
        let requests = receiver.requests.withLock { $0 }
        #expect(requests.map(\.target) == ["/a/1", "/a/2", "/b?c=d"])
        #expect(requests.allSatisfy { $0.method == "POST" && $0.body == body && $0.headers == requests[0].headers })
    }

    @Test("Three redirects are followed, a fourth is not")
    func manyRedirects() async throws {
        let receiver = try Receiver(status: 307, headers: ["Location": "/again"])
        let error = try await failure(client(receiver.http.baseURL + "/first"))
        #expect(error == .tooManyRedirects(status: 307) && !error.isRetryable && error.statusCode == 307)
        #expect(receiver.targets == ["/first", "/again", "/again", "/again"])
    }

    @Test("A redirect that loses the message is an error", arguments: [301, 302, 303, 307, 308])
    func otherRedirects(status: Int) async throws {
        // 307 and 308 without a place to go.
        let receiver = try Receiver(status: status, headers: status < 304 ? ["Location": "/s3cret"] : ["Location": "http://["])
        let error = try await failure(client(receiver.http.baseURL))
        #expect(error == .redirects(status: status) && !error.isRetryable && receiver.targets.count == 1)
        #expect("\(error)".contains("the webhook redirects; give its final address"))
    }

    @Test("The secret never goes to another origin", arguments: ["other port", "other host", "other scheme", "protocol-relative", "file"])
    func crossOrigin(kind: String) async throws {
        let other = try Receiver(status: 200)
        let port = LockedValue<UInt16>(0)
        let receiver = try Receiver { request in
            let location =
                switch kind {
                case "other port": other.http.baseURL + "/s3cret"
                case "other host": "http://localhost:\(port.withLock { $0 })/"
                case "other scheme": "https://127.0.0.1:\(port.withLock { $0 })/"
                case "protocol-relative": "//127.0.0.1:\(other.http.port)/"
                default: "file://127.0.0.1/etc/hostname"
                }
            return request.target == "/" ? .answer(status: 308, headers: ["Location": location], body: []) : .answer(status: 200, body: [])
        }
        port.withLock { $0 = receiver.http.port }
        let error = try await failure(client(receiver.http.baseURL + "/"))
        #expect(error == .redirectsElsewhere(status: 308) && !error.isRetryable)
        #expect(other.http.accepted == 0 && receiver.targets.count == 1)
    }

    @Test("A redirect to the same place in other words is followed", arguments: ["HTTP://127.0.0.1:PORT/b", "//127.0.0.1:PORT/b", "?b", "./b", "b"])
    func sameOrigin(location: String) async throws {
        let port = LockedValue<UInt16>(0)
        let receiver = try Receiver { request in
            let place = location.split(separator: "PORT", omittingEmptySubsequences: false).joined(separator: "\(port.withLock { $0 })")
            return request.target == "/a" ? .answer(status: 307, headers: ["Location": place], body: []) : .answer(status: 204, body: [])
        }
        port.withLock { $0 = receiver.http.port }
        #expect(try await send(client(receiver.http.baseURL + "/a")) == 204)
    }

    @Test("A private address is refused on the first request")
    func privateAddress() async throws {
        let receiver = try Receiver(status: 200)
        for host in ["127.0.0.1", "localhost"] {
            let error = try await failure(client("http://\(host):\(receiver.http.port)/s3cret", private: false))
            #expect(error == .refusedAddress && !error.isRetryable && error.statusCode == nil)
        }
        #expect(receiver.http.accepted == 0)
    }

    /// As when the name's address changes between two requests.
    @Test("Every hop is checked as the first was")
    func checkedHops() async throws {
        let receiver = try Receiver { request in
            .answer(status: 307, headers: ["Location": request.target + "x", "Connection": "close"], body: [])
        }
        let requests = receiver.requests
        let client = WebhookClient(
            http: http, url: Secret(receiver.http.baseURL + "/"), secret: nil, addressRule: { _ in requests.withLock { $0.count } < 2 })
        #expect(try await failure(client) == .refusedAddress)
        #expect(receiver.targets == ["/", "/x"])
    }

    @Test("No answer is an error that can be tried again, without the address")
    func noAnswer() async throws {
        let receiver = try Receiver { $0.target == "/hang/s3cret" ? .hang : .close }
        #expect(try await failure(client(receiver.http.baseURL + "/hang/s3cret", timeout: 0.2)) == .timedOut)
        let lost = try await failure(client(receiver.http.baseURL + "/s3cret"))
        receiver.http.stop()
        let refused = try await failure(client(receiver.http.baseURL + "/s3cret"))
        for error in [lost, refused] {
            #expect(error.isRetryable && error.statusCode == nil && error.retryAfter == nil)
            #expect(!"\(error) \(String(reflecting: error))".contains("s3cret") && !"\(error)".contains("127.0.0.1"))
        }
    }

    @Test("An address that is none is told in words", arguments: ["", "s3cret", "ftp://example.org/s3cret", "http://", "http://s3cret:x/", "file:///s3cret"])
    func noAddress(url: String) async throws {
        let error = try await failure(client(url))
        #expect(error == .invalid("its address is not an http or https URL") && !error.isRetryable)
    }

    @Test("No header field can be smuggled in")
    func injection() async throws {
        let receiver = try Receiver(status: 200)
        await #expect(throws: WebhookError.self) {
            _ = try await client(receiver.http.baseURL).send(body: body, deliveryID: "a\r\nX-Other: b", timestamp: 0)
        }
        await #expect(throws: WebhookError.self) { _ = try await send(client(receiver.http.baseURL, secret: "a\r\nX-Other: b")) }
        #expect(receiver.http.accepted == 0)
    }

    @Test("A long answer to what was taken is no error")
    func longAnswer() async throws {
        let receiver = try Receiver { _ in .answer(status: 200, body: [UInt8](repeating: 65, count: 1 << 20)) }
        #expect(try await send(client(receiver.http.baseURL)) == 200)
    }

    @Test(
        "Both forms of Retry-After are read, and nothing else",
        arguments: [
            ("0", 0), ("120", 120), (" 120", 120), ("99999999999999999999999", 86_400), ("86401", 86_400),
            ("Fri, 06 Nov 2026 21:20:01 GMT", 1), ("Friday, 06-Nov-26 21:21:00 GMT", 60), ("Fri Nov  6 22:20:00 2026", 3600),
            ("Thu, 05 Nov 2026 21:20:00 GMT", 0), ("Fri, 06 Nov 2099 21:20:00 GMT", 86_400),
            ("", nil), ("-1", nil), ("1.5", nil), ("1e3", nil), ("20261106", 86_400), ("12 s", nil), ("never", nil),
        ] as [(String, Double?)])
    func retryAfter(value: String, seconds: Double?) {
        #expect(WebhookClient.retryAfter(value, now: 1_794_000_000_000) == seconds)
    }

    @Test("Any text is a time to wait within bounds, or none")
    func anyRetryAfter() {
        let pieces = ["Fri", ",", " ", "06", "Nov", "2026", "-", "21:20:00", "GMT", "+0100", "99999999999", "\u{0}", "ü", "\n", "::", "Mon"]
        for seed in 0..<3000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let text = (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            if let seconds = WebhookClient.retryAfter(text, now: 1_794_000_000_000) { #expect((0...86_400).contains(seconds)) }
        }
    }
}
