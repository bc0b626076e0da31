// The Bot API client: what it sends, and what it makes of each answer.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("Telegram client", .timeLimit(.minutes(1)))
struct TelegramClientTests {
    private let server: BotAPIServer
    private let client: TelegramClient

    init() throws {
        server = try BotAPIServer()
        client = TelegramClient(http: HTTPClient(threads: 1), token: Secret(BotAPIServer.token), baseURL: server.baseURL + "/")
    }

    @Test("A video is sent with what players need")
    func video() async throws {
        let folder = try TemporaryFolder()
        let clip = try folder.write([0, 1, 2], as: "clip"), thumbnail = try folder.write([9], as: "thumbnail")
        let id = try await client.sendVideo(
            TelegramClient.Video(path: clip, durationSeconds: 11.2, width: 640, height: 480, thumbnailPath: thumbnail),
            caption: "Hall: movement", to: "-100")
        #expect(id == "101")
        let call = try #require(server.calls("sendVideo").first)
        #expect(
            call.fields == [
                "chat_id": "-100", "caption": "Hall: movement", "supports_streaming": "true", "duration": "12", "width": "640",
                "height": "480",
            ])
        #expect(call.files == ["video": [0, 1, 2], "thumbnail": [9]])
    }

    @Test("Messages, photos and the bot's own name")
    func others() async throws {
        let photo = try TemporaryFolder()
        #expect(try await client.sendMessage("hello", to: "5") == "101")
        #expect(try await client.sendPhoto(path: photo.write([1], as: "p"), caption: "c", to: "5") == "102")
        #expect(try await client.getMe() == "ping_watch_test_bot")
        #expect(server.calls("sendMessage").first?.fields == ["chat_id": "5", "text": "hello"])
    }

    @Test("A text is cut inside no character", arguments: [("a", 1), ("é", 2), ("👩‍👩‍👧‍👦", 11), ("𝄞", 2)])
    func cut(character: String, units: Int) async throws {
        let text = String(repeating: character, count: 2000)
        let cut = cutText(text, toUTF16Units: 1024)
        #expect(cut.utf16.count <= 1024 && cut.utf16.count > 1024 - 12)
        #expect(cut.hasSuffix("…") && cut.dropLast().allSatisfy { String($0) == character })
        let folder = try TemporaryFolder()
        _ = try await client.sendVideo(TelegramClient.Video(path: folder.write([1], as: "v")), caption: text, to: "5")
        #expect(cutText("short", toUTF16Units: 5) == "short")
    }

    @Test(
        "Each failure has its type",
        arguments: [
            (BotAPIServer.Scripted.error(400, "Bad Request: chat not found"), TelegramError.badRequest("Bad Request: chat not found")),
            (.error(401, "Unauthorized"), .unauthorized), (.error(403, "Forbidden: bot was blocked by the user"), .forbidden),
            (.error(404, "Not Found"), .notFound), (.error(409, "Conflict"), .conflict),
            (.error(413, "Request Entity Too Large"), .tooLarge),
            (.error(429, "Too Many Requests", retryAfter: 7), .tooManyRequests(retryAfter: 7)),
            (.error(500, "Internal Server Error"), .server(status: 500)),
            (.raw(status: 502, "<html>Bad Gateway</html>"), .server(status: 502)), (.raw(status: 302, ""), .unexpected(status: 302)),
            (.raw(status: 200, "garbage"), .malformed), (.raw(status: 200, "{\"ok\":true}"), .malformed),
            (.raw(status: 200, "{\"ok\":true,\"result\":{\"message_id\":\"x\"}}"), .malformed),
            (.raw(status: 429, "slow down"), .tooManyRequests(retryAfter: 1)),
        ])
    func failures(answer: BotAPIServer.Scripted, error: TelegramError) async throws {
        server.script("sendMessage", answer)
        await #expect(throws: error) { try await client.sendMessage("x", to: "5") }
    }

    @Test("A connection that is closed, and a server that is not there, are unreachable")
    func unreachable() async throws {
        server.script("getMe", .close)
        let first = try await #require(throws: TelegramError.self) { try await client.getMe() }
        server.stop()
        let second = try await #require(throws: TelegramError.self) { try await client.getMe() }
        for error in [first, second] {
            #expect(error.isRetryable && error.statusCode == nil)
            #expect(!"\(error) \(String(reflecting: error))".contains(BotAPIServer.token))
        }
    }

    @Test("A token of another form stays inside its place in the address")
    func token() async throws {
        let odd = TelegramClient(http: HTTPClient(threads: 1), token: Secret("a/../b?c#d e"), baseURL: server.baseURL)
        await #expect(throws: TelegramError.unauthorized) { try await odd.getMe() }
        #expect(!"\(odd)".contains("a/../b"))
    }

    @Test("Updates are read, those of another form without their parts")
    func updates() async throws {
        server.push(
            update: 7,
            #""message":{"message_id":1,"date":1,"chat":{"id":-1001234567890,"type":"group"},"from":{"id":3,"username":"someone"},"text":"/start abc"}"#)
        server.push(update: 8, #""edited_message":{}"#)
        server.push(update: 9, #""message":{"chat":"what"}"#)
        let updates = try await client.getUpdates(offset: nil)
        #expect(updates.map(\.id) == [7, 8, 9])
        #expect(updates[0].chat == "-1001234567890" && updates[0].username == "someone" && updates[0].linkToken == "abc")
        #expect(updates[1].chat == nil && updates[2].chat == nil)
        #expect(server.calls("getUpdates").first?.fields == ["timeout": "0", "allowed_updates": "message"])
        #expect(try await client.getUpdates(offset: 9).map(\.id) == [9])
    }

    @Test("One unreadable update does not hide the others")
    func unreadableUpdate() async throws {
        server.script("getUpdates", .raw(status: 200, #"{"ok":true,"result":[5,{"update_id":"x"},null,{"update_id":6}]}"#))
        #expect(try await client.getUpdates(offset: nil).map(\.id) == [6])
    }

    @Test(
        "Only the documented forms start a link",
        arguments: [
            ("/start abc_-9", "abc_-9"), ("/start@some_bot abc", "abc"), ("/start", nil), ("/start a b", nil), ("start abc", nil),
            ("/started abc", nil), ("/start a/b", nil), ("/start " + String(repeating: "a", count: 65), nil), ("", nil),
        ] as [(String, String?)])
    func startCommand(text: String, token: String?) {
        #expect(TelegramUpdate(id: 1, chat: "1", text: text, username: nil).linkToken == token)
    }
}
