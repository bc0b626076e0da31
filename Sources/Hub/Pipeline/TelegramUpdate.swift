// What a chat sent to the bot, as far as linking needs it.

/// An `Update` of the Bot API. Parts that are missing, or not of the documented form, are `nil`: updates come from anybody.
public struct TelegramUpdate: Sendable {
    public let id: Int64
    /// The chat of a text message, as it is named in calls.
    public let chat: String?
    public let text: String?
    /// Of the sender, without the `@`.
    public let username: String?

    /// The token of `/start <token>` or `/start@bot <token>`, if it has the form of a link token.
    public var linkToken: String? {
        guard let text else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == "/start" || words[0].hasPrefix("/start@") else { return nil }
        // Telegram allows 64 characters of this alphabet as a start parameter.
        let isToken = (1...64).contains(words[1].utf8.count) && words[1].unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "_" || $0 == "-"
        }
        return isToken ? String(words[1]) : nil
    }
}

extension TelegramUpdate: Decodable {
    private enum Key: String, CodingKey { case update_id, message }

    private struct Message: Decodable {
        struct Chat: Decodable { let id: Int64 }
        struct Sender: Decodable { let username: String? }
        let chat: Chat
        let text: String?
        let from: Sender?
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try container.decode(Int64.self, forKey: .update_id)
        let message = try? container.decode(Message.self, forKey: .message)
        chat = (message?.chat.id).map { String($0) }
        text = message?.text
        username = message?.from?.username
    }
}
