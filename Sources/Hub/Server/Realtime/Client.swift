// One connection of the socket protocol and what it has open.

import Domain
import Loop
import Runtime

/// Touched by `RealtimeHub` only.
final class Client {
    enum State {
        case new
        case connecting
        case connected(Identity)
    }

    struct Identity {
        let principal: Principal
        let kind: Command.Connect.Kind
        let device: DeviceID?
        var canForceKeyframe = true
        var scope: AccountScope { principal.scope }
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
    /// By `RealtimeHub.uptime`, which nobody sets.
    let openedAt: Int64
    var state = State.new
    var lastHeardAt: Int64
    var lastPingAt: Int64
    private let maximumControlBytes: Int
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

    init(socket: WebSocket, name: String, limits: ServerConfiguration.Limits, now: Timestamp, uptime: Int64) {
        self.socket = socket
        self.name = name
        subscriptions = Subscriptions(maximumCount: limits.maximumSubscriptions)
        budget = RateBudget(limits.rate, now: now)
        maximumControlBytes = limits.maximumControlBytes
        openedAt = uptime
        lastHeardAt = uptime
        lastPingAt = uptime
    }

    var identity: Identity? { if case .connected(let identity) = state { identity } else { nil } }
    /// Whether signed links are shown to it.
    var getsLinks: Bool { identity?.principal.getsLinks == true }
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

    /// What the client has not asked for, and what is answered at once: who does not read it is too slow.
    func push(_ message: MessageBuffer) {
        socket.send(text: message)
        guard socket.controlBytes > maximumControlBytes else { return }
        socket.close(code: CloseCode.slow, reason: "too slow", discarding: true)
    }

    func push(_ json: JSON) { push(MessageBuffer(text: json.utf8)) }

    /// Whether more than the half of what may wait is waiting; the next command has to wait for that.
    var hasManyAnswersWaiting: Bool { socket.controlBytes > maximumControlBytes / 2 }

    /// A frame of a live stream.
    func send(media frame: MessageBuffer, isReplay: Bool = false, at now: Timestamp) {
        socket.send(media: frame)
        mediaBacklog.queued(frame.count, isReplay: isReplay, at: now)
    }

    /// Frames of live streams that the socket has not taken yet.
    func mediaWaiting(at now: Timestamp) -> MediaBacklog.Waiting { mediaBacklog.waiting(socket.mediaBytes, now: now) }

    /// The answer to a command. The next one is not done before most of it is taken.
    func reply(_ id: Int64, _ verb: String, _ result: JSON) { answer(["id": .integer(id), verb: result]) }

    func refuse(_ id: Int64, _ error: ReplyError) { answer(["id": .integer(id), "error": error.json]) }

    private func answer(_ json: JSON) { socket.send(text: MessageBuffer(text: json.utf8)) }

    /// A push for this connection alone, in no history.
    func message(_ data: JSON) { push(["push": ["message": ["data": data]]]) }
}

extension Client: Hashable {
    static func == (one: Client, other: Client) -> Bool { one === other }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
