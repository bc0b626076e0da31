// The names of channels on the wire.

/// What a client calls a channel by. Whether it may have it is decided elsewhere.
public enum ChannelName: Hashable, Sendable {
    /// `user:<id>`: everything that concerns one user.
    case user(UserID)
    /// `device:<id>`: telemetry, presence and live state of one device.
    case device(DeviceID)
    /// `sensor:<id>`: what is asked of the device's own connection.
    case sensor(DeviceID)

    /// `nil` for what is no channel's name.
    public init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let id = text[text.utf8.index(after: colon)...]
        switch text[..<colon] {
        case "user":
            guard let user = UserID(id) else { return nil }
            self = .user(user)
        case "device":
            guard let device = DeviceID(id) else { return nil }
            self = .device(device)
        case "sensor":
            guard let device = DeviceID(id) else { return nil }
            self = .sensor(device)
        default: return nil
        }
    }
}
