// Buttons under a message.

/// `InlineKeyboardMarkup` of the Bot API.
///
/// Telegram refuses a message for one bad button, so a button that it would refuse cannot be made.
public struct TelegramKeyboard: Hashable, Sendable {
    /// Bytes of `callback_data`.
    public static let maximumData = 64

    /// `InlineKeyboardButton` of the Bot API.
    public struct Button: Hashable, Sendable {
        enum Action: Hashable, Sendable { case callback(data: String), url(String) }

        public let text: String
        let action: Action

        /// Sends `data` to the bot as a callback query. `nil` if `data` is not 1 to `maximumData` bytes long, or `text` is empty.
        public static func callback(_ text: String, data: String) -> Button? {
            guard !text.isEmpty, (1...TelegramKeyboard.maximumData).contains(data.utf8.count) else { return nil }
            return Button(text: text, action: .callback(data: data))
        }

        /// Opens an address. `nil` if Telegram would not take it: it must be `http` or `https`, and its host have a dot, which
        /// `localhost` has not. `nil` for an empty `text`, too.
        public static func url(_ text: String, address: String) -> Button? {
            guard !text.isEmpty, isAddress(address) else { return nil }
            return Button(text: text, action: .url(address))
        }

        private static func isAddress(_ address: String) -> Bool {
            guard address.utf8.count <= 2048, address.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value != 0x7f }),
                let colon = address.firstIndex(of: ":"), ["http", "https"].contains(address[..<colon].lowercased()),
                address[colon...].hasPrefix("://")
            else { return false }
            let host = address[colon...].dropFirst(3).prefix { !"/?#".contains($0) }
            // An address may name a user before an @; nobody means that in a link to the hub.
            if host.contains("@") { return false }
            if host.hasPrefix("[") { return host.contains("]") }
            let name = host.prefix { $0 != ":" }
            return name.contains(".") && !name.hasPrefix(".") && !name.contains("..")
        }
    }

    public var rows: [[Button]]

    public init(rows: [[Button]]) { self.rows = rows }
}

extension TelegramKeyboard: Encodable {
    private enum Key: String, CodingKey { case inline_keyboard }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(rows.filter { !$0.isEmpty }, forKey: .inline_keyboard)
    }
}

extension TelegramKeyboard.Button: Encodable {
    private enum Key: String, CodingKey { case text, callback_data, url }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(text, forKey: .text)
        switch action {
        case .callback(let data): try container.encode(data, forKey: .callback_data)
        case .url(let address): try container.encode(address, forKey: .url)
        }
    }
}
