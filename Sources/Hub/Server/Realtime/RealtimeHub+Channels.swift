// Channels: who hears what, and what they have missed.

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    // MARK: - Subscriptions

    func subscribe(_ client: Client, id: Int64, _ request: Command.Subscribe) async throws {
        let channel = try await ownChannel(request.channel, of: client)
        // The answer goes out before anything else can be published: there is no suspension from here on.
        do {
            var subscriptions = client.subscriptions
            try subscriptions.subscribe(channel)
            let (reply, isLost) = subscription(to: channel, position: request.position)
            if isLost, request.rejectsUnrecovered { throw ReplyError.unrecoverablePosition }
            client.subscriptions = subscriptions
            addSubscriber(client, to: channel)
            client.reply(id, "subscribe", reply)
        } catch let refusal as Subscriptions<Channel>.Refusal {
            throw replyError(refusal)
        }
    }

    func unsubscribe(_ client: Client, id: Int64, channel name: String) throws {
        _ = try identity(of: client)
        if let channel = client.subscriptions.channels.first(where: { $0.name == name }) {
            do {
                _ = try client.subscriptions.unsubscribe(channel)
            } catch {
                throw replyError(error)
            }
            removeSubscriber(client, from: channel)
        }
        client.reply(id, "unsubscribe", [:])
    }

    /// Subscribes on the hub's own account.
    ///
    /// - Returns: what the client is told of it.
    func subscribeServerSide(_ client: Client, to channel: Channel, position: StreamPosition?) -> JSON {
        client.subscriptions.subscribeServerSide(channel)
        addSubscriber(client, to: channel)
        return subscription(to: channel, position: position).json
    }

    private func addSubscriber(_ client: Client, to channel: Channel) {
        // What it is told of the channel's position counts these.
        if let lines = unsent.take(channel) { send(lines, to: channel) }
        subscribers[channel, default: [:]][client.socket.id] = client
    }

    func removeSubscriber(_ client: Client, from channel: Channel) {
        subscribers[channel]?[client.socket.id] = nil
        if subscribers[channel]?.isEmpty == true { subscribers[channel] = nil }
    }

    private func replyError(_ refusal: Subscriptions<Channel>.Refusal) -> ReplyError {
        switch refusal {
        case .alreadySubscribed: .alreadySubscribed
        case .limitExceeded: limitExceeded(by: "subscriptions", "a connection has at most \(configuration.limits.maximumSubscriptions) subscriptions")
        case .isServerSide: .permissionDenied
        }
    }

    private func limitExceeded(by limit: String, _ message: String) -> ReplyError {
        services.metrics.refused(by: limit)
        return .limitExceeded(message)
    }

    private func subscription(to channel: Channel, position: StreamPosition?) -> (json: JSON, isLost: Bool) {
        let history = history(of: channel)
        var fields: [String: JSON] = [
            "recoverable": true, "positioned": true, "epoch": .string(history.epoch), "offset": .integer(Int64(history.offset)),
        ]
        guard let position else { return (.object(fields), false) }
        let recovery = history.recover(epoch: position.epoch, offset: position.offset)
        fields["was_recovering"] = true
        fields["recovered"] = .bool(recovery.recovered)
        fields["publications"] = publications(recovery.publications)
        return (.object(fields), !recovery.recovered)
    }

    /// The channel of that name if the client's user owns it. One of somebody else and one that does not exist look the same.
    private func ownChannel(_ name: String, of client: Client) async throws -> Channel {
        let identity = try identity(of: client)
        switch ChannelName(name) {
        case .user(let user) where user == identity.principal.listener: return .user(identity.scope.account, user)
        case .sensor(let device) where device == identity.device: return .sensor(identity.scope.account, device)
        case .device(let device) where identity.principal.may(.view) || device == identity.device:
            guard try await services.store.devices.find(device, in: identity.scope) != nil else { throw ReplyError.permissionDenied }
            // It may have gone meanwhile, and must not be kept as a subscriber then.
            guard client.socket.isOpen else { throw ReplyError.unauthorized }
            return .device(identity.scope.account, device)
        default: throw ReplyError.permissionDenied
        }
    }

    // MARK: - Presence and history

    func presence(_ client: Client, id: Int64, channel name: String) async throws {
        let present = (subscribers[try await ownChannel(name, of: client)] ?? [:]).values
        let clients = present.compactMap { other -> (String, JSON)? in
            other.identity.map { (other.name, ["client": .string(other.name), "user": .string($0.principal.listener?.rawValue ?? "")]) }
        }
        client.reply(id, "presence", ["presence": .object(Dictionary(clients) { first, _ in first })])
    }

    func presenceStats(_ client: Client, id: Int64, channel name: String) async throws {
        let present = (subscribers[try await ownChannel(name, of: client)] ?? [:]).values
        let users = Set(present.compactMap { $0.identity?.principal.subject })
        client.reply(
            id, "presence_stats", ["num_clients": .integer(Int64(present.count)), "num_users": .integer(Int64(users.count))])
    }

    func history(_ client: Client, id: Int64, _ request: Command.History) async throws {
        let history = history(of: try await ownChannel(request.channel, of: client))
        do {
            let page = try history.page(limit: request.limit, since: request.since, reverse: request.isReversed)
            client.reply(
                id, "history",
                ["publications": publications(page), "epoch": .string(history.epoch), "offset": .integer(Int64(history.offset))])
        } catch {
            throw ReplyError.unrecoverablePosition
        }
    }

    /// Of any channel: one that nothing was published on has an empty one.
    private func history(of channel: Channel) -> ChannelHistory<String> {
        var history = histories[channel] ?? makeHistory()
        history.expire(at: now)
        histories[channel] = history
        return history
    }

    private func publications(_ entries: [ChannelHistory<String>.Entry]) -> JSON {
        .array(
            entries.compactMap { entry in
                JSON(parsing: entry.payload.utf8).map { ["data": $0, "offset": .integer(Int64(entry.offset))] }
            })
    }

    // MARK: - Publishing

    func publish(_ publication: Publication, to channel: Channel) { publish(text: publication.json(at: now).text, to: channel) }

    /// Of what is told to users, what a camera has to know that hears no `user:` channel: nothing by which one could look, or learn who gets alerts.
    private static let toldToSensors: Set<String> = ["session.started", "session.stopped"]

    /// What was written of a device: to those of its account who may see it.
    func publishChange(_ publication: Publication, about device: DeviceKey) {
        let text = publication.json(at: now).text
        publish(text: text, toListenersOf: device)
        guard Self.toldToSensors.contains(publication.type), let sensor = sensors[device]?.identity, sensor.principal.listener == nil else { return }
        publish(text: text, to: .sensor(device.account, device.device))
    }

    /// What happens to a device just now: to those of its account who may see it, and to those who listen to this device.
    func publish(_ publication: Publication, about device: DeviceKey) {
        let text = publication.json(at: now).text
        publish(text: text, toListenersOf: device)
        publish(text: text, to: .device(device.account, device.device))
    }

    private func publish(text: String, toListenersOf device: DeviceKey) {
        for (user, access) in listeners[device.account] ?? [:] where access.contains(device.device) {
            publish(text: text, to: .user(device.account, user))
        }
    }

    private func publish(text: String, to channel: Channel) {
        let offset = histories[channel, default: makeHistory()].append(text, at: now)
        guard subscribers[channel] != nil else { return }
        let line = "{\"push\":{\"channel\":\(JSON.string(channel.name).text),\"pub\":{\"data\":\(text),\"offset\":\(offset)}}}"
        if let full = unsent.add(line, to: channel) { send(full, to: channel) }
    }

    /// At the end of a turn of the loop: a subscriber gets what was published on a channel meanwhile as one message, a line each.
    func sendPublications() {
        for (channel, lines) in unsent.takeAll() { send(lines, to: channel) }
    }

    private func send(_ lines: [UInt8], to channel: Channel) {
        guard let clients = subscribers[channel] else { return }
        // Made once; the same bytes go to every subscriber.
        let message = MessageBuffer(text: lines)
        for client in clients.values { client.push(message) }
    }

    /// Once a minute: what is too old is forgotten also where nothing is published any more, and channels that nobody hears are with it.
    func tickHistories(now: Timestamp) {
        guard now.seconds(since: historiesSweptAt) >= 60 else { return }
        historiesSweptAt = now
        for channel in histories.keys {
            histories[channel]?.expire(at: now)
            guard subscribers[channel] == nil, histories[channel]?.isEmpty == true else { continue }
            histories[channel] = nil
            if case .user(let account, let user) = channel { forgetListener(user, of: account) }
        }
    }

    /// Hears of these devices from now on. Where they are others than before, the history tells of what one may not see any more, and is forgotten.
    func addListener(_ user: UserID, _ scope: AccountScope) {
        if let before = listeners[scope.account]?[user], before != scope.devices { histories[.user(scope.account, user)] = nil }
        listeners[scope.account, default: [:]][user] = scope.devices
    }

    func forgetListener(_ user: UserID, of account: AccountID) {
        listeners[account]?[user] = nil
        if listeners[account]?.isEmpty == true { listeners[account] = nil }
    }
}
