// What belongs to an account besides events: users, devices, watching sessions.

public struct User: Hashable, Sendable {
    public let id: UserID
    public let account: AccountID
    /// Lower-cased.
    public let email: String
    public let createdAt: Timestamp

    public init(id: UserID, account: AccountID, email: String, createdAt: Timestamp) {
        self.id = id
        self.account = account
        self.email = email
        self.createdAt = createdAt
    }

    public var scope: AccountScope { AccountScope(account) }
}

public struct Device: Hashable, Sendable {
    /// Unique within the account only: two accounts may use the same id without meeting.
    public let id: DeviceID
    public var label: String
    public let createdAt: Timestamp
    public var lastSeenAt: Timestamp?

    public init(id: DeviceID, label: String, createdAt: Timestamp, lastSeenAt: Timestamp? = nil) {
        self.id = id
        self.label = label
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
    }
}

/// A stretch of watching by one device.
public struct WatchSession: Hashable, Sendable {
    public enum Status: String, Sendable { case active, stopped }

    public let id: SessionID
    public let device: DeviceID
    public var status: Status
    public let startedAt: Timestamp
    public var stoppedAt: Timestamp?
    public let analysisPrompt: String?

    public init(
        id: SessionID, device: DeviceID, status: Status, startedAt: Timestamp, stoppedAt: Timestamp? = nil, analysisPrompt: String? = nil
    ) {
        self.id = id
        self.device = device
        self.status = status
        self.startedAt = startedAt
        self.stoppedAt = stoppedAt
        self.analysisPrompt = analysisPrompt
    }
}
