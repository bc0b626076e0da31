// The Bot API client: what it sends, and what it makes of each answer.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("Telegram client", .mustEnd)
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
        #expect(server.calls("sendPhoto").first?.fields == ["chat_id": "5", "caption": "c"])
    }

    @Test("Whatever is sent may carry buttons, come silently, and answer a message")
    func extras() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([1], as: "f")
        let keyboard = try TelegramKeyboard(rows: [
            [#require(.callback("10 min", data: "s10:x")), #require(.callback("\"Nothing\" there", data: "fa:x"))], [],
            [#require(.url("Clip", address: "https://hub.example/e/1"))],
        ])
        _ = try await client.sendMessage("hello", to: "5", keyboard: keyboard, silently: true, replyingTo: "77")
        _ = try await client.sendPhoto(path: file, caption: "c", to: "5", keyboard: keyboard, silently: true, replyingTo: "77")
        _ = try await client.sendVideo(TelegramClient.Video(path: file), caption: "c", to: "5", keyboard: keyboard, silently: true, replyingTo: "77")
        let markup =
            #"{"inline_keyboard":[[{"callback_data":"s10:x","text":"10 min"},{"callback_data":"fa:x","text":"\"Nothing\" there"}],[{"text":"Clip","url":"https://hub.example/e/1"}]]}"#
        for call in server.calls {
            #expect(try sorted(call.fields["reply_markup"]) == markup)
            #expect(call.fields["disable_notification"] == "true")
            #expect(try sorted(call.fields["reply_parameters"]) == #"{"allow_sending_without_reply":true,"message_id":77}"#)
        }
        #expect(server.calls.count == 3)
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

    @Test("A token of another form stays inside its place in the address")
    func token() async throws {
        let odd = TelegramClient(http: HTTPClient(threads: 1), token: Secret("a/../b?c#d e"), baseURL: server.baseURL)
        await #expect(throws: TelegramError.unauthorized) { try await odd.getMe() }
        #expect(!"\(odd)".contains("a/../b"))
    }
}
