// Live streams: from one sensor to whoever watches.

import Domain
import Loop
import Store

extension RealtimeHub {
    // MARK: - Sensors

    func sensorArrived(_ client: Client, device: DeviceID, scope: AccountScope) {
        let key = DeviceKey(account: scope.account, device: device)
        // A sensor that comes back before its old connection was missed takes its place.
        if let old = sensors[key], old !== client {
            sensors[key] = nil
            sensorLeft(key)
            old.socket.close(code: CloseCode.goingAway, reason: "the device has connected again")
        }
        sensors[key] = client
        announcePresence(key, scope: scope)
        if let stream = relayOfDevice[key], var live = relays[stream] {
            let requests = live.relay.sensorArrived(now: now)
            relays[stream] = live
            ask(requests, of: key, stream: stream)
        }
    }

    func sensorLeft(_ key: DeviceKey) {
        announcePresence(key, scope: AccountScope(key.account))
        if let stream = relayOfDevice[key] { endLive(stream, reason: "the camera is not connected") }
    }

    /// Ends a stream for all who watch it.
    func endLive(_ stream: UInt32, reason: String) {
        guard let live = relays.removeValue(forKey: stream) else { return }
        let key = live.key
        relayOfDevice[key] = nil
        for viewer in live.relay.allViewers {
            guard let client = clients[viewer] else { continue }
            client.watched.remove(stream)
            client.message([
                "type": "live.ended", "stream": .integer(Int64(stream)), "device_id": .string(key.device.rawValue),
                "reason": .string(reason),
            ])
        }
        publish(liveEnd(key, stream), about: key)
    }

    /// Whether a connection is that of the device itself.
    func isSensor(_ client: Client, of key: DeviceKey) -> Bool {
        guard let identity = client.identity, let device = identity.device else { return false }
        return key == DeviceKey(account: identity.user.account, device: device)
    }

    func isOnline(_ key: DeviceKey) -> Bool { sensors[key] != nil }

    private func liveEnd(_ key: DeviceKey, _ stream: UInt32) -> Publication {
        Publication("live.stopped", ["device_id": .string(key.device.rawValue), "stream": .integer(Int64(stream))])
    }

    private func announcePresence(_ key: DeviceKey, scope: AccountScope) {
        let isOnline = isOnline(key)
        let services = services!
        let now = now
        Task {
            try? await services.store.devices.touch(key.device, in: scope, at: now)
            let watching = (try? await services.watching.isWatching(key.device, in: scope)) ?? false
            // Only the newest state is worth telling.
            guard self.isOnline(key) == isOnline else { return }
            self.publish(
                Publication(
                    "device.presence",
                    ["device_id": .string(key.device.rawValue), "online": .bool(isOnline), "watching": .bool(watching)]),
                about: key)
        }
    }

    // MARK: - Viewers

    func watch(_ device: DeviceID, by client: Client, in scope: AccountScope) -> JSON {
        let key = DeviceKey(account: scope.account, device: device)
        let stream: UInt32
        var live: Live
        if let existing = relayOfDevice[key], let found = relays[existing] {
            stream = existing
            live = found
        } else {
            stream = nextStream()
            live = Live(key: key, relay: LiveRelay(stream: stream, sensorIsPresent: isOnline(key)))
            relayOfDevice[key] = stream
        }
        let joined = live.relay.join(client.socket.id, now: now)
        relays[stream] = live
        client.watched.insert(stream)
        for configuration in joined.configurations { client.socket.send(media: configuration) }
        ask(joined.requests, of: key, stream: stream)
        return ["stream": .integer(Int64(stream)), "online": .bool(isOnline(key))]
    }

    func unwatch(_ stream: UInt32, by client: Client) {
        client.watched.remove(stream)
        relays[stream]?.relay.leave(client.socket.id, now: now)
    }

    func wantsKeyframe(_ stream: UInt32, client: Client) {
        guard client.watched.contains(stream), var live = relays[stream] else { return }
        let requests = live.relay.keyframeWanted(by: client.socket.id, now: now)
        relays[stream] = live
        ask(requests, of: live.key, stream: stream)
    }

    private func ask(_ requests: [LiveRelay<UInt64, MessageBuffer>.SensorRequest], of key: DeviceKey, stream: UInt32) {
        let sensor = Channel.sensor(key.account, key.device)
        let id: JSON = .integer(Int64(stream))
        for request in requests {
            switch request {
            case .start:
                publish(Publication("live.start", ["stream": id, "tracks": [0, 1]]), to: sensor)
                publish(Publication("live.started", ["device_id": .string(key.device.rawValue), "stream": id]), about: key)
            case .keyframe: publish(Publication("live.keyframe", ["stream": id]), to: sensor)
            case .stop:
                publish(Publication("live.stop", ["stream": id]), to: sensor)
                publish(liveEnd(key, stream), about: key)
            }
        }
    }

    func tickRelays(now: Timestamp) {
        for (stream, var live) in relays {
            let requests = live.relay.tick(now: now)
            if live.relay.isIdle {
                relays[stream] = nil
                relayOfDevice[live.key] = nil
            } else {
                relays[stream] = live
            }
            ask(requests, of: live.key, stream: stream)
        }
    }

    // MARK: - Frames

    /// A live access unit, relayed as it came.
    func relay(_ header: FrameHeader, _ message: MessageBuffer, from client: Client) {
        guard let live = relays[header.stream], isSensor(client, of: live.key) else { return }
        let stream = header.stream
        relays[stream]?.relay.relay(
            header, frame: message, backlog: { clients[$0]?.socket.mediaBytes ?? 0 },
            deliver: { viewer, delivery in
                guard let client = clients[viewer] else { return }
                if delivery == .gapThenFrame { client.message(["type": "live.gap", "stream": .integer(Int64(stream))]) }
                client.socket.send(media: message)
            })
    }
}
