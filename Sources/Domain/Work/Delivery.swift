// One alert on its way to one target.

public struct Delivery: Hashable, Sendable {
    public enum Channel: String, Hashable, Sendable { case telegram }

    public enum State: String, Hashable, Sendable { case pending, sending, retry, sent, failed, suppressed }

    public let id: DeliveryID
    public let event: EventID
    public let channel: Channel
    /// The channel's own address: for Telegram the chat id.
    public let target: String
    public var state: State
    public var attempts: Int
    /// Why it is not `sent`, in words.
    public var reason: String?
    /// The provider's id of the message.
    public var providerMessage: String?
    public let createdAt: Timestamp
    public var updatedAt: Timestamp
    public var sentAt: Timestamp?

    public init(
        id: DeliveryID, event: EventID, channel: Channel, target: String, state: State, attempts: Int = 0, reason: String? = nil,
        providerMessage: String? = nil, createdAt: Timestamp, updatedAt: Timestamp, sentAt: Timestamp? = nil
    ) {
        self.id = id
        self.event = event
        self.channel = channel
        self.target = target
        self.state = state
        self.attempts = attempts
        self.reason = reason
        self.providerMessage = providerMessage
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.sentAt = sentAt
    }
}

/// A Telegram chat that gets the alerts of a device.
public struct TelegramTarget: Hashable, Sendable {
    public let device: DeviceID
    public let chat: String
    public let username: String?
    public let linkedAt: Timestamp

    public init(device: DeviceID, chat: String, username: String?, linkedAt: Timestamp) {
        self.device = device
        self.chat = chat
        self.username = username
        self.linkedAt = linkedAt
    }
}

/// One try to link a chat to a device by a one-time token, of which only the hash is kept.
public struct TelegramLinkAttempt: Hashable, Sendable {
    public let id: LinkAttemptID
    public let account: AccountID
    public let device: DeviceID
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    public var linkedAt: Timestamp?
    public var chat: String?

    public init(
        id: LinkAttemptID, account: AccountID, device: DeviceID, createdAt: Timestamp, expiresAt: Timestamp, linkedAt: Timestamp?,
        chat: String?
    ) {
        self.id = id
        self.account = account
        self.device = device
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.linkedAt = linkedAt
        self.chat = chat
    }

    public enum Status: String, Hashable, Sendable { case pending, expired, ready }

    public func status(at now: Timestamp) -> Status {
        if linkedAt != nil { return .ready }
        return now < expiresAt ? .pending : .expired
    }
}
