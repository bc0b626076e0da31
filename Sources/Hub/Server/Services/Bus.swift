// Where publications go: the channels of this hub, and one day of all hubs.

import Domain

/// Who hears a publication.
enum Channel: Hashable, Sendable {
    /// Everything that concerns one user.
    case user(UserID)
    /// What is asked of one sensor.
    case sensor(AccountID, DeviceID)

    /// The name on the wire.
    var name: String {
        switch self {
        case .user(let user): "user:\(user)"
        case .sensor(_, let device): "sensor:\(device)"
        }
    }
}

/// Publishes to channels. What is published was written to the database before.
protocol Bus: Sendable {
    /// To every user of the account.
    func publish(_ publication: Publication, toUsersOf scope: AccountScope) async
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
