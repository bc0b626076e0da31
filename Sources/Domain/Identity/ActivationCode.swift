// Adding many cameras by one code.

/// A code that so many phones may turn into cameras of the account, until it expires or is revoked.
public struct ActivationCode: Hashable, Sendable {
    public enum Refusal: Error, Hashable, Sendable { case expired, revoked, usedUp }

    public let id: ActivationCodeID
    /// What it is for, in the words of who made it.
    public let label: String
    public let uses: Int
    public private(set) var used: Int
    public let createdAt: Timestamp
    public let expiresAt: Timestamp
    public private(set) var revokedAt: Timestamp?

    /// Of those characters that are not mistaken for each other: 79 bits, since it is good for long.
    public static let length = 16

    public init(
        id: ActivationCodeID, label: String, uses: Int, used: Int = 0, createdAt: Timestamp, expiresAt: Timestamp, revokedAt: Timestamp? = nil
    ) {
        self.id = id
        self.label = label
        self.uses = uses
        self.used = used
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    /// One more camera.
    public mutating func redeem(now: Timestamp) throws(Refusal) {
        guard revokedAt == nil else { throw .revoked }
        guard now < expiresAt else { throw .expired }
        guard used < uses else { throw .usedUp }
        used += 1
    }

    /// - Returns: whether it was not revoked before.
    public mutating func revoke(now: Timestamp) -> Bool {
        guard revokedAt == nil else { return false }
        revokedAt = now
        return true
    }
}

/// That a phone has become a camera by a code.
public struct Redemption: Hashable, Sendable {
    public let at: Timestamp
    public let device: DeviceID
    public let label: String
    public let address: String?

    public init(at: Timestamp, device: DeviceID, label: String, address: String?) {
        self.at = at
        self.device = device
        self.label = label
        self.address = address
    }
}
