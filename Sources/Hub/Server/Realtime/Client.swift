// One connection of the socket protocol and what it has open.

import Domain
import Loop

/// Touched by `RealtimeHub` only.
final class Client {
    enum State {
        case new
        case connecting
        case connected(Identity)
    }

    struct Identity {
        let user: User
        let kind: Command.Connect.Kind
        let device: DeviceID?
        var scope: AccountScope { user.scope }
    }

    let socket: WebSocket
    let name: String
    let openedAt: Timestamp
    var state = State.new
    var lastHeardAt: Timestamp
    var lastPingAt: Timestamp
    var commands: [Command] = []
    var isWorking = false
    var clips: [UInt32: ClipStream] = [:]
    var watched: Set<UInt32> = []

    init(socket: WebSocket, name: String, now: Timestamp) {
        self.socket = socket
        self.name = name
        openedAt = now
        lastHeardAt = now
        lastPingAt = now
    }

    var identity: Identity? { if case .connected(let identity) = state { identity } else { nil } }
    /// Whether it may carry binary messages.
    var speaksMedia: Bool { socket.subprotocol == RealtimeHub.subprotocol }

    func send(_ json: JSON) { socket.send(text: MessageBuffer(text: json.text)) }

    /// A push for this connection alone, in no history.
    func message(_ data: JSON) { send(["push": ["message": ["data": data]]]) }
}
