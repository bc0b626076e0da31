// Why the Bot API did not do what was asked.

/// Its description is fit for the people who use the hub; it holds no token and no chat.
public enum TelegramError: Error, Hashable, Sendable, CustomStringConvertible {
    /// 400, with Telegram's own words.
    case badRequest(String)
    /// 401: the token is not valid.
    case unauthorized
    /// 403: blocked by the user, or removed from the chat.
    case forbidden
    /// 404: no such bot, or no such method.
    case notFound
    /// 409: somebody else reads the bot's updates.
    case conflict
    /// 413: the file is over the limit.
    case tooLarge
    /// 429: wait this many seconds.
    case tooManyRequests(retryAfter: Double)
    /// 5xx.
    case server(status: Int)
    /// Another answer than those documented.
    case unexpected(status: Int)
    /// No answer at all.
    case unreachable(String)
    /// An answer that is not the Bot API's JSON.
    case malformed

    /// Whether the same request can succeed later.
    public var isRetryable: Bool {
        switch self {
        case .badRequest, .unauthorized, .forbidden, .notFound, .tooLarge: false
        case .conflict, .tooManyRequests, .server, .unexpected, .unreachable, .malformed: true
        }
    }

    /// The status code of the answer, if there was one.
    public var statusCode: Int? {
        switch self {
        case .badRequest: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .tooLarge: 413
        case .tooManyRequests: 429
        case .server(let status), .unexpected(let status): status
        case .unreachable, .malformed: nil
        }
    }

    public var description: String {
        switch self {
        case .badRequest(let text): "Telegram refused it: \(text)"
        case .unauthorized: "Telegram does not accept the bot's token"
        case .forbidden: "the chat does not accept messages from the bot (blocked, or the bot was removed)"
        case .notFound: "Telegram does not know this bot: check its token"
        case .conflict: "another program or a webhook reads this bot's updates"
        case .tooLarge: "the file is too large for Telegram"
        case .tooManyRequests(let seconds): "Telegram asks to wait \(Int(seconds.rounded(.up))) s"
        case .server(let status): "Telegram has a problem (status \(status))"
        case .unexpected(let status): "Telegram gave an unexpected answer (status \(status))"
        case .unreachable(let reason): "Telegram cannot be reached: \(reason)"
        case .malformed: "the answer was not Telegram's"
        }
    }
}
