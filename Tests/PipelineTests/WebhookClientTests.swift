// The webhook client against servers on the loopback interface.

import Domain
import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("Webhook client", .mustEnd)
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
        let receiver = try WebhookReceiver(status: 202)
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
        let receiver = try WebhookReceiver(status: 200)
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
        let receiver = try WebhookReceiver(status: status)
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
        let receiver = try WebhookReceiver(status: 503, headers: ["Retry-After": value])
        #expect(try await failure(client(receiver.http.baseURL)).retryAfter == seconds)
    }

    @Test("A private address is refused on the first request")
    func privateAddress() async throws {
        let receiver = try WebhookReceiver(status: 200)
        for host in ["127.0.0.1", "localhost"] {
            let error = try await failure(client("http://\(host):\(receiver.http.port)/s3cret", private: false))
            #expect(error == .refusedAddress && !error.isRetryable && error.statusCode == nil)
        }
        #expect(receiver.http.accepted == 0)
    }

    @Test("No answer is an error that can be tried again, without the address")
    func noAnswer() async throws {
        let receiver = try WebhookReceiver { $0.target == "/hang/s3cret" ? .hang : .close }
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
        let receiver = try WebhookReceiver(status: 200)
        await #expect(throws: WebhookError.self) {
            _ = try await client(receiver.http.baseURL).send(body: body, deliveryID: "a\r\nX-Other: b", timestamp: 0)
        }
        await #expect(throws: WebhookError.self) { _ = try await send(client(receiver.http.baseURL, secret: "a\r\nX-Other: b")) }
        #expect(receiver.http.accepted == 0)
    }

    @Test("A long answer to what was taken is no error")
    func longAnswer() async throws {
        let receiver = try WebhookReceiver { _ in .answer(status: 200, body: [UInt8](repeating: 65, count: 1 << 20)) }
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
