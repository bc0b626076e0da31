// Who gets the alerts of a device.

/// What may keep an alert back.
public enum AlertImportance: Hashable, Sendable {
    /// Snooze and cooldown.
    case usual
    /// A snooze, but no cooldown.
    case raised
    /// Nothing: whoever takes a camera away must not be helped by somebody's snooze.
    case highest
}

/// An address that gets the alerts of a device: a Telegram chat, an e-mail address. (The webhook is the installation's.)
public struct AlertTarget: Hashable, Sendable {
    public let device: DeviceID
    public let channel: Delivery.Channel
    /// As in `Delivery.target`.
    public let address: String
    /// The person's name there, if it is known.
    public var name: String?
    public let createdAt: Timestamp
    /// A picture of the trigger is to be sent at once, before there is a clip.
    public var wantsStill: Bool
    public var snoozedUntil: Timestamp?
    /// Why nothing is sent there any more (the chat blocked the bot); `nil` while it works.
    public var disabledReason: String?

    public init(
        device: DeviceID, channel: Delivery.Channel, address: String, name: String? = nil, createdAt: Timestamp, wantsStill: Bool = false,
        snoozedUntil: Timestamp? = nil, disabledReason: String? = nil
    ) {
        self.device = device
        self.channel = channel
        self.address = address
        self.name = name
        self.createdAt = createdAt
        self.wantsStill = wantsStill
        self.snoozedUntil = snoozedUntil
        self.disabledReason = disabledReason
    }

    /// Why an alert does not go out to it now; `nil` when it does.
    ///
    /// - Parameters:
    ///   - lastDelivered: when the last alert of what this device saw arrived there.
    ///   - cooldownSeconds: how long after an alert that arrived none follows; 0: no cooldown.
    public func suppression(
        at now: Timestamp, lastDelivered: Timestamp?, cooldownSeconds: Double, importance: AlertImportance = .usual
    ) -> String? {
        if let disabledReason { return disabledReason }
        if importance != .highest, let snoozedUntil, now < snoozedUntil { return "snoozed" }
        guard importance == .usual else { return nil }
        // One that lies ahead was noted by a clock that has been set back since.
        if let lastDelivered, cooldownSeconds > 0, lastDelivered <= now, now < lastDelivered.advanced(bySeconds: cooldownSeconds) {
            return "cooldown: an alert of this camera arrived \(Int(now.seconds(since: lastDelivered))) s before"
        }
        return nil
    }
}

/// One try to link a Telegram chat to a device by a one-time token, of which only the hash is kept.
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
