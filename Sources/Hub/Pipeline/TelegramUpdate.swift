// What chats sent to the bot, as far as the hub needs it.

/// An `Update` of the Bot API. Parts that are missing, or not of the documented form, are `nil`: updates come from anybody.
public struct TelegramUpdate: Sendable {
    public enum Content: Hashable, Sendable {
        case message(Message)
        case callback(Callback)
        /// A `my_chat_member` update by which the bot has left the chat: it was blocked or removed.
        case membershipEnded(chat: String)
    }

    /// A `Message` of the Bot API.
    public struct Message: Hashable, Sendable {
        /// As it is named in calls.
        public let chat: String
        public var text: String?
        /// Of the sender, without the `@`.
        public var username: String?

        public init(chat: String, text: String? = nil, username: String? = nil) {
            self.chat = chat
            self.text = text
            self.username = username
        }
    }

    /// A `CallbackQuery` of the Bot API: somebody pressed a button.
    public struct Callback: Hashable, Sendable {
        /// For `answerCallbackQuery`.
        public let id: String
        /// Who pressed it, without the `@`.
        public var username: String?
        /// Where the button is.
        public var chat: String?
        /// The message under which the button is, as the method that sent it returned it.
        public var messageID: String?
        /// The button's, or anything: Telegram does not promise that there is such a button.
        public var data: String?

        public init(id: String, username: String? = nil, chat: String? = nil, messageID: String? = nil, data: String? = nil) {
            self.id = id
            self.username = username
            self.chat = chat
            self.messageID = messageID
            self.data = data
        }
    }

    public let id: Int64
    /// `nil` for updates of other kinds.
    public let content: Content?

    public init(id: Int64, content: Content?) {
        self.id = id
        self.content = content
    }

    /// The chat in which it happened, as it is named in calls.
    public var chat: String? {
        switch content {
        case .message(let message): message.chat
        case .callback(let callback): callback.chat
        case .membershipEnded(let chat): chat
        case nil: nil
        }
    }

    /// Of a text message.
    public var text: String? {
        if case .message(let message) = content { message.text } else { nil }
    }

    /// Of whoever sent the message or pressed the button, without the `@`.
    public var username: String? {
        switch content {
        case .message(let message): message.username
        case .callback(let callback): callback.username
        case .membershipEnded, nil: nil
        }
    }

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
    private enum Key: String, CodingKey { case update_id, message, callback_query, my_chat_member }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try container.decode(Int64.self, forKey: .update_id)
        if let message = try? container.decode(Message.self, forKey: .message) {
            content = .message(message)
        } else if let callback = try? container.decode(Callback.self, forKey: .callback_query) {
            content = .callback(callback)
        } else if let change = try? container.decode(MembershipChange.self, forKey: .my_chat_member),
            ["kicked", "left"].contains(change.new_chat_member.status)
        {
            content = .membershipEnded(chat: String(change.chat.id))
        } else {
            content = nil
        }
    }
}

private struct Chat: Decodable { let id: Int64 }
private struct Sender: Decodable { let username: String }

extension TelegramUpdate.Message: Decodable {
    private enum Key: String, CodingKey { case chat, text, from }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        chat = String(try container.decode(Chat.self, forKey: .chat).id)
        text = try? container.decode(String.self, forKey: .text)
        username = (try? container.decode(Sender.self, forKey: .from))?.username
    }
}

extension TelegramUpdate.Callback: Decodable {
    private enum Key: String, CodingKey { case id, from, message, data }
    private enum MessageKey: String, CodingKey { case message_id, chat }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try container.decode(String.self, forKey: .id)
        username = (try? container.decode(Sender.self, forKey: .from))?.username
        data = try? container.decode(String.self, forKey: .data)
        // A message that is too old for Telegram to show still has these two.
        let message = try? container.nestedContainer(keyedBy: MessageKey.self, forKey: .message)
        chat = (try? message?.decode(Chat.self, forKey: .chat)).map { String($0.id) }
        messageID = (try? message?.decode(Int64.self, forKey: .message_id)).map { String($0) }
    }
}

/// A `ChatMemberUpdated` of the Bot API.
private struct MembershipChange: Decodable {
    struct Member: Decodable { let status: String }
    let chat: Chat
    let new_chat_member: Member
}
