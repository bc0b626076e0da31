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
        let admission: Admission
        do {
            admission = try await admit(connect, from: client.socket)
        } catch let error as APIError where error.field == "connect.data.device_id" {
            client.socket.close(code: CloseCode.badRequest, reason: error.message)
            return
        } catch let error as APIError where error == .expiredToken {
            // A client that can get another one may connect with it at once.
            client.state = .new
            client.refuse(id, .tokenExpired)
            return
        } catch let error as APIError where error.status == 429 || error == .overloaded {
            client.state = .new
            client.refuse(id, ReplyError(error))
            return
        } catch let error as APIError where error.status == 401 || error.status == 403 {
            client.socket.close(code: CloseCode.invalidToken, reason: error.message)
            return
        } catch {
            log.error("connect failed", ["error": String(reflecting: error)])
            client.socket.close(code: CloseCode.internalError, reason: "the hub could not do this")
            return
        }
        guard client.socket.isOpen else { return }
        let principal = admission.grant.principal, scope = principal.scope, device = admission.device
        guard connectionsOfSubject[principal.subject, default: 0] < configuration.limits.maximumConnectionsPerUser else {
            services.metrics.refused(by: "connections_per_user")
            client.socket.close(code: CloseCode.connectionLimit, reason: "too many connections of one user")
            return
        }
        connectionsOfSubject[principal.subject, default: 0] += 1
        client.state = .connected(
            Client.Identity(principal: principal, kind: connect.kind, device: device, canForceKeyframe: connect.canForceKeyframe))
        client.expiry = ConnectionExpiry(expiresAt: admission.grant.expiresAt, graceSeconds: configuration.limits.expiryGraceSeconds)
        var channels: [Channel] = []
        if let listener = principal.listener {
            addListener(listener, scope)
            channels.append(.user(scope.account, listener))
        }
        if let device { channels.append(.sensor(scope.account, device)) }
        var subscriptions: [String: JSON] = [:]
        for channel in channels {
            subscriptions[channel.name] = subscribeServerSide(client, to: channel, position: connect.positions[channel.name])
        }
        var answer = session(of: client)
        answer["ping"] = .integer(Int64(configuration.limits.pingSeconds))
        answer["pong"] = true
        answer["session"] = .string(client.name)
        answer["subs"] = .object(subscriptions)
        answer["data"] = [
            "user_id": .optional(principal.listener?.rawValue), "device_id": .optional(device?.rawValue), "time": .integer(now.milliseconds),
            "limits": .object(announcedLimits(admission.plan)),
        ]
        client.reply(id, "connect", .object(answer))
        if let device { sensorArrived(client, device: device, scope: scope) }
    }

    /// - Parameter plan: of a sensor's account; `nil` for who does not send clips.
    private func announcedLimits(_ plan: Plan?) -> [String: JSON] {
        let limits = configuration.limits
        var announced: [String: JSON] = [
            "max_frame_bytes": .integer(Int64(limits.maximumFrameBytes)), "max_text_bytes": .integer(Int64(limits.maximumTextBytes)),
            "max_subscriptions": .integer(Int64(limits.maximumSubscriptions)),
        ]
        guard let plan else { return announced }
        announced["clip_window_bytes"] = .integer(Int64(limits.clipWindowBytes))
        announced["max_clip_seconds"] = .number(plan.clipSeconds(atMost: limits.maximumClipSeconds))
        announced["max_still_bytes"] = .integer(Int64(limits.maximumStillBytes))
        announced["uploads_per_hour"] = .optional([limits.uploadsPerHour > 0 ? limits.uploadsPerHour : nil, plan.uploadsPerHour].compactMap(\.self).min())
        return announced
    }

    private struct Admission {
        let grant: Authentication.Grant
        var device: DeviceID?
        /// Of a sensor's account; `nil` for who does not send clips.
        var plan: Plan?
    }

    private static let looksAtMost = 8

    /// Who lives by what was taken back while they were looked up is looked up again.
    ///
    /// - Throws: 503 `busy` where that happens again and again.
    private func settled(_ look: () async throws -> Admission) async throws -> Admission {
        for _ in 0..<Self.looksAtMost {
            let before = revocations.count
            let found = try await look()
            if !revocations.mayConcern(since: before, { $0.concerns(found.grant.principal, as: found.device) }) { return found }
        }
        throw APIError.overloaded
    }

    /// Who a connection is, and as which camera.
    private func admit(_ connect: Command.Connect, from socket: WebSocket) async throws -> Admission {
        let address = socket.client.isEmpty ? socket.peer?.description ?? "" : socket.client
        return try await settled {
            let grant = try await services.authentication.grant(token: connect.token, from: address, services.attempts)
            let own = grant.principal.device
            // A camera's own token is for nothing else.
            guard (connect.kind == .sensor || own == nil) && (connect.kind == .viewer || own != nil || grant.principal.may(.control)),
                connect.kind == .sensor || grant.principal.may(.view)
            else { throw APIError.forbidden }
            let device = own ?? connect.device
            if connect.kind == .sensor, device == nil {
                throw APIError.invalid("connect.data.device_id", "a sensor names its device")
            }
            if let device {
                let isKnown = try await services.store.devices.find(device, in: grant.principal.scope) != nil
                guard isKnown, own == nil || connect.device == nil || connect.device == own else {
                    throw APIError(status: 404, code: "not_found", message: "connect.data.device_id: there is no such device", field: "connect.data.device_id")
                }
            }
            // Viewers, who come by the thousand, send no clips.
            let plan = connect.kind == .sensor ? try await services.store.plans.current(in: grant.principal.scope) : nil
            return Admission(grant: grant, device: device, plan: plan)
        }
    }

    private func refresh(_ client: Client, id: Int64, token: String) async throws {
        let before = try identity(of: client)
        do {
            let grant = try await settled { Admission(grant: try await services.authentication.grant(token: token)) }.grant
            guard client.socket.isOpen else { return }
            // It goes on as the one that it is; who is another now, or may do something else, connects again.
            guard grant.principal.subject == before.principal.subject, grant.principal.scope == before.principal.scope,
                grant.principal.permissions == before.principal.permissions
            else { throw APIError.invalidToken }
            client.state = .connected(
                Client.Identity(principal: grant.principal, kind: before.kind, device: before.device, canForceKeyframe: before.canForceKeyframe))
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

    /// Closes the connections that live by what was taken back.
    func close(_ credential: Credential) {
        revocations.append(.credential(credential))
        for client in clients.values where client.identity?.principal.depends(on: credential) == true {
            client.socket.close(code: CloseCode.invalidToken, reason: "the token was revoked")
            guard let identity = client.identity, let device = identity.device else { continue }
            // Who watches hears of it now: the camera may take its time to go.
            let key = DeviceKey(account: identity.scope.account, device: device)
            guard sensors[key] === client else { continue }
            sensors[key] = nil
            sensorLeft(key)
        }
        // They may see other devices when they come back, or nothing at all.
        if case .member(let account, let user) = credential {
            histories[.user(account, user)] = nil
            forgetListener(user, of: account)
        }
    }
}
