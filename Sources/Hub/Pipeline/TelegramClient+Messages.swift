// Sending messages.

#if canImport(Glibc)
import Glibc
#endif

extension TelegramClient {
    /// A video to send, with what a player wants to know before it has it.
    public struct Video: Sendable {
        /// An MP4 with H.264 and AAC on disk.
        public var path: String
        public var durationSeconds: Double?
        public var width: Int?
        public var height: Int?
        /// A JPEG of at most 320 pixels and `maximumThumbnailBytes`.
        public var thumbnailPath: String?

        public init(path: String, durationSeconds: Double? = nil, width: Int? = nil, height: Int? = nil, thumbnailPath: String? = nil) {
            self.path = path
            self.durationSeconds = durationSeconds
            self.width = width
            self.height = height
            self.thumbnailPath = thumbnailPath
        }

        /// Whole seconds, for the Bot API.
        var duration: Int? {
            guard let seconds = durationSeconds, seconds.isFinite, (0...86_400).contains(seconds) else { return nil }
            return Int(seconds.rounded(.up))
        }

        /// The files, as parts of a form; the names are what `attach://` refers to.
        var files: [HTTPClientRequest.Part] {
            var parts = [HTTPClientRequest.Part(name: "video", content: .file(path: path), filename: "clip.mp4", type: "video/mp4")]
            if let thumbnailPath {
                parts.append(
                    HTTPClientRequest.Part(
                        name: "thumbnail", content: .file(path: thumbnailPath), filename: "thumbnail.jpg", type: "image/jpeg"))
            }
            return parts
        }
    }

    /// `sendVideo`. Returns the message's id.
    ///
    /// - Parameters:
    ///   - keyboard: buttons under the message.
    ///   - silently: `disable_notification`.
    ///   - replied: the id of a message of the same chat that this one answers; one that is gone is no hindrance.
    public func sendVideo(
        _ video: Video, caption: String, to chat: String, keyboard: TelegramKeyboard? = nil, silently: Bool = false,
        replyingTo replied: String? = nil
    ) async throws -> String {
        var parts = try common(to: chat, caption: caption, keyboard, silently, replied)
        parts.append(HTTPClientRequest.Part(name: "supports_streaming", text: "true"))
        if let duration = video.duration { parts.append(HTTPClientRequest.Part(name: "duration", text: String(duration))) }
        if let width = video.width { parts.append(HTTPClientRequest.Part(name: "width", text: String(width))) }
        if let height = video.height { parts.append(HTTPClientRequest.Part(name: "height", text: String(height))) }
        return try await call("sendVideo", .multipart(parts + video.files), uploading: fileSize(video.path)).messageID()
    }

    /// `sendPhoto`, of a JPEG on disk of at most `maximumPhotoBytes`. Returns the message's id.
    ///
    /// - Parameters:
    ///   - keyboard: buttons under the message.
    ///   - silently: `disable_notification`.
    ///   - replied: the id of a message of the same chat that this one answers; one that is gone is no hindrance.
    public func sendPhoto(
        path: String, caption: String, to chat: String, keyboard: TelegramKeyboard? = nil, silently: Bool = false,
        replyingTo replied: String? = nil
    ) async throws -> String {
        let photo = HTTPClientRequest.Part(name: "photo", content: .file(path: path), filename: "photo.jpg", type: "image/jpeg")
        let parts = try common(to: chat, caption: caption, keyboard, silently, replied) + [photo]
        return try await call("sendPhoto", .multipart(parts), uploading: fileSize(path)).messageID()
    }

    /// `sendMessage`, plain text. Returns the message's id.
    ///
    /// - Parameters:
    ///   - keyboard: buttons under the message.
    ///   - silently: `disable_notification`.
    ///   - replied: the id of a message of the same chat that this one answers; one that is gone is no hindrance.
    public func sendMessage(
        _ text: String, to chat: String, keyboard: TelegramKeyboard? = nil, silently: Bool = false, replyingTo replied: String? = nil
    ) async throws -> String {
        struct Body: Encodable {
            let chat_id: String
            let text: String
            let reply_markup: TelegramKeyboard?
            let disable_notification: Bool?
            let reply_parameters: Reply?
        }
        let body = Body(
            chat_id: chat, text: cutText(text, toUTF16Units: Self.maximumText), reply_markup: keyboard,
            disable_notification: silently ? true : nil, reply_parameters: replied.flatMap(Reply.init))
        return try await call("sendMessage", json: body).messageID()
    }

    private func common(
        to chat: String, caption: String, _ keyboard: TelegramKeyboard?, _ silently: Bool, _ replied: String?
    ) throws -> [HTTPClientRequest.Part] {
        var parts = [
            HTTPClientRequest.Part(name: "chat_id", text: chat),
            HTTPClientRequest.Part(name: "caption", text: cutText(caption, toUTF16Units: Self.maximumCaption)),
        ]
        if let keyboard { parts.append(try HTTPClientRequest.Part(name: "reply_markup", json: keyboard)) }
        if silently { parts.append(HTTPClientRequest.Part(name: "disable_notification", text: "true")) }
        if let reply = replied.flatMap(Reply.init) {
            parts.append(try HTTPClientRequest.Part(name: "reply_parameters", json: reply))
        }
        return parts
    }
}

/// `ReplyParameters` of the Bot API.
private struct Reply: Encodable {
    let message_id: Int64
    let allow_sending_without_reply = true

    init?(_ message: String) {
        guard let id = Int64(message) else { return nil }
        message_id = id
    }
}

/// At most `limit` UTF-16 units of a text, ending with "…" where something was cut, and never inside a character.
func cutText(_ text: String, toUTF16Units limit: Int) -> String {
    guard text.utf16.count > limit else { return text }
    var cut = ""
    var count = 1
    for character in text {
        let length = character.utf16.count
        if count + length > limit { break }
        cut.append(character)
        count += length
    }
    return cut + "…"
}

/// stat(2), in bytes; 0 for a file that cannot be read, which sending it will tell.
func fileSize(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
}
