// Why a mail was not taken.

/// Its description is fit for the people who use the hub; it holds no address, no server and no password.
public enum MailError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The server's refusal, by its reply code (RFC 5321, section 4.2): 4xx for now, 5xx for good.
    case reply(Int)
    /// The server cannot do STARTTLS, which was asked for. Neither password nor mail was sent.
    case noEncryption
    /// The mail itself cannot be sent.
    case invalidMessage(String)
    /// The picture cannot be read.
    case unreadableFile
    /// No connection, so that nothing was sent; in libcurl's words.
    case notConnected(String)
    /// The connection broke; in libcurl's words.
    case unreachable(String)
    case timedOut

    /// Whether the same mail can be taken later.
    public var isRetryable: Bool {
        switch self {
        case .reply(let code): (400...499).contains(code)
        case .noEncryption, .invalidMessage, .unreadableFile: false
        case .notConnected, .unreachable, .timedOut: true
        }
    }

    /// Whether the server may have taken it all the same.
    public var isOutcomeUnknown: Bool {
        switch self {
        case .unreachable, .timedOut: true
        case .reply, .noEncryption, .invalidMessage, .unreadableFile, .notConnected: false
        }
    }

    /// The server's reply code, if that is what it failed for.
    public var statusCode: Int? {
        if case .reply(let code) = self { return code }
        return nil
    }

    public var description: String {
        switch self {
        case .reply(let code) where [530, 534, 535, 538].contains(code):
            "the mail server does not accept the login (reply \(code))"
        case .reply(let code) where (550...553).contains(code): "the mail server does not take mail for this address (reply \(code))"
        case .reply(let code) where (400...499).contains(code): "the mail server asks to try again later (reply \(code))"
        case .reply(let code): "the mail server refused it (reply \(code))"
        case .noEncryption: "the mail server does not offer encryption (STARTTLS)"
        case .invalidMessage(let reason): "the mail cannot be sent: \(reason)"
        case .unreadableFile: "the picture for the mail cannot be read"
        case .notConnected(let reason), .unreachable(let reason): "the mail server cannot be reached: \(reason)"
        case .timedOut: "the mail server did not answer in time"
        }
    }
}
