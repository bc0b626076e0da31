// Changing messages, and the buttons under them.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

@Suite("Telegram editing", .mustEnd)
struct TelegramEditingTests {
    private let server: BotAPIServer
    private let client: TelegramClient
    private let keyboard: TelegramKeyboard
    private let markup = #"{"inline_keyboard":[[{"callback_data":"fa:x","text":"No"}]]}"#

    init() throws {
        server = try BotAPIServer()
        client = TelegramClient(http: HTTPClient(threads: 1), token: Secret(BotAPIServer.token), baseURL: server.baseURL)
        keyboard = try TelegramKeyboard(rows: [[#require(.callback("No", data: "fa:x"))]])
    }

    @Test("A video takes the place of what was there")
    func media() async throws {
        let folder = try TemporaryFolder()
        let clip = try folder.write([0, 1, 2], as: "clip"), thumbnail = try folder.write([9], as: "thumbnail")
        try await client.editMessageMedia(
            chat: "-100", messageID: "7",
            video: TelegramClient.Video(path: clip, durationSeconds: 11.2, width: 640, height: 480, thumbnailPath: thumbnail),
            caption: "Hall: a person", keyboard: keyboard)
        let call = try #require(server.calls("editMessageMedia").first)
        #expect(call.files == ["video": [0, 1, 2], "thumbnail": [9]])
        #expect(call.fields["chat_id"] == "-100" && call.fields["message_id"] == "7" && call.fields.count == 4)
        #expect(try sorted(call.fields["reply_markup"]) == markup)
        #expect(
            try sorted(call.fields["media"])
                == #"{"caption":"Hall: a person","duration":12,"height":480,"media":"attach://video","supports_streaming":true,"thumbnail":"attach://thumbnail","type":"video","width":640}"#)
    }

    @Test("A video without more is only that")
    func plainMedia() async throws {
        let folder = try TemporaryFolder()
        try await client.editMessageMedia(
            chat: "5", messageID: "7", video: TelegramClient.Video(path: folder.write([1], as: "v")), caption: String(repeating: "é", count: 2000))
        let call = try #require(server.calls("editMessageMedia").first)
        let caption = String(repeating: "é", count: 1023) + "…"
        #expect(try sorted(call.fields["media"]) == #"{"caption":"\#(caption)","media":"attach://video","supports_streaming":true,"type":"video"}"#)
        #expect(call.files == ["video": [1]] && call.fields["reply_markup"] == nil)
    }

    @Test("Captions, texts and buttons are changed by themselves")
    func others() async throws {
        try await client.editMessageCaption(chat: "5", messageID: "7", caption: "c", keyboard: keyboard)
        try await client.editMessageText(chat: "5", messageID: "7", text: "t")
        try await client.editMessageReplyMarkup(chat: "5", messageID: "7", keyboard: nil)
        #expect(
            server.calls("editMessageCaption").first?.fields == ["chat_id": "5", "message_id": "7", "caption": "c", "reply_markup": markup])
        #expect(server.calls("editMessageText").first?.fields == ["chat_id": "5", "message_id": "7", "text": "t"])
        #expect(server.calls("editMessageReplyMarkup").first?.fields == ["chat_id": "5", "message_id": "7"])
    }

    @Test("What is as it was to be has succeeded; what is gone is told")
    func outcomes() async throws {
        let same = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
        let file = try TemporaryFolder()
        let video = try TelegramClient.Video(path: file.write([1], as: "v"))
        for (method, edit) in [
            ("editMessageMedia", { try await client.editMessageMedia(chat: "5", messageID: "7", video: video, caption: "") }),
            ("editMessageCaption", { try await client.editMessageCaption(chat: "5", messageID: "7", caption: "") }),
            ("editMessageText", { try await client.editMessageText(chat: "5", messageID: "7", text: "t") }),
            ("editMessageReplyMarkup", { try await client.editMessageReplyMarkup(chat: "5", messageID: "7", keyboard: nil) }),
        ] as [(String, () async throws -> Void)] {
            server.script(method, .error(400, same), .error(400, "Bad Request: message to edit not found"), .error(403, "Forbidden"))
            try await edit()
            await #expect(throws: TelegramError.messageGone) { try await edit() }
            await #expect(throws: TelegramError.forbidden) { try await edit() }
        }
        server.script("sendMessage", .error(400, same))
        await #expect(throws: TelegramError.self, "nothing was sent") { try await client.sendMessage("x", to: "5") }
    }

    @Test(
        "Only buttons that Telegram takes can be made",
        arguments: [
            ("https://hub.example/e/1?t=a#b", true), ("http://192.168.1.5:8000/", true), ("HTTPS://hub.example", true), ("http://[::1]:8000/", true),
            ("http://localhost:8000/", false), ("http://hub/", false), ("hub.example", false), ("ftp://hub.example/", false), ("", false),
            ("https://", false), ("https:/hub.example", false), ("https://hub .example", false), ("https://hub.example/\n", false),
            ("https://.example/", false), ("https://a..b/", false), ("https://a@b.example/", false), ("https://hub.example/é", false),
            ("javascript://hub.example/", false),
        ])
    func addresses(address: String, isGood: Bool) {
        #expect((TelegramKeyboard.Button.url("Open", address: address) != nil) == isGood)
    }

    @Test("Data is counted in bytes")
    func data() {
        #expect(TelegramKeyboard.Button.callback("x", data: String(repeating: "a", count: 64)) != nil)
        #expect(TelegramKeyboard.Button.callback("x", data: String(repeating: "a", count: 65)) == nil)
        #expect(TelegramKeyboard.Button.callback("x", data: String(repeating: "é", count: 33)) == nil)
        #expect(TelegramKeyboard.Button.callback("x", data: "") == nil)
        #expect(TelegramKeyboard.Button.callback("", data: "x") == nil && TelegramKeyboard.Button.url("", address: "https://a.b") == nil)
    }
}

/// JSON text with its keys in order.
func sorted(_ json: String?) throws -> String {
    try JSONDecoder().decode(JSONValue.self, from: Data(try #require(json).utf8)).json
}
