// Where publications go: the channels of this hub, and one day of all hubs.

import Domain
import Runtime

/// Who hears a publication.
enum Channel: Hashable, Sendable {
    /// Everything that concerns one user in one account.
    case user(AccountID, UserID)
    /// Telemetry, presence and live state of one device; its account's users hear the same on their own channel, among all else.
    case device(AccountID, DeviceID)
    /// What is asked of one sensor.
    case sensor(AccountID, DeviceID)

    /// The name on the wire.
    var name: String {
        switch self {
        case .user(_, let user): "user:\(user)"
        case .device(_, let device): "device:\(device)"
        case .sensor(_, let device): "sensor:\(device)"
        }
    }
}

/// Publishes to channels. What is published was written to the database before.
protocol Bus: Sendable {
    /// To every user of the account who may see the device.
    func publish(_ publication: Publication, about device: DeviceID, toUsersOf scope: AccountScope) async
    /// To one user.
    func publish(_ publication: Publication, to user: UserID, in scope: AccountScope) async
    /// To the camera itself.
    func publish(_ publication: Publication, toSensor device: DeviceID, in scope: AccountScope) async
}

/// `{"type": …, "at": …, …}`, docs/PROTOCOL.md "Pushes".
struct Publication: Sendable {
    let type: String
    let fields: [String: JSON]

    init(_ type: String, _ fields: [String: JSON] = [:]) {
        self.type = type
        self.fields = fields
    }

    func json(at now: Timestamp) -> JSON {
        var object = fields
        object["type"] = .string(type)
        object["at"] = .integer(now.milliseconds)
        return .object(object)
    }
}
