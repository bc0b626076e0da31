// What belongs to an account besides events: users, devices, watching sessions.

/// A household, a shop: what devices and events belong to.
public struct Account: Hashable, Sendable {
    public let id: AccountID
    public var name: String
    /// `Plan.id`.
    public var plan: String
    public let createdAt: Timestamp

    public init(id: AccountID, name: String, plan: String, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.plan = plan
        self.createdAt = createdAt
    }
}

/// A person, as they act in one of their accounts.
public struct User: Hashable, Sendable {
    public let id: UserID
    /// The account in which they act now.
    public let account: AccountID
    /// Lower-cased.
    public let email: String
    public var name: String?
    public let createdAt: Timestamp

    public init(id: UserID, account: AccountID, email: String, name: String? = nil, createdAt: Timestamp) {
        self.id = id
        self.account = account
        self.email = email
        self.name = name
        self.createdAt = createdAt
    }
}

/// That a person belongs to an account.
public struct Membership: Hashable, Sendable {
    public let user: User
    public var role: Role
    public var devices: DeviceAccess
    public let createdAt: Timestamp

    public init(user: User, role: Role, devices: DeviceAccess, createdAt: Timestamp) {
        self.user = user
        self.role = role
        self.devices = devices
        self.createdAt = createdAt
    }
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
