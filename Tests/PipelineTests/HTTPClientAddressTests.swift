// Which addresses the HTTP client connects to, and what it tells of an answer.

import Domain
import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("HTTP client's addresses", .mustEnd)
struct HTTPClientAddressTests {
    private let client = HTTPClient(threads: 1)
    private let server: LoopbackHTTPServer

    init() throws {
        server = try LoopbackHTTPServer { request in
            let headers = ["Retry-After": "7", "x-MIXED": "a: b", "Empty": ""]
            return .answer(status: 200, headers: headers, body: [UInt8](repeating: 65, count: request.target == "/long" ? 100_000 : 1))
        }
    }

    private func send(_ url: String, cuts: Bool = false, rule: (@Sendable ([UInt8]) -> Bool)?) async throws -> HTTPClientResponse {
        try await client.send(
            HTTPClientRequest(.get, url: Secret(url), maximumResponseBytes: 1000, cutsLongResponse: cuts, addressRule: rule))
    }

    /// Spellings of 127.0.0.1 that a check of the text might miss.
    @Test(
        "An address is refused however it is written, before anything is sent",
        arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"])
    func refused(host: String) async throws {
        let error = try await #require(throws: HTTPClientError.self) {
            _ = try await send("http://\(host):\(server.port)/", rule: { isPublicAddress($0) })
        }
        #expect(error == .refusedAddress)
        #expect(!"\(error)".contains(host))
        #expect(server.accepted == 0)
    }

    @Test("The rule is asked for the socket and for the connection that is used")
    func asked() async throws {
        let asked = LockedValue<[[UInt8]]>([])
        let rule: @Sendable ([UInt8]) -> Bool = { address in
            asked.withLock { $0.append(address) }
            return true
        }
        _ = try await send(server.baseURL, rule: rule)
        #expect(asked.withLock { $0 } == [[127, 0, 0, 1], [127, 0, 0, 1]])
        _ = try await send(server.baseURL, rule: rule)
        #expect(asked.withLock { $0 }.count == 3 && server.accepted == 1)
    }

    @Test("A connection kept from a request without a rule is no way around it")
    func kept() async throws {
        #expect(try await send(server.baseURL, rule: nil).status == 200)
        await #expect(throws: HTTPClientError.refusedAddress) { _ = try await send(server.baseURL, rule: { isPublicAddress($0) }) }
        #expect(try await send(server.baseURL, rule: nil).status == 200)
    }

    /// As with a name server that gives another address for every look-up.
    @Test("An address that is allowed once does not stay allowed")
    func rebinding() async throws {
        let count = LockedValue(0)
        let rule: @Sendable ([UInt8]) -> Bool = { _ in
            count.withLock { count in
                count += 1
                return count == 1
            }
        }
        await #expect(throws: HTTPClientError.refusedAddress) { _ = try await send(server.baseURL, rule: rule) }
        #expect(count.withLock { $0 } == 2)
    }

    @Test("A failure on an allowed address is told as what it is")
    func unreachable() async throws {
        let error = try await #require(throws: HTTPClientError.self) { _ = try await send("http://127.0.0.1:1/", rule: { _ in true }) }
        guard case .notConnected = error else {
            Issue.record("not .notConnected: \(error)")
            return
        }
    }

    @Test("Header fields of an answer are read, in upper and lower case alike")
    func headers() async throws {
        let response = try await send(server.baseURL, rule: nil)
        #expect(response.header("retry-after") == "7" && response.header("RETRY-AFTER") == "7")
        #expect(response.header("X-Mixed") == "a: b")
        #expect(response.header("empty") == "")
        #expect(response.header("absent") == nil)
    }

    @Test("A long answer is cut if that was asked for")
    func cut() async throws {
        let response = try await send(server.baseURL + "/long", cuts: true, rule: nil)
        #expect(response.status == 200 && response.body.count == 1000 && response.header("Retry-After") == "7")
        await #expect(throws: HTTPClientError.responseTooLarge) { _ = try await send(server.baseURL + "/long", rule: nil) }
    }
}
