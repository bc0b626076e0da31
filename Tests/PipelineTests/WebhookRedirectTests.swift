// The webhook client where it is sent elsewhere.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("Webhook redirects", .mustEnd)
struct WebhookRedirectTests {
    private let http = HTTPClient(threads: 1)
    private let body = Array(#"{"a":"ü"}"#.utf8)

    private func client(_ url: String) -> WebhookClient {
        WebhookClient(http: http, url: Secret(url), secret: Secret("s3cret"), allowsPrivateAddresses: true)
    }

    private func send(_ client: WebhookClient) async throws -> Int {
        try await client.send(body: body, deliveryID: "d-1", timestamp: 1_700_000_000_999)
    }

    private func failure(_ client: WebhookClient) async throws -> WebhookError {
        try await #require(throws: WebhookError.self) { _ = try await send(client) }
    }

    @Test("A redirect that keeps the method is followed with the same message")
    func redirect() async throws {
        let receiver = try WebhookReceiver { request in
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
        let receiver = try WebhookReceiver(status: 307, headers: ["Location": "/again"])
        let error = try await failure(client(receiver.http.baseURL + "/first"))
        #expect(error == .tooManyRedirects(status: 307) && !error.isRetryable && error.statusCode == 307)
        #expect(receiver.targets == ["/first", "/again", "/again", "/again"])
    }

    @Test("A redirect that loses the message is an error", arguments: [301, 302, 303, 307, 308])
    func otherRedirects(status: Int) async throws {
        // 307 and 308 without a place to go.
        let receiver = try WebhookReceiver(status: status, headers: status < 304 ? ["Location": "/s3cret"] : ["Location": "http://["])
        let error = try await failure(client(receiver.http.baseURL))
        #expect(error == .redirects(status: status) && !error.isRetryable && receiver.targets.count == 1)
        #expect("\(error)".contains("the webhook redirects; give its final address"))
    }

    @Test("The secret never goes to another origin", arguments: ["other port", "other host", "other scheme", "protocol-relative", "file"])
    func crossOrigin(kind: String) async throws {
        let other = try WebhookReceiver(status: 200)
        let port = LockedValue<UInt16>(0)
        let receiver = try WebhookReceiver { request in
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
        let receiver = try WebhookReceiver { request in
            let place = location.split(separator: "PORT", omittingEmptySubsequences: false).joined(separator: "\(port.withLock { $0 })")
            return request.target == "/a" ? .answer(status: 307, headers: ["Location": place], body: []) : .answer(status: 204, body: [])
        }
        port.withLock { $0 = receiver.http.port }
        #expect(try await send(client(receiver.http.baseURL + "/a")) == 204)
    }

    /// As when the name's address changes between two requests.
    @Test("Every hop is checked as the first was")
    func checkedHops() async throws {
        let receiver = try WebhookReceiver { request in
            .answer(status: 307, headers: ["Location": request.target + "x", "Connection": "close"], body: [])
        }
        let requests = receiver.requests
        let client = WebhookClient(
            http: http, url: Secret(receiver.http.baseURL + "/"), secret: nil, addressRule: { _ in requests.withLock { $0.count } < 2 })
        #expect(try await failure(client) == .refusedAddress)
        #expect(receiver.targets == ["/", "/x"])
    }
}
