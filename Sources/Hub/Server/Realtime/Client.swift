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
        var canForceKeyframe = true
        var scope: AccountScope { user.scope }
    }

    /// Why nothing is read from it for a while.
    struct Hold: OptionSet {
        let rawValue: UInt8
        /// It has more commands waiting than it may.
        static let commands = Hold(rawValue: 1)
        /// It has sent faster than it may.
        static let rate = Hold(rawValue: 2)
    }

    let socket: WebSocket
    let name: String
    let openedAt: Timestamp
    var state = State.new
    var lastHeardAt: Timestamp
    var lastPingAt: Timestamp
    /// Those that wait. A slice, whose first is taken without moving the others.
    var commands: ArraySlice<Command> = []
    var isWorking = false
    var clips: [UInt32: ClipStream] = [:]
    var watched: Set<UInt32> = []
    var budget: RateBudget
    private var holds: Hold = []
    /// When its device was last noted as heard of.
    var touchedAt = Timestamp(milliseconds: 0)
    private var mediaBacklog = MediaBacklog()
    var subscriptions: Subscriptions<Channel>
    var expiry = ConnectionExpiry(expiresAt: nil, graceSeconds: 0)
    /// Hash of the token that the connection lives by.
    var tokenHash: String?
    /// Hash of a token that is being looked up, which may be revoked at the same moment.
    var offeredTokenHash: String?

    init(socket: WebSocket, name: String, limits: ServerConfiguration.Limits, now: Timestamp) {
        self.socket = socket
        self.name = name
        subscriptions = Subscriptions(maximumCount: limits.maximumSubscriptions)
        budget = RateBudget(limits.rate, now: now)
        openedAt = now
        lastHeardAt = now
        lastPingAt = now
    }

    var identity: Identity? { if case .connected(let identity) = state { identity } else { nil } }
    /// Whether it may carry binary messages.
    var speaksMedia: Bool { socket.subprotocol == RealtimeHub.subprotocol }

    /// - Returns: whether it was not held for this before.
    @discardableResult
    func hold(_ reason: Hold) -> Bool {
        guard holds.insert(reason).inserted else { return false }
        if holds == reason { socket.setReading(false) }
        return true
    }

    func isHeld(for reason: Hold) -> Bool { holds.contains(reason) }

    func release(_ reason: Hold) {
        guard holds.remove(reason) != nil, holds.isEmpty else { return }
        socket.setReading(true)
    }

    func send(_ json: JSON) { socket.send(text: MessageBuffer(text: json.text)) }

    /// A frame of a live stream.
    func send(media frame: MessageBuffer, isReplay: Bool = false, at now: Timestamp) {
        socket.send(media: frame)
        mediaBacklog.queued(frame.count, isReplay: isReplay, at: now)
    }

    /// Frames of live streams that the socket has not taken yet.
    func mediaWaiting(at now: Timestamp) -> MediaBacklog.Waiting { mediaBacklog.waiting(socket.mediaBytes, now: now) }

    /// The answer to a command.
    func reply(_ id: Int64, _ verb: String, _ result: JSON) { send(["id": .integer(id), verb: result]) }

    func refuse(_ id: Int64, _ error: ReplyError) { send(["id": .integer(id), "error": error.json]) }

    /// A push for this connection alone, in no history.
    func message(_ data: JSON) { send(["push": ["message": ["data": data]]]) }
}
