// Live streams: from one sensor to whoever watches.

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    // MARK: - Sensors

    func sensorArrived(_ client: Client, device: DeviceID, scope: AccountScope) {
        let key = DeviceKey(account: scope.account, device: device)
        // A sensor that comes back before its old connection was missed takes its place. Where the old one is another page that lives, it is told
        // not to come back.
        if let old = sensors[key], old !== client {
            sensors[key] = nil
            sensorLeft(key)
            old.socket.close(code: CloseCode.replaced, reason: "another connection of this device took over")
        }
        sensors[key] = client
        announcePresence(key, scope: scope)
        if let stream = relayOfDevice[key], var live = relays[stream] {
            let requests = live.relay.sensorArrived(canForceKeyframe: client.identity?.canForceKeyframe ?? true, now: now)
            relays[stream] = live
            ask(requests, of: key, stream: stream)
        }
    }

    func sensorLeft(_ key: DeviceKey) {
        announcePresence(key, scope: AccountScope(key.account))
        abandonCommands(of: key)
        if let stream = relayOfDevice[key] { endLive(stream, reason: "the camera is not connected") }
    }

    /// Ends a stream for all who watch it.
    func endLive(_ stream: UInt32, reason: String) {
        guard let live = relays[stream] else { return }
        let key = live.key
        removeRelay(stream)
        for viewer in live.relay.allViewers {
            viewer.watched.remove(stream)
            viewer.message([
                "type": "live.ended", "stream": .integer(Int64(stream)), "device_id": .string(key.device.rawValue),
                "reason": .string(reason),
            ])
        }
        if live.relay.isStreaming {
            // A sensor that comes back may hear only then that it was to start.
            ask([.stop], of: key, stream: stream)
        } else {
            publish(liveEnd(key, stream), about: key)
        }
    }

    /// Whether a connection is that of the device itself.
    func isSensor(_ client: Client, of key: DeviceKey) -> Bool {
        guard let identity = client.identity, let device = identity.device else { return false }
        return key == DeviceKey(account: identity.scope.account, device: device)
    }

    func isOnline(_ key: DeviceKey) -> Bool { sensors[key] != nil }

    var connectedSensors: Set<DeviceReports.Key> {
        Set(sensors.keys.map { DeviceReports.Key(scope: AccountScope($0.account), device: $0.device) })
    }

    private func liveEnd(_ key: DeviceKey, _ stream: UInt32) -> Publication {
        Publication("live.stopped", ["device_id": .string(key.device.rawValue), "stream": .integer(Int64(stream))])
    }

    private func announcePresence(_ key: DeviceKey, scope: AccountScope) {
        let isOnline = isOnline(key)
        let services = services!
        let now = now
        Task {
            let reported = DeviceReports.Key(scope: scope, device: key.device), report = services.reports.find(reported)
            do {
                try await services.store.health.heard(key.device, report: report?.stored, in: scope, at: now)
                if let report, !self.isOnline(key) { services.reports.forget(report, of: reported) }
            } catch {
                log.debug("it was not noted when a device was heard of", ["device_id": key.device.rawValue])
            }
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

    /// - Throws: `ReplyError.limitExceeded`.
    func watch(_ device: DeviceID, by client: Client, in scope: AccountScope) throws -> JSON {
        let key = DeviceKey(account: scope.account, device: device)
        let stream = try stream(of: key)
        guard var live = relays[stream] else { throw APIError.internalError }
        let now = now
        do {
            let joined = try live.relay.join(client, backlog: client.mediaWaiting(at: now), now: now)
            relays[stream] = live
            client.watched.insert(stream)
            for (frame, delivery) in joined.frames { client.send(media: frame, isReplay: delivery == .replay, at: now) }
            ask(joined.requests, of: key, stream: stream)
        } catch Live.Relay.Refusal.tooManyViewers(let limit) {
            services.metrics.refused(by: "viewers_per_stream")
            throw ReplyError.limitExceeded("a camera has at most \(limit) viewers")
        }
        return ["stream": .integer(Int64(stream)), "online": .bool(isOnline(key))]
    }

    /// The device's live stream; there is one from now on, until it is idle.
    ///
    /// - Throws: `ReplyError.limitExceeded`.
    func stream(of key: DeviceKey) throws(ReplyError) -> UInt32 {
        if let stream = relayOfDevice[key] { return stream }
        let limits = configuration.limits.live
        guard relayCounts[key.account, default: 0] < limits.streamsPerAccount else {
            services.metrics.refused(by: "streams_per_account")
            throw .limitExceeded("an account has at most \(limits.streamsPerAccount) live streams at a time")
        }
        let stream = nextStream(), sensor = sensors[key]?.identity
        relays[stream] = Live(
            key: key,
            relay: Live.Relay(
                stream: stream, sensorIsPresent: sensor != nil, canForceKeyframe: sensor?.canForceKeyframe ?? true, limits: limits))
        relayOfDevice[key] = stream
        relayCounts[key.account, default: 0] += 1
        return stream
    }

    private func removeRelay(_ stream: UInt32) {
        guard let key = relays.removeValue(forKey: stream)?.key else { return }
        relayOfDevice[key] = nil
        let left = relayCounts[key.account, default: 1] - 1
        relayCounts[key.account] = left > 0 ? left : nil
        endPictures(of: stream)
    }

    func counts() -> RealtimeCounts {
        var counts = RealtimeCounts(accepting: loop.statistics)
        for live in relays.values {
            if live.relay.isStreaming { counts.streams += 1 }
            counts.viewers += live.relay.viewerCount
        }
        for client in clients.values { if let identity = client.identity { counts.sockets[identity.kind, default: 0] += 1 } }
        return counts
    }

    func unwatch(_ stream: UInt32, by client: Client) {
        client.watched.remove(stream)
        relays[stream]?.relay.leave(client, now: now)
    }

    func wantsKeyframe(_ stream: UInt32, client: Client) {
        guard client.watched.contains(stream), var live = relays[stream] else { return }
        let requests = live.relay.keyframeWanted(by: client, now: now)
        relays[stream] = live
        ask(requests, of: live.key, stream: stream)
    }

    func ask(_ requests: [Live.Relay.SensorRequest], of key: DeviceKey, stream: UInt32) {
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

    func tickRelay(_ stream: UInt32, now: Timestamp) {
        // A copy of the relay would make it copy its group of pictures.
        guard let key = relays[stream]?.key else { return }
        let deliver = deliver(of: stream, now)
        let requests = relays[stream]?.relay.tick(now: now, backlog: { $0.mediaWaiting(at: now) }, deliver: deliver) ?? []
        ask(requests, of: key, stream: stream)
        if relays[stream]?.relay.isIdle == true { removeRelay(stream) }
    }

    // MARK: - Frames

    /// A live access unit, relayed as it came.
    func relay(_ header: FrameHeader, _ message: MessageBuffer, from client: Client) {
        let stream = header.stream
        // A copy of the relay would make it copy its group of pictures.
        guard let key = relays[stream]?.key, isSensor(client, of: key) else { return }
        let now = now
        let deliver = deliver(of: stream, now)
        let fallenBehind = relays[stream]?.relay.relay(
            header, frame: message, bytes: message.count, now: now, backlog: { $0.mediaWaiting(at: now) }, deliver: deliver)
        if let fallenBehind, fallenBehind > 0 { services.metrics.count("pingwatch_live_gaps_total", by: Double(fallenBehind)) }
        if header.track == FrameHeader.videoTrack, pictureWaiters[stream] != nil { pictureArrived(on: stream, now: now) }
    }

    private func deliver(of stream: UInt32, _ now: Timestamp) -> (Client, MessageBuffer, Live.Relay.Delivery) -> Void {
        { client, frame, delivery in
            if delivery == .gapThenFrame {
                // Among the frames, where it belongs: text overtakes media that still wait.
                let gap: JSON = ["push": ["message": ["data": ["type": "live.gap", "stream": .integer(Int64(stream))]]]]
                client.send(media: MessageBuffer(text: gap.utf8), at: now)
            }
            client.send(media: frame, isReplay: delivery == .replay, at: now)
        }
    }
}
