// Why a webhook did not take a message.

/// Its description is fit for the people who use the hub; it holds neither URL nor secret.
public enum WebhookError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An answer that is neither success nor redirect.
    ///
    /// - Parameter retryAfter: seconds that the other side asks to wait (`Retry-After`, RFC 9110, section 10.2.3).
    case status(Int, retryAfter: Double?)
    /// 301, 302 and 303, which turn a POST into a GET, and a 307 or 308 that does not say where to.
    case redirects(status: Int)
    /// 307 or 308 to another scheme, host or port, where the secret must not go.
    case redirectsElsewhere(status: Int)
    /// More 307 and 308 than are followed.
    case tooManyRedirects(status: Int)
    /// The host is on a network that webhooks may not reach.
    case refusedAddress
    /// The request cannot be sent as it is, such as with a URL that is none.
    case invalid(String)
    /// No connection, so that nothing was sent; in libcurl's words.
    case notConnected(String)
    /// The connection broke; in libcurl's words.
    case unreachable(String)
    case timedOut

    /// Whether the same message can succeed later: 408, 425, 429, 5xx and no answer at all.
    public var isRetryable: Bool {
        switch self {
        case .status(let status, _): [408, 425, 429].contains(status) || (500...599).contains(status)
        case .redirects, .redirectsElsewhere, .tooManyRedirects, .refusedAddress, .invalid: false
        case .notConnected, .unreachable, .timedOut: true
        }
    }

    /// Whether it may have been taken all the same.
    public var isOutcomeUnknown: Bool {
        switch self {
        case .status(let status, _): (500...599).contains(status)
        case .unreachable, .timedOut: true
        case .redirects, .redirectsElsewhere, .tooManyRedirects, .refusedAddress, .invalid, .notConnected: false
        }
    }

    /// The status code of the answer, if there was one.
    public var statusCode: Int? {
        switch self {
        case .status(let status, _), .redirects(let status), .redirectsElsewhere(let status), .tooManyRedirects(let status): status
        case .refusedAddress, .invalid, .notConnected, .unreachable, .timedOut: nil
        }
    }

    /// Seconds that the other side asks to wait, if it does.
    public var retryAfter: Double? {
        if case .status(_, let seconds) = self { return seconds }
        return nil
    }

    public var description: String {
        switch self {
        case .status(429, _): "the webhook asks to be called less often (status 429)"
        case .status(let status, _) where (500...599).contains(status): "the webhook has a problem (status \(status))"
        case .status(let status, _): "the webhook refused it (status \(status))"
        case .redirects(let status): "the webhook redirects; give its final address (status \(status))"
        case .redirectsElsewhere(let status): "the webhook redirects to another server; give its final address (status \(status))"
        case .tooManyRedirects(let status): "the webhook redirects too often; give its final address (status \(status))"
        case .refusedAddress: "the webhook's address is in a network that is not allowed"
        case .invalid(let reason): "the webhook cannot be called: \(reason)"
        case .notConnected(let reason), .unreachable(let reason): "the webhook cannot be reached: \(reason)"
        case .timedOut: "the webhook did not answer in time"
        }
    }
}
