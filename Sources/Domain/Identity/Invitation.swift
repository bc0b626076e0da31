// Asking somebody into an account.

/// A link that makes whoever follows it a member, once.
public struct Invitation: Hashable, Sendable {
    public let id: InvitationID
    public let role: Role
    public let devices: DeviceAccess
    /// Lower-cased. Where it is set, nobody with another address can follow the link.
    public let email: String?
    public let invitedBy: UserID
    /// Their name, or address.
    public let inviter: String
    public let createdAt: Timestamp
    public let expiresAt: Timestamp

    public static let lifetimeSeconds = 7 * 86_400.0

    public init(
        id: InvitationID, role: Role, devices: DeviceAccess, email: String?, invitedBy: UserID, inviter: String, createdAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.id = id
        self.role = role
        self.devices = devices
        self.email = email
        self.invitedBy = invitedBy
        self.inviter = inviter
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}
