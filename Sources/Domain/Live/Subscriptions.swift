// Which channels a connection hears, and which of them it may leave.

/// The subscriptions of one connection: those the hub made for it, and those it asked for.
public struct Subscriptions<Channel: Hashable & Sendable>: Sendable {
    /// Why a subscription is not made or not ended.
    public enum Refusal: Error, Hashable, Sendable { case alreadySubscribed, limitExceeded, isServerSide }

    private enum Origin { case server, client }

    private var origins: [Channel: Origin] = [:]
    private let maximumCount: Int

    /// - Parameter maximumCount: of all subscriptions, those of the hub included.
    public init(maximumCount: Int) { self.maximumCount = maximumCount }

    /// Every channel that is heard.
    public var channels: [Channel] { Array(origins.keys) }

    /// Subscribes on the hub's own account: the client neither asked for it nor can end it.
    public mutating func subscribeServerSide(_ channel: Channel) { origins[channel] = .server }

    /// Subscribes because the client asks for it.
    public mutating func subscribe(_ channel: Channel) throws(Refusal) {
        guard origins[channel] == nil else { throw .alreadySubscribed }
        guard origins.count < maximumCount else { throw .limitExceeded }
        origins[channel] = .client
    }

    /// Ends a subscription that the client asked for; one that does not exist is ended already.
    ///
    /// - Returns: whether there was one.
    public mutating func unsubscribe(_ channel: Channel) throws(Refusal) -> Bool {
        switch origins[channel] {
        case nil: return false
        case .server: throw .isServerSide
        case .client:
            origins[channel] = nil
            return true
        }
    }
}
