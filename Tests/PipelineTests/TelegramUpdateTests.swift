// What comes from chats: the calls that fetch it, and what is read from it.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

@Suite("Telegram updates", .mustEnd)
struct TelegramUpdateTests {
    private let server: BotAPIServer
    private let client: TelegramClient

    private static let message =
        #"{"update_id":7,"message":{"message_id":1,"date":1,"chat":{"id":-1001234567890,"type":"group"},"from":{"id":3,"username":"someone"},"text":"/start abc"}}"#
    private static let callback =
        #"{"update_id":8,"callback_query":{"id":"4382bfdwdsb323b2d9","from":{"id":3,"is_bot":false,"first_name":"S","username":"someone"},"message":{"message_id":55,"date":0,"chat":{"id":99,"type":"private"}},"chat_instance":"1","data":"s10:x"}}"#
    private static let blocked =
        #"{"update_id":9,"my_chat_member":{"chat":{"id":99,"type":"private"},"from":{"id":99},"date":1,"old_chat_member":{"status":"member"},"new_chat_member":{"user":{"id":4711,"is_bot":true},"status":"kicked","until_date":0}}}"#

    init() throws {
        server = try BotAPIServer()
        client = TelegramClient(http: HTTPClient(threads: 1), token: Secret(BotAPIServer.token), baseURL: server.baseURL)
    }

    private func read(_ json: String) throws -> TelegramUpdate { try JSONDecoder().decode(TelegramUpdate.self, from: Data(json.utf8)) }

    @Test("Updates are fetched, those of another form without their parts")
    func updates() async throws {
        server.push(update: 7, #""message":{"chat":{"id":5},"text":"/start abc"}"#)
        server.push(update: 8, #""edited_message":{}"#)
        server.push(update: 9, #""message":{"chat":"what"}"#)
        let updates = try await client.getUpdates(offset: nil)
        #expect(updates.map(\.id) == [7, 8, 9])
        #expect(updates[0].chat == "5" && updates[0].linkToken == "abc")
        #expect(updates[1].content == nil && updates[2].content == nil)
        #expect(server.calls("getUpdates").first?.fields == ["timeout": "0", "allowed_updates": "message,callback_query,my_chat_member"])
        #expect(try await client.getUpdates(offset: 9, waitingSeconds: 2).map(\.id) == [9])
        #expect(server.calls("getUpdates").last?.fields["timeout"] == "2")
    }

    @Test("One unreadable update does not hide the others")
    func unreadableUpdate() async throws {
        server.script("getUpdates", .raw(status: 200, #"{"ok":true,"result":[5,{"update_id":"x"},null,{"update_id":6}]}"#))
        #expect(try await client.getUpdates(offset: nil).map(\.id) == [6])
    }

    @Test("A webhook excludes fetching until it is deleted")
    func webhook() async throws {
        try await client.setWebhook(url: "https://hub.example/hook", secretToken: Secret("s3cret"))
        #expect(
            server.calls("setWebhook").first?.fields == [
                "url": "https://hub.example/hook", "secret_token": "s3cret", "allowed_updates": "message,callback_query,my_chat_member",
            ])
        await #expect(throws: TelegramError.conflict) { try await client.getUpdates(offset: nil) }
        server.script(
            "getWebhookInfo",
            .raw(status: 200, #"{"ok":true,"result":{"url":"https://hub.example/hook","pending_update_count":3,"last_error_message":"Connection timed out"}}"#),
            .raw(status: 200, #"{"ok":true,"result":{"url":""}}"#))
        let info = try await client.getWebhookInfo()
        #expect(info.url == "https://hub.example/hook" && info.pendingUpdates == 3 && info.lastError == "Connection timed out")
        try await client.deleteWebhook()
        #expect(server.calls("deleteWebhook").first?.fields == ["drop_pending_updates": "false"])
        #expect(try await client.getWebhookInfo().url == nil)
        #expect(try await client.getUpdates(offset: nil).isEmpty)
    }

    @Test("A press of a button is answered")
    func answer() async throws {
        try await client.answerCallbackQuery("q1")
        try await client.answerCallbackQuery("q2", text: String(repeating: "a", count: 300), showsAlert: true)
        let calls = server.calls("answerCallbackQuery").map(\.fields)
        #expect(calls.first == ["callback_query_id": "q1"])
        #expect(calls.last == ["callback_query_id": "q2", "text": String(repeating: "a", count: 199) + "…", "show_alert": "true"])
        server.script("answerCallbackQuery", .error(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"))
        let error = try await #require(throws: TelegramError.self) { try await client.answerCallbackQuery("q1") }
        #expect(!error.isRetryable && !error.isOutcomeUnknown)
    }

    @Test("Messages, presses and departures are told apart")
    func contents() throws {
        let message = try read(Self.message)
        #expect(message.content == .message(TelegramUpdate.Message(chat: "-1001234567890", text: "/start abc", username: "someone")))
        #expect(message.chat == "-1001234567890" && message.username == "someone" && message.linkToken == "abc")
        let press = try read(Self.callback)
        #expect(
            press.content
                == .callback(.init(id: "4382bfdwdsb323b2d9", username: "someone", chat: "99", messageID: "55", data: "s10:x")))
        #expect(press.chat == "99" && press.username == "someone" && press.text == nil && press.linkToken == nil)
        #expect(try read(Self.blocked).content == .membershipEnded(chat: "99"))
        #expect(try read(Self.blocked.replacing("kicked", with: "left")).content == .membershipEnded(chat: "99"))
        #expect(try read(Self.blocked.replacing("kicked", with: "member")).content == nil)
    }

    @Test(
        "Parts of another form are missing, and take no others with them",
        arguments: [
            (#""message":{"chat":{"id":5},"text":6,"from":7}"#, TelegramUpdate.Content.message(.init(chat: "5"))),
            (#""message":{"chat":{"id":5},"from":{"id":1}}"#, .message(.init(chat: "5"))), (#""message":{"chat":{"id":1e30},"text":"a"}"#, nil),
            (#""message":{"text":"a"}"#, nil), (#""callback_query":{"id":"a"}"#, .callback(.init(id: "a"))),
            (#""callback_query":{"id":"a","data":null,"message":[],"from":{"username":5}}"#, .callback(.init(id: "a"))),
            (#""callback_query":{"id":"a","message":{"message_id":"5","chat":{"id":5}}}"#, .callback(.init(id: "a", chat: "5"))),
            (#""callback_query":{"id":5,"data":"x"}"#, nil), (#""my_chat_member":{"chat":{"id":5}}"#, nil),
            (#""my_chat_member":{"chat":{},"new_chat_member":{"status":"left"}}"#, nil),
        ] as [(String, TelegramUpdate.Content?)])
    func parts(json: String, content: TelegramUpdate.Content?) throws {
        #expect(try read("{\"update_id\":1,\(json)}").content == content)
    }

    @Test("Noise is refused or read, and ends nothing", arguments: [1, 2, 3] as [UInt64])
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let values = ["null", "5", "-1e400", "9223372036854775808", "\"\"", "\"\\ud800\"", "[]", "{}", "[[[[", "true", "{\"id\":0.5}", "\u{0}"]
        var read = 0
        for round in 0..<3000 {
            var bytes = Array([Self.message, Self.callback, Self.blocked][round % 3].utf8)
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let position = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = .random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(position..<min(position + Int.random(in: 1..<9, using: &random), bytes.count - 1))
                case 2: bytes.removeLast(min(bytes.count - position, bytes.count - 1))
                // Another value in the place of one, so that the JSON often stays valid.
                default:
                    let start = bytes[position...].firstIndex(of: UInt8(ascii: ":")) ?? position
                    let end = bytes[(start + 1)...].firstIndex { [UInt8(ascii: ","), UInt8(ascii: "}")].contains($0) } ?? bytes.count
                    bytes.replaceSubrange(min(start + 1, end)..<end, with: values.randomElement(using: &random)!.utf8)
                }
            }
            guard let update = try? JSONDecoder().decode(TelegramUpdate.self, from: Data(bytes)) else { continue }
            read += 1
            if let token = update.linkToken { #expect((1...64).contains(token.utf8.count)) }
            if let chat = update.chat { #expect(Int64(chat) != nil) }
        }
        #expect(read > 300)
        let deep = String(repeating: "{\"message\":", count: 20_000)
        #expect((try? JSONDecoder().decode(TelegramUpdate.self, from: Data(deep.utf8))) == nil)
        let closed = "{\"update_id\":1,\"message\":" + String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000) + "}"
        #expect((try? JSONDecoder().decode(TelegramUpdate.self, from: Data(closed.utf8)))?.content == nil)
    }

    @Test(
        "Only the documented forms start a link",
        arguments: [
            ("/start abc_-9", "abc_-9"), ("/start@some_bot abc", "abc"), ("/start", nil), ("/start a b", nil), ("start abc", nil),
            ("/started abc", nil), ("/start a/b", nil), ("/start " + String(repeating: "a", count: 65), nil), ("", nil),
        ] as [(String, String?)])
    func startCommand(text: String, token: String?) {
        #expect(TelegramUpdate(id: 1, content: .message(.init(chat: "1", text: text))).linkToken == token)
    }
}
