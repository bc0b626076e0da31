// How long a connection lasts that was opened with a token.

/// The end of one connection's time, which a refresh puts off.
public struct ConnectionExpiry: Sendable {
    private var expiresAt: Timestamp?
    private let graceSeconds: Double

    /// - Parameters:
    ///   - expiresAt: when the token expires; `nil` for a connection that lasts for ever.
    ///   - graceSeconds: what a client that refreshes at the very end has for doing so.
    public init(expiresAt: Timestamp?, graceSeconds: Double) {
        self.expiresAt = expiresAt
        self.graceSeconds = graceSeconds
    }

    /// Whole seconds until the token expires, at least one: clients take zero for "at once", and would refresh without end.
    /// `nil` for a connection that lasts for ever.
    public func ttl(at now: Timestamp) -> Int64? {
        expiresAt.map { max(1, ($0.milliseconds - now.milliseconds) / 1000) }
    }

    /// Whether the connection is to be closed.
    public func isOver(at now: Timestamp) -> Bool {
        guard let expiresAt else { return false }
        return now.seconds(since: expiresAt) >= graceSeconds
    }

    /// A new token counts from now on, be its time shorter or longer.
    public mutating func refresh(until expiresAt: Timestamp?) { self.expiresAt = expiresAt }
}
