// The sessions and channels of the socket protocol, on the loop's thread.

import Domain
import Loop
import Runtime
import Store

/// Owns every socket client, channel history, live relay and clip stream. Its executor is the loop, so that a frame goes from
/// socket to viewers without a hop.
actor RealtimeHub {
    static let subprotocol = "pingwatch.v1"

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let configuration: ServerConfiguration
    let clock: WallClock
    let log = Log("socket")
    /// Set once, right after the loop has started; no client is taken before.
    var services: RealtimeServices!

    var clients: [UInt64: Client] = [:]
    /// Of clients that have signed in, by `Principal.subject`.
    var connectionsOfSubject: [String: Int] = [:]
    /// Who is being looked up meanwhile is looked up again.
    var revocations = Revocations<Revoked>(capacity: 512)
    /// Of sockets behind trusted proxies.
    private var socketsOfAddress: [String: Int] = [:]
    var subscribers: [Channel: [UInt64: Client]] = [:]
    var unsent = UnsentPublications<Channel>()
    /// Those whose channels have a history, and of which devices they hear.
    var listeners: [AccountID: [UserID: DeviceAccess]] = [:]
    var histories: [Channel: ChannelHistory<String>] = [:]
    var relays: [UInt32: Live] = [:]
    var relayOfDevice: [DeviceKey: UInt32] = [:]
    /// Live streams of each account.
    var relayCounts: [AccountID: Int] = [:]
    /// Who waits for a picture of a stream.
    var pictureWaiters: [UInt32: [PictureWaiter]] = [:]
    var sensors: [DeviceKey: Client] = [:]
    /// What cameras were asked and have not answered, and who wants to know.
    var pendingCommands = PendingCommands<DeviceKey>(maximumPerCamera: RealtimeHub.commandsPerCamera)
    var commandEnds: [String: CommandEnd] = [:]
    /// Clips whose stills are being gathered or looked at.
    var previews: [UInt32: Preview] = [:]
    /// Clips whose connection is gone while their last frames are still being written.
    var departing: [ClipKey: ClipStream] = [:]
    /// Clips that are being opened just now, and who waits for that.
    private var opening: [ClipKey: [CheckedContinuation<Void, Never>]] = [:]
    /// Another one in every run: offsets begin anew.
    let epoch = Crypto.randomToken(bytes: 6)
    private var lastHistory = 0
    private var lastStream: UInt32 = 0
    var historiesSweptAt = Timestamp(milliseconds: 0)

    /// What may not be built upon any more.
    enum Revoked {
        case credential(Credential)
        /// It was removed.
        case device(DeviceKey)

        func concerns(_ principal: Principal, as device: DeviceID?) -> Bool {
            switch self {
            case .credential(let credential): principal.depends(on: credential)
            case .device(let key): key.account == principal.scope.account && key.device == device
            }
        }
    }

    struct DeviceKey: Hashable {
        let account: AccountID
        let device: DeviceID
    }

    struct ClipKey: Hashable {
        let account: AccountID
        let event: EventID
    }

    struct Live {
        /// Viewers themselves and not their ids: to look each of them up for each frame is a tenth of what the hub does for it.
        typealias Relay = LiveRelay<Client, MessageBuffer>

        let key: DeviceKey
        var relay: Relay
        /// Of a sensor that sends what a recorder writes.
        var recording: RecordedStream?
    }

    init(loop: EventLoop, configuration: ServerConfiguration, clock: WallClock) {
        self.loop = loop
        self.configuration = configuration
        self.clock = clock
    }

    func use(_ services: RealtimeServices) { self.services = services }

    /// Milliseconds, for what must not depend on somebody setting the clock.
    private var uptime: Int64 { MonotonicClock.system.milliseconds }

    var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// Ids of live and clip streams; unique while the hub runs.
    func nextStream() -> UInt32 {
        lastStream += 1
        return lastStream
    }

    /// One that is forgotten and begins anew has another epoch, for its offsets begin anew as well.
    func makeHistory() -> ChannelHistory<String> {
        lastHistory += 1
        return ChannelHistory(epoch: "\(epoch)\(lastHistory)")
    }

    // MARK: - Connections

    func opened(_ socket: WebSocket) {
        // Who comes in the instant between listening and being wired comes again.
        guard services != nil else { return socket.close(code: CloseCode.goingAway, reason: "the hub is starting") }
        if !socket.client.isEmpty {
            guard socketsOfAddress[socket.client, default: 0] < configuration.limits.maximumConnectionsPerAddress else {
                services.metrics.refused(by: "connections_per_address")
                return socket.close(code: CloseCode.connectionLimit, reason: "too many connections of one address")
            }
            socketsOfAddress[socket.client, default: 0] += 1
        }
        clients[socket.id] = Client(socket: socket, name: "c-\(socket.id)", limits: configuration.limits, now: now, uptime: uptime)
    }

    func closed(_ socket: WebSocket) {
        guard let client = clients.removeValue(forKey: socket.id) else { return }
        if let code = socket.closeCode { services.metrics.count("pingwatch_closes_total", ["code": String(code)]) }
        countDown(socket.client, in: &socketsOfAddress)
        if let subject = client.identity?.principal.subject { countDown(subject, in: &connectionsOfSubject) }
        for channel in client.subscriptions.channels { removeSubscriber(client, from: channel) }
        for stream in client.watched { relays[stream]?.relay.leave(client, now: now) }
        client.watched = []
        for clip in client.clips.values { detach(clip) }
        client.clips = [:]
        guard let identity = client.identity, let device = identity.device else { return }
        let key = DeviceKey(account: identity.scope.account, device: device)
        if sensors[key] === client {
            sensors[key] = nil
            sensorLeft(key)
        }
    }

    private func countDown<Key>(_ key: Key, in counts: inout [Key: Int]) {
        guard let count = counts[key] else { return }
        counts[key] = count > 1 ? count - 1 : nil
    }

    /// Frames that came are written to the end; the sensor may open the clip again, and waits for that then.
    func detach(_ clip: ClipStream) {
        departing[clip.key] = clip
        Task { await finish(clip) }
    }

    func finish(_ clip: ClipStream) async {
        await clip.untilDrained()
        await clip.writer.close()
        if departing[clip.key] === clip { departing[clip.key] = nil }
    }

    /// Waits until nobody else is opening the clip: two writers of one log would write over each other. `endTurn` must follow.
    func takeTurn(_ key: ClipKey) async {
        if opening[key] == nil {
            opening[key] = []
        } else {
            await withCheckedContinuation { opening[key]?.append($0) }
        }
    }

    func endTurn(_ key: ClipKey) {
        guard var waiting = opening[key], !waiting.isEmpty else {
            opening[key] = nil
            return
        }
        let next = waiting.removeFirst()
        opening[key] = waiting
        next.resume()
    }

    func received(_ message: MessageBuffer, isBinary: Bool, on socket: WebSocket) {
        guard let client = clients[socket.id] else { return }
        let now = now
        client.lastHeardAt = uptime
        spend(bytes: message.count, of: client, at: now)
        if isBinary {
            // The loop's own limit is wider where it serves `echo` as well.
            guard message.count <= configuration.limits.maximumFrameBytes else {
                socket.close(code: CloseCode.tooBig, reason: "binary messages have at most \(configuration.limits.maximumFrameBytes) bytes")
                return
            }
            receiveFrame(message, from: client)
            return
        }
        guard message.count <= configuration.limits.maximumTextBytes else {
            socket.close(code: CloseCode.tooBig, reason: "text messages have at most \(configuration.limits.maximumTextBytes) bytes")
            return
        }
        do {
            let commands = try message.withBytes { (bytes) throws(Command.Malformed) in try Command.parse(bytes) }
            // One message may have many of them.
            if commands.count > 1 { spend(messages: commands.count - 1, of: client, at: now) }
            for command in commands { accept(command, from: client) }
        } catch {
            socket.close(code: CloseCode.badRequest, reason: error.reason)
        }
    }

    /// Counts what a client has sent; who has sent too much is not read from until `tick` finds it paid.
    func spend(messages: Int = 1, bytes: Int = 0, of client: Client, at now: Timestamp) {
        guard let limit = client.budget.spend(messages: messages, bytes: bytes, at: now), client.hold(.rate) else { return }
        services.metrics.held(by: limit.rawValue)
    }

    private func accept(_ command: Command, from client: Client) {
        switch (command, client.state) {
        case (.pong, _): return
        case (.ping(let id), .connected) where !client.hasManyAnswersWaiting: return client.reply(id, "ping", [:])
        case (.connect, .new): client.state = .connecting
        case (.connect, _):
            client.socket.close(code: CloseCode.badRequest, reason: "connect came twice")
            return
        case (_, .new):
            client.socket.close(code: CloseCode.badRequest, reason: "the first command must be connect")
            return
        case (_, .connecting), (_, .connected): break
        }
        client.commands.append(command)
        // One after another, in order; a client that sends faster waits in its socket.
        if client.commands.count > configuration.limits.maximumQueuedCommands, client.hold(.commands) {
            services.metrics.held(by: "commands")
        }
        guard !client.isWorking else { return }
        client.isWorking = true
        Task { await work(for: client) }
    }

    // MARK: - Time

    /// Several times a second: pings, time-outs, live streams that nobody watches. In pieces, between which the loop takes its turns: thousands of
    /// connections in one go would hold up what is live for milliseconds.
    func tick() async {
        var done = 0
        for client in Array(clients.values) where client.socket.isOpen {
            tick(client, now: now, uptime: uptime)
            await breathe(after: &done)
        }
        tickCommands()
        tickPreviews()
        for stream in Array(relays.keys) {
            tickRelay(stream, now: now)
            await breathe(after: &done)
        }
        expirePictures(now: now)
        tickHistories(now: now)
    }

    private static let tickedAtOnce = 64

    private func breathe(after done: inout Int) async {
        done += 1
        if done.isMultiple(of: Self.tickedAtOnce) { await Task.yield() }
    }

    private func tick(_ client: Client, now: Timestamp, uptime: Int64) {
        let limits = configuration.limits
        func seconds(since then: Int64) -> Double { Double(uptime - then) / 1000 }
        if client.isHeld(for: .rate), client.budget.isPaid(at: now) { client.release(.rate) }
        guard client.identity != nil else {
            // One whose `connect` is being looked at has done its part.
            if case .new = client.state, seconds(since: client.openedAt) > limits.connectSeconds {
                client.socket.close(code: CloseCode.stale, reason: "no connect in time")
            }
            return
        }
        if client.expiry.isOver(at: now) {
            client.socket.close(code: CloseCode.expired, reason: "connection expired")
        } else if seconds(since: client.lastHeardAt) > limits.pingSeconds + limits.pongPatienceSeconds {
            client.socket.close(code: CloseCode.noPong, reason: "no pong")
        } else if seconds(since: client.lastPingAt) >= limits.pingSeconds {
            client.lastPingAt = uptime
            client.push([:])
        }
    }
}
