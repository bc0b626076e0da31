// Typed identifiers, so that a device id cannot be passed where an event id is meant.

/// An opaque identifier of one kind of thing. On the wire and in storage it is its `rawValue`.
public struct Identifier<Kind>: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// For values that the hub made or read from its own database.
    public init(trusted rawValue: String) {
        self.rawValue = rawValue
    }

    /// For values that a client sent: 1 to 64 characters of `A–Z a–z 0–9 _ - .`, not beginning with a dot, so that it is safe in
    /// paths, channel names and logs. `nil` otherwise.
    public init?(_ rawValue: some StringProtocol) {
        let bytes = rawValue.utf8
        guard (1...64).contains(bytes.count), bytes.first != UInt8(ascii: ".") else { return nil }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                continue
            default: return nil
            }
        }
        self.rawValue = String(rawValue)
    }

    public var description: String { rawValue }
}

public enum AccountKind {}
public enum UserKind {}
public enum DeviceKind {}
public enum SessionKind {}
public enum EventKind {}
public enum JobKind {}
public enum DeliveryKind {}
public enum LinkAttemptKind {}
public enum SignInKind {}
public enum APIKeyKind {}
public enum PairingKind {}
public enum InvitationKind {}
public enum ActivationCodeKind {}

public typealias AccountID = Identifier<AccountKind>
public typealias UserID = Identifier<UserKind>
public typealias DeviceID = Identifier<DeviceKind>
public typealias SessionID = Identifier<SessionKind>
public typealias EventID = Identifier<EventKind>
public typealias JobID = Identifier<JobKind>
public typealias DeliveryID = Identifier<DeliveryKind>
public typealias LinkAttemptID = Identifier<LinkAttemptKind>
public typealias SignInID = Identifier<SignInKind>
public typealias APIKeyID = Identifier<APIKeyKind>
public typealias PairingID = Identifier<PairingKind>
public typealias InvitationID = Identifier<InvitationKind>
public typealias ActivationCodeID = Identifier<ActivationCodeKind>
