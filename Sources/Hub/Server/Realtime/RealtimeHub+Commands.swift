// What clients ask, one command after another; and the beginning and the end of their sessions.

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    func work(for client: Client) async {
        while let command = client.commands.popFirst() {
            if client.commands.count == configuration.limits.maximumQueuedCommands / 2 { client.release(.commands) }
            guard client.socket.isOpen else { break }
            await perform(command, for: client)
            await untilAnswersAreTaken(by: client)
        }
        client.commands = []
        client.isWorking = false
    }

    private func perform(_ command: Command, for client: Client) async {
        do {
            switch command {
            case .pong: break
            case .ping(let id): client.reply(id, "ping", [:])
            case .connect(let id, let request): await connect(client, id: id, request)
            case .refresh(let id, let token): try await refresh(client, id: id, token: token)
            case .subscribe(let id, let request): try await subscribe(client, id: id, request)
            case .unsubscribe(let id, let channel): try unsubscribe(client, id: id, channel: channel)
            case .presence(let id, let channel): try await presence(client, id: id, channel: channel)
            case .presenceStats(let id, let channel): try await presenceStats(client, id: id, channel: channel)
            case .history(let id, let request): try await history(client, id: id, request)
            case .rpc(let id, let method, let data): try await call(method, data, id: id, by: client)
            case .send(let data): await receive(data, from: client)
            // Only the hub publishes.
            case .publish: throw ReplyError.permissionDenied
            case .unknown(_, let verb): throw ReplyError.unknownCommand(verb)
            }
        } catch {
            guard let id = command.id else { return }
            client.refuse(id, error as? ReplyError ?? ReplyError(apiError(for: error, log: log)))
        }
    }

    /// Answers may be much larger than what asks for them: the next command waits until this client has taken most of them.
    private func untilAnswersAreTaken(by client: Client) async {
        while client.socket.isOpen, client.hasManyAnswersWaiting {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    func identity(of client: Client) throws(ReplyError) -> Client.Identity {
        guard let identity = client.identity else { throw .unauthorized }
        return identity
    }

    // MARK: - Sessions

    private func connect(_ client: Client, id: Int64, _ connect: Command.Connect) async {
        let grant: Accounts.Grant
        client.offeredTokenHash = connect.token.map(Accounts.hash)
        defer { client.offeredTokenHash = nil }
        do {
            grant = try await services.accounts.grant(token: connect.token)
            if let device = connect.device, try await services.store.devices.find(device, in: grant.user.scope) == nil {
                client.socket.close(code: CloseCode.badRequest, reason: "connect.data.device_id: there is no such device")
                return
            }
        } catch let error as APIError where error == .expiredToken {
            // A client that can get another one may connect with it at once.
            client.state = .new
            client.refuse(id, .tokenExpired)
            return
        } catch let error as APIError where error.status == 401 {
            client.socket.close(code: CloseCode.invalidToken, reason: error.message)
            return
        } catch {
            log.error("connect failed", ["error": String(reflecting: error)])
            client.socket.close(code: CloseCode.internalError, reason: "the hub could not do this")
            return
        }
        guard client.socket.isOpen else { return }
        let user = grant.user
        guard connectionsOfUser[user.id, default: 0] < configuration.limits.maximumConnectionsPerUser else {
            services.metrics.refused(by: "connections_per_user")
            client.socket.close(code: CloseCode.connectionLimit, reason: "too many connections of one user")
            return
        }
        connectionsOfUser[user.id, default: 0] += 1
        client.state = .connected(
            Client.Identity(user: user, kind: connect.kind, device: connect.device, canForceKeyframe: connect.canForceKeyframe))
        client.tokenHash = client.offeredTokenHash
        client.expiry = ConnectionExpiry(expiresAt: grant.expiresAt, graceSeconds: configuration.limits.expiryGraceSeconds)
        accountUsers[user.account, default: []].insert(user.id)
        accountOfUser[user.id] = user.account

        var channels: [Channel] = [.user(user.id)]
        if let device = connect.device { channels.append(.sensor(user.account, device)) }
        var subscriptions: [String: JSON] = [:]
        for channel in channels {
            subscriptions[channel.name] = subscribeServerSide(client, to: channel, position: connect.positions[channel.name])
        }
        let limits = configuration.limits
        var answer = session(of: client)
        answer["ping"] = .integer(Int64(limits.pingSeconds))
        answer["pong"] = true
        answer["session"] = .string(client.name)
        answer["subs"] = .object(subscriptions)
        answer["data"] = [
            "user_id": .string(user.id.rawValue), "time": .integer(now.milliseconds),
            "limits": [
                "max_frame_bytes": .integer(Int64(limits.maximumFrameBytes)),
                "max_text_bytes": .integer(Int64(limits.maximumTextBytes)),
                "clip_window_bytes": .integer(Int64(limits.clipWindowBytes)), "max_clip_seconds": .number(limits.maximumClipSeconds),
                "max_still_bytes": .integer(Int64(limits.maximumStillBytes)),
                "max_subscriptions": .integer(Int64(limits.maximumSubscriptions)),
                "uploads_per_hour": .optional(limits.uploadsPerHour > 0 ? limits.uploadsPerHour : nil),
            ],
        ]
        client.reply(id, "connect", .object(answer))
        if let device = connect.device { sensorArrived(client, device: device, scope: user.scope) }
    }

    private func refresh(_ client: Client, id: Int64, token: String) async throws {
        let user = try identity(of: client).user
        client.offeredTokenHash = Accounts.hash(token)
        defer { client.offeredTokenHash = nil }
        do {
            let grant = try await services.accounts.grant(token: token)
            guard client.socket.isOpen else { return }
            guard grant.user.id == user.id else { throw APIError.invalidToken }
            client.tokenHash = client.offeredTokenHash
            client.expiry.refresh(until: grant.expiresAt)
            client.reply(id, "refresh", .object(session(of: client)))
        } catch let error as APIError where error == .expiredToken {
            client.socket.close(code: CloseCode.expired, reason: "connection expired")
        } catch let error as APIError where error.status == 401 {
            client.socket.close(code: CloseCode.invalidToken, reason: error.message)
        }
    }

    /// What connect and refresh both tell.
    private func session(of client: Client) -> [String: JSON] {
        var fields: [String: JSON] = ["client": .string(client.name), "version": .string(configuration.version)]
        if let ttl = client.expiry.ttl(at: now) {
            fields["expires"] = true
            fields["ttl"] = .integer(ttl)
        }
        return fields
    }

    /// Closes the connections of a token that was revoked.
    func close(tokenHash: String) {
        for client in clients.values where client.tokenHash == tokenHash || client.offeredTokenHash == tokenHash {
            client.socket.close(code: CloseCode.invalidToken, reason: "the token was revoked")
        }
    }
}
