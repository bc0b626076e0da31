// Changing messages that were sent.

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

// An edit without a keyboard takes away the one that the message has: so the Bot API has it. An edit that finds everything as it is to
// be has succeeded, though Telegram calls it an error. A message that cannot be edited any more is `TelegramError.messageGone`.
extension TelegramClient {
    /// `editMessageMedia`: puts a video in the place of the message's photo or video, with a caption of its own.
    ///
    /// - Parameters:
    ///   - messageID: as the method that sent it returned it.
    ///   - keyboard: the buttons that the message has from now on; `nil` for none.
    public func editMessageMedia(
        chat: String, messageID: String, video: Video, caption: String, keyboard: TelegramKeyboard? = nil
    ) async throws {
        struct Media: Encodable {
            let type = "video"
            let media = "attach://video"
            let thumbnail: String?
            let caption: String
            let duration: Int?
            let width: Int?
            let height: Int?
            let supports_streaming = true
        }
        let media = Media(
            thumbnail: video.thumbnailPath.map { _ in "attach://thumbnail" }, caption: cutText(caption, toUTF16Units: Self.maximumCaption),
            duration: video.duration, width: video.width, height: video.height)
        var parts = [
            HTTPClientRequest.Part(name: "chat_id", text: chat), HTTPClientRequest.Part(name: "message_id", text: messageID),
            try HTTPClientRequest.Part(name: "media", json: media),
        ]
        if let keyboard { parts.append(try HTTPClientRequest.Part(name: "reply_markup", json: keyboard)) }
        let form = parts + video.files
        try await edit { try await call("editMessageMedia", .multipart(form), uploading: fileSize(video.path)) }
    }

    /// `editMessageCaption`, of a message with a photo or video.
    ///
    /// - Parameter keyboard: the buttons that the message has from now on; `nil` for none.
    public func editMessageCaption(chat: String, messageID: String, caption: String, keyboard: TelegramKeyboard? = nil) async throws {
        let cut = cutText(caption, toUTF16Units: Self.maximumCaption)
        let body = Edit(chat_id: chat, message_id: messageID, caption: cut, reply_markup: keyboard)
        try await edit { try await call("editMessageCaption", json: body) }
    }

    /// `editMessageText`, of a message that is plain text.
    ///
    /// - Parameter keyboard: the buttons that the message has from now on; `nil` for none.
    public func editMessageText(chat: String, messageID: String, text: String, keyboard: TelegramKeyboard? = nil) async throws {
        let cut = cutText(text, toUTF16Units: Self.maximumText)
        let body = Edit(chat_id: chat, message_id: messageID, text: cut, reply_markup: keyboard)
        try await edit { try await call("editMessageText", json: body) }
    }

    /// `editMessageReplyMarkup`: other buttons under any message.
    ///
    /// - Parameter keyboard: the buttons that the message has from now on; `nil` for none.
    public func editMessageReplyMarkup(chat: String, messageID: String, keyboard: TelegramKeyboard?) async throws {
        let body = Edit(chat_id: chat, message_id: messageID, reply_markup: keyboard)
        try await edit { try await call("editMessageReplyMarkup", json: body) }
    }

    private struct Edit: Encodable {
        let chat_id: String
        /// Text is taken for a number, as in a form.
        let message_id: String
        var caption: String?
        var text: String?
        let reply_markup: TelegramKeyboard?
    }

    private func edit(_ call: () async throws -> TelegramAnswer) async throws {
        do {
            _ = try await call()
        } catch let error as TelegramError where error.isNotModified {
            // As it was to be.
        }
    }
}

extension HTTPClientRequest.Part {
    /// A form field that holds JSON, as the Bot API wants objects in forms.
    init(name: String, json: some Encodable) throws { self.init(name: name, content: .bytes(Array(try JSONEncoder().encode(json)))) }
}
