// Hearing what chats do.

public import Runtime

extension TelegramClient {
    /// The updates that `TelegramUpdate` can read. Telegram remembers the last choice, and what is not chosen does not come.
    public static let allowedUpdates = ["message", "callback_query", "my_chat_member"]

    /// Characters of a callback query's answer.
    public static let maximumCallbackText = 200

    /// `getUpdates`, of the kinds in `allowedUpdates`.
    ///
    /// - Parameters:
    ///   - offset: the first update that was not seen yet; those before it are forgotten by Telegram.
    ///   - waitingSeconds: how long Telegram waits for an update if there is none.
    public func getUpdates(offset: Int64?, waitingSeconds: Int = 0) async throws -> [TelegramUpdate] {
        struct Body: Encodable {
            let offset: Int64?
            let timeout: Int
            let allowed_updates = TelegramClient.allowedUpdates
        }
        return try await call(
            "getUpdates", json: Body(offset: offset, timeout: waitingSeconds), maximumResponseBytes: 4 << 20,
            waiting: Double(waitingSeconds)
        ).results(TelegramUpdate.self)
    }

    /// `answerCallbackQuery`: every press of a button wants an answer, or the button goes on turning in the chat.
    ///
    /// A query that is too old, or was answered already, is `TelegramError.badRequest`.
    ///
    /// - Parameters:
    ///   - text: for whoever pressed it; `nil` for no more than the end of the waiting.
    ///   - showsAlert: as a dialog, rather than a line at the top.
    public func answerCallbackQuery(_ id: String, text: String? = nil, showsAlert: Bool = false) async throws {
        struct Body: Encodable {
            let callback_query_id: String
            let text: String?
            let show_alert: Bool?
        }
        // Telegram counts characters; UTF-16 units are never fewer.
        let cut = text.map { cutText($0, toUTF16Units: Self.maximumCallbackText) }
        _ = try await call("answerCallbackQuery", json: Body(callback_query_id: id, text: cut, show_alert: showsAlert ? true : nil))
    }

    /// `setWebhook`: updates come to an address from now on, and `getUpdates` is `TelegramError.conflict`.
    ///
    /// - Parameters:
    ///   - url: `https`.
    ///   - secretToken: comes with every update in `X-Telegram-Bot-Api-Secret-Token`; 1 to 256 characters of `A–Z a–z 0–9 _ -`.
    public func setWebhook(url: String, secretToken: Secret, allowedUpdates: [String] = Self.allowedUpdates) async throws {
        struct Body: Encodable {
            let url: String
            let secret_token: String
            let allowed_updates: [String]
        }
        _ = try await call("setWebhook", json: Body(url: url, secret_token: secretToken.value, allowed_updates: allowedUpdates))
    }

    /// `deleteWebhook`; what waits to be read is kept.
    public func deleteWebhook() async throws {
        struct Body: Encodable { let drop_pending_updates = false }
        _ = try await call("deleteWebhook", json: Body())
    }

    /// `WebhookInfo` of the Bot API, in part.
    public struct Webhook: Hashable, Sendable {
        /// `nil` if there is none.
        public let url: String?
        public let pendingUpdates: Int
        /// Why the last delivery failed, in Telegram's words.
        public let lastError: String?
    }

    /// `getWebhookInfo`.
    public func getWebhookInfo() async throws -> Webhook {
        struct Info: Decodable {
            let url: String
            let pending_update_count: Int?
            let last_error_message: String?
        }
        let info = try await call("getWebhookInfo", .none).result(Info.self)
        return Webhook(
            url: info.url.isEmpty ? nil : info.url, pendingUpdates: info.pending_update_count ?? 0, lastError: info.last_error_message)
    }
}
