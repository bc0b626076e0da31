// Why the Bot API did not do what was asked.

/// Its description is fit for the people who use the hub; it holds no token and no chat.
public enum TelegramError: Error, Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// 400, with Telegram's own words.
    case badRequest(String)
    /// 400: the message to edit was deleted, or can not be edited any more. The caller sends a new one.
    case messageGone
    /// 400: the bot does not know the chat, or it is gone.
    case chatNotFound
    /// 400: the group became a supergroup, which is another chat.
    case chatMigrated(to: String)
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
    /// Nothing left the hub: there was no connection, or there was nothing to send.
    case notSent(String)
    /// No answer at all.
    case unreachable(String)
    /// An answer that is not the Bot API's JSON.
    case malformed

    /// Whether the same request can succeed later.
    public var isRetryable: Bool {
        switch self {
        case .badRequest, .messageGone, .chatNotFound, .chatMigrated, .unauthorized, .forbidden, .notFound, .tooLarge: false
        case .conflict, .tooManyRequests, .server, .unexpected, .notSent, .unreachable, .malformed: true
        }
    }

    /// Whether Telegram may have done what was asked all the same: a message sent again may then be there twice. Where it is `false`
    /// nothing was done.
    public var isOutcomeUnknown: Bool {
        switch self {
        case .badRequest, .messageGone, .chatNotFound, .chatMigrated, .unauthorized, .forbidden, .notFound, .conflict, .tooLarge,
            .tooManyRequests, .notSent:
            false
        // A refusal of some kind, of which there are more than the documented ones.
        case .unexpected(let status): !(400...499).contains(status)
        // A proxy gives up on Telegram, or Telegram on itself, at any point of the work.
        case .server, .unreachable, .malformed: true
        }
    }

    /// The status code of the answer, if there was one.
    public var statusCode: Int? {
        switch self {
        case .badRequest, .messageGone, .chatNotFound, .chatMigrated: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .tooLarge: 413
        case .tooManyRequests: 429
        case .server(let status), .unexpected(let status): status
        case .notSent, .unreachable, .malformed: nil
        }
    }

    public var description: String {
        switch self {
        case .badRequest(let text): "Telegram refused it: \(text)"
        case .messageGone: "the message to change is not there any more"
        case .chatNotFound: "Telegram does not know the chat"
        case .chatMigrated: "the group was upgraded and is another chat now"
        case .unauthorized: "Telegram does not accept the bot's token"
        case .forbidden: "the chat does not accept messages from the bot (blocked, or the bot was removed)"
        case .notFound: "Telegram does not know this bot: check its token"
        case .conflict: "another program or a webhook reads this bot's updates"
        case .tooLarge: "the file is too large for Telegram"
        case .tooManyRequests(let seconds): "Telegram asks to wait \(Int(seconds.rounded(.up))) s"
        case .server(let status): "Telegram has a problem (status \(status))"
        case .unexpected(let status): "Telegram gave an unexpected answer (status \(status))"
        case .notSent(let reason): "nothing was sent to Telegram: \(reason)"
        case .unreachable(let reason): "Telegram cannot be reached: \(reason)"
        case .malformed: "the answer was not Telegram's"
        }
    }

    /// The same, so that no chat gets into a log by reflection.
    public var debugDescription: String { description }
}
