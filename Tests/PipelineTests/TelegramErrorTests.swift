// What the client makes of each failure, and whether anything may have been done before it.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("Telegram failures", .mustEnd)
struct TelegramErrorTests {
    private let server: BotAPIServer
    private let client: TelegramClient

    init() throws {
        server = try BotAPIServer()
        client = TelegramClient(http: HTTPClient(threads: 1), token: Secret(BotAPIServer.token), baseURL: server.baseURL)
    }

    @Test(
        "Each failure has its type",
        arguments: [
            (BotAPIServer.Scripted.error(400, "Bad Request: wrong file"), TelegramError.badRequest("Bad Request: wrong file")),
            (.error(400, "Bad Request: chat not found"), .chatNotFound), (.error(400, "Bad Request: private chat not found"), .chatNotFound),
            (.error(400, "Bad Request: group chat was upgraded to a supergroup chat", migrateTo: -1_001_234_567_890),
             .chatMigrated(to: "-1001234567890")),
            (.error(400, "Bad Request: message to edit not found"), .messageGone),
            (.error(400, "Bad Request: message can't be edited"), .messageGone), (.error(400, "Bad Request: MESSAGE_ID_INVALID"), .messageGone),
            (.error(401, "Unauthorized"), .unauthorized), (.error(403, "Forbidden: bot was blocked by the user"), .forbidden),
            (.error(404, "Not Found"), .notFound), (.error(409, "Conflict"), .conflict),
            (.error(413, "Request Entity Too Large"), .tooLarge),
            (.error(429, "Too Many Requests", retryAfter: 7), .tooManyRequests(retryAfter: 7)), (.raw(status: 418, ""), .unexpected(status: 418)),
            (.raw(status: 429, "slow down"), .tooManyRequests(retryAfter: 1)), (.raw(status: 400, "<html>"), .badRequest("bad request")),
        ] as [(BotAPIServer.Scripted, TelegramError)])
    func refusals(answer: BotAPIServer.Scripted, error: TelegramError) async throws {
        server.script("sendMessage", answer)
        await #expect(throws: error) { try await client.sendMessage("x", to: "5") }
        #expect(!error.isOutcomeUnknown)
    }

    @Test(
        "After these, Telegram may have done it all the same",
        arguments: [
            (BotAPIServer.Scripted.error(500, "Internal Server Error"), TelegramError.server(status: 500)),
            (.raw(status: 502, "<html>Bad Gateway</html>"), .server(status: 502)), (.raw(status: 302, ""), .unexpected(status: 302)),
            (.raw(status: 200, "garbage"), .malformed), (.raw(status: 200, "{\"ok\":true}"), .malformed),
            (.raw(status: 200, "{\"ok\":true,\"result\":{\"message_id\":\"x\"}}"), .malformed),
            (.raw(status: 200, "{\"ok\":false}"), .unexpected(status: 200)),
        ] as [(BotAPIServer.Scripted, TelegramError)])
    func doubts(answer: BotAPIServer.Scripted, error: TelegramError) async throws {
        server.script("sendMessage", answer)
        await #expect(throws: error) { try await client.sendMessage("x", to: "5") }
        #expect(error.isOutcomeUnknown && error.isRetryable)
    }

    @Test("A connection that breaks, or an answer that does not come, leaves the outcome unknown")
    func lost() async throws {
        let hasty = TelegramClient(
            http: HTTPClient(threads: 1), token: Secret(BotAPIServer.token), baseURL: server.baseURL, timeoutSeconds: 0.3)
        for trouble in [BotAPIServer.Scripted.close, .hang] {
            server.script("sendMessage", trouble)
            let error = try await #require(throws: TelegramError.self) { try await hasty.sendMessage("x", to: "5") }
            #expect({ if case .unreachable = error { true } else { false } }(), "\(error)")
            #expect(error.isOutcomeUnknown && error.isRetryable && error.statusCode == nil)
            #expect(!"\(error) \(String(reflecting: error))".contains(BotAPIServer.token))
        }
    }

    @Test("A message is not sent a second time behind the caller's back")
    func silentRepetition() async throws {
        _ = try await client.sendMessage("first", to: "5")
        server.script("sendMessage", .close)
        let result = await Task { try await client.sendMessage("second", to: "5") }.result
        // libcurl repeats a request by itself when a connection that was used before closes without an answer. CURLOPT_FRESH_CONNECT(3)
        // in CurlEasy keeps it from that.
        #expect(server.calls.compactMap { $0.fields["text"] } == ["first", "second"])
        #expect(throws: TelegramError.self) { try result.get() }
    }

    @Test("Without a connection or a file it is certain that nothing was sent")
    func notSent() async throws {
        let noFile = try await #require(throws: TelegramError.self) {
            try await client.sendVideo(TelegramClient.Video(path: "/nowhere/at/all"), caption: "", to: "5")
        }
        server.stop()
        let noServer = try await #require(throws: TelegramError.self) { try await client.sendMessage("x", to: "5") }
        for error in [noFile, noServer] {
            #expect({ if case .notSent = error { true } else { false } }(), "\(error)")
            #expect(!error.isOutcomeUnknown && error.isRetryable && error.statusCode == nil)
            #expect(!"\(error) \(String(reflecting: error))".contains(BotAPIServer.token))
        }
        #expect(server.calls.isEmpty)
    }

    @Test("Neither the token nor a chat is in the words")
    func words() async throws {
        server.script(
            "sendMessage",
            .error(400, "Bad Request: chat -1001234567890 of bot\(BotAPIServer.token) can't open http://hub/private now"))
        let error = try await #require(throws: TelegramError.self) { try await client.sendMessage("x", to: "5") }
        #expect(error == .badRequest("Bad Request: chat … of … can't open … now"))
        let migrated = TelegramError.chatMigrated(to: "-100123")
        #expect(!"\(migrated) \(String(reflecting: migrated))".contains("100"))
    }
}
