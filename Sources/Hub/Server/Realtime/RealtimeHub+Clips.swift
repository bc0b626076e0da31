// Clips that are streamed while they are recorded.

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    // MARK: - Frames

    func receiveFrame(_ message: MessageBuffer, from client: Client) {
        guard client.speaksMedia else {
            client.socket.close(code: CloseCode.unsupportedData, reason: "binary messages need the subprotocol \(Self.subprotocol)")
            return
        }
        guard client.identity?.kind == .sensor else {
            client.socket.close(code: CloseCode.badRequest, reason: "only a connected sensor sends media")
            return
        }
        let header: FrameHeader
        do {
            header = try message.withBytes { (bytes) throws(FrameHeader.ParseError) in try FrameHeader(parsing: bytes) }
        } catch {
            client.socket.close(code: CloseCode.badRequest, reason: "malformed frame header")
            return
        }
        switch header.kind {
        case .live: relay(header, message, from: client)
        case .clip, .clipBytes: store(header, message, from: client)
        case .liveBytes: relayRecorded(header, message, from: client)
        case .still: storeStill(header, message, from: client)
        }
    }

    private func store(_ header: FrameHeader, _ message: MessageBuffer, from client: Client) {
        guard let clip = client.clips[header.stream] else {
            client.message([
                "type": "clip.error", "stream": .integer(Int64(header.stream)), "event_id": .null, "code": "unknown_stream",
                "message": "stream: no clip is open with this id",
            ])
            return
        }
        guard clip.failure == nil else { return }
        do {
            guard try clip.receiver.frame(header, payloadBytes: message.count - FrameHeader.size) == .store else { return }
        } catch {
            if let limit = error.limit { services.metrics.refused(by: limit) }
            fail(clip, of: client, code: "bad_frame", reason: error.description)
            return
        }
        if header.sequence == 0 { noteFirstByte(of: clip) }
        message.withBytes { clip.append($0) }
        guard !clip.isWriting else { return }
        clip.isWriting = true
        Task { await write(clip, of: client) }
    }

    /// Writes what has gathered, acknowledges it, and goes on until nothing is left.
    private func write(_ clip: ClipStream, of client: Client) async {
        while clip.failure == nil, let batch = clip.takeBatch() {
            let next = clip.receiver.next
            do {
                let durable = try await clip.writer.append(batch.records, nextSequence: next)
                clip.receiver.persisted(next: durable, bytes: batch.payloadBytes)
                client.message(["type": "clip.ack", "stream": .integer(Int64(clip.stream)), "next": .integer(Int64(durable))])
            } catch {
                // The disk is full or fails. What was acknowledged is there; the sensor keeps the rest and comes again.
                let told = apiError(for: error, log: log)
                breakOff(clip, of: client, code: told.code, reason: told.message, isTemporary: true)
                await clip.writer.close()
            }
        }
        clip.isWriting = false
        clip.wakeWaiters()
    }

    /// For the list of what happened; the clip does not wait for it.
    private func noteFirstByte(of clip: ClipStream) {
        let time = now, event = clip.event, scope = clip.scope
        clip.firstByteAt = time
        Task {
            do {
                try await services.events.noteFirstByte(event, at: time, in: scope)
            } catch {
                log.debug("the first byte was not noted yet", ["event_id": event.rawValue, "error": String(describing: error)])
            }
        }
    }

    /// Ends a clip that was not sent by the rules, says so to the sensor, and records the reason.
    private func fail(_ clip: ClipStream, of client: Client, code: String, reason: String) {
        guard clip.failure == nil else { return }
        breakOff(clip, of: client, code: code, reason: reason, isTemporary: false)
        Task { await recordFailure(of: clip, reason: reason) }
    }

    /// Takes nothing more on this stream.
    func breakOff(_ clip: ClipStream, of client: Client, code: String, reason: String, isTemporary: Bool) {
        guard clip.failure == nil else { return }
        clip.failure = reason
        client.clips[clip.stream] = nil
        client.message([
            "type": "clip.error", "stream": .integer(Int64(clip.stream)), "event_id": .string(clip.event.rawValue), "code": .string(code),
            "message": .string(reason), "temporary": .bool(isTemporary),
        ])
        clip.wakeWaiters()
    }

    /// Whether a connected sensor has the clip open.
    func isReceiving(_ event: EventID, in scope: AccountScope) -> Bool {
        let key = ClipKey(account: scope.account, event: event)
        return departing[key] != nil || clients.values.contains { client in client.clips.values.contains { $0.key == key } }
    }

    private func recordFailure(of clip: ClipStream, reason: String) async {
        await clip.writer.close()
        do {
            _ = try await services.events.fail(clip.event, reason: reason, retryable: false, in: clip.scope)
        } catch {
            log.error("failure of a clip could not be recorded", ["event_id": clip.event.rawValue, "error": String(reflecting: error)])
        }
    }

    private func storeStill(_ header: FrameHeader, _ message: MessageBuffer, from client: Client) {
        guard let clip = client.clips[header.stream] else { return }
        let bytes = message.withBytes { Array($0.dropFirst(FrameHeader.size)) }
        guard bytes.count <= configuration.limits.maximumStillBytes, bytes.starts(with: [0xff, 0xd8, 0xff]) else {
            client.message([
                "type": "clip.error", "stream": .integer(Int64(header.stream)), "event_id": .string(clip.event.rawValue), "code": "bad_still",
                "message": .string("still: a JPEG of at most \(configuration.limits.maximumStillBytes) bytes is expected; the clip goes on"),
            ])
            return
        }
        if addPreviewStill(bytes, header) { return }
        let event = clip.event, scope = clip.scope
        Task {
            do {
                try await services.events.setStill(bytes, of: event, in: scope)
            } catch {
                log.warning("a still could not be kept", ["event_id": event.rawValue, "error": String(reflecting: error)])
            }
        }
    }

    // MARK: - Commands

    func openClip(_ fields: Fields, by client: Client, device: DeviceID, in scope: AccountScope) async throws -> JSON {
        let opening = try opening(fields, device: device)
        let key = ClipKey(account: scope.account, event: opening.event)
        await takeTurn(key)
        defer { endTurn(key) }
        // After a break the connection that had it open may not have been missed yet. What another camera records is not this one's to take.
        for other in clients.values {
            guard let old = other.clips.first(where: { $0.value.key == key }) else { continue }
            guard old.value.device == device else { throw Events.isAnother }
            guard other !== client else { throw APIError.conflict("clip_open", "event_id: this clip is open already on this connection") }
            other.clips[old.key] = nil
            departing[key] = old.value
        }
        if let old = departing[key] {
            guard old.device == device else { throw Events.isAnother }
            await finish(old)
        }
        let plan = try await services.store.plans.current(in: scope)
        let (event, writer) = try await services.events.open(opening, plan: plan, in: scope)
        guard client.socket.isOpen else {
            await writer.close()
            throw APIError.internalError
        }
        let limits = configuration.limits
        let clip = ClipStream(
            stream: nextStream(), event: event.id, device: device, scope: scope, writer: writer,
            receiver: ClipReceiver(
                next: writer.initialNext, windowBytes: limits.clipWindowBytes, maximumSeconds: plan.clipSeconds(atMost: limits.maximumClipSeconds)))
        client.clips[clip.stream] = clip
        if opening.isPreview { beginPreview(clip, of: event, by: client) }
        return [
            "stream": .integer(Int64(clip.stream)), "next": .integer(Int64(writer.initialNext)),
            "window_bytes": .integer(Int64(limits.clipWindowBytes)), "event": services.presenter.event(event, in: scope, hasLinks: client.getsLinks),
        ]
    }

    private func opening(_ fields: Fields, device: DeviceID) throws(APIError) -> Events.Opening {
        let trigger = try fields.object("trigger")
        let tracks = try fields.objects("tracks", maximumCount: 2)
        var codecs: [String] = []
        var width: Int?, height: Int?
        var container: String?
        for track in tracks {
            let kind = try track.text("kind", maximum: 16)
            let codec = try track.text("codec", maximum: 128)
            switch kind {
            case "video":
                width = Int(try track.integer("width", in: 16...8192))
                height = Int(try track.integer("height", in: 16...8192))
                codecs.append(codec)
            case "audio": codecs.append(codec)
            case "container" where tracks.count == 1: container = codec
            default: throw .invalid("tracks.kind", "video, audio, or container alone is expected")
            }
        }
        guard container != nil || width != nil else { throw .invalid("tracks", "a video track is expected") }
        return Events.Opening(
            event: try fields.identifier("event_id"), session: try fields.identifier("session_id"), device: device,
            trigger: Trigger(
                type: try trigger.triggerType("type"),
                at: Timestamp(milliseconds: try trigger.integer("at", in: plausibleTimes)),
                score: try trigger.optionalNumber("score", in: 0...1_000_000)),
            mime: container ?? "application/x-pingwatch-units;codecs=\"\(codecs.joined(separator: ","))\"", width: width, height: height,
            preRollMilliseconds: try fields.optionalInteger("pre_roll_ms", in: 0...120_000) ?? 0,
            isPreview: try fields.optionalBool("preview") ?? false)
    }

    /// A sensor's clock may be off, but not so far that the event would be lost in the timeline.
    private var plausibleTimes: ClosedRange<Int64> { now.milliseconds - 30 * 86_400_000...now.milliseconds + 86_400_000 }

    /// Everything that happened in a clip; `nil` where the sensor does not say.
    private func causes(_ fields: Fields) throws(APIError) -> [Trigger]? {
        guard let json = fields.optionalJSON("causes") else { return nil }
        let list = try KnownFields(["causes": json], at: "").list("causes", count: 0...Trigger.maximumCauses, of: "objects") ?? []
        var causes: [Trigger] = []
        for (path, json) in list {
            let cause = try KnownFields(json, at: path)
            let type = try cause.required("type", cause.text("type", characters: 1...32))
            guard Trigger.isValidType(type) else { throw .invalid("\(path).type", "a word of a–z and _ is expected") }
            causes.append(
                Trigger(
                    type: type, at: Timestamp(milliseconds: try cause.required("at", cause.integer("at", in: plausibleTimes))),
                    score: try cause.number("score", in: 0...1_000_000)))
        }
        return causes
    }

    func closeClip(_ fields: Fields, by client: Client) async throws -> JSON {
        let clip = try openClip(fields, of: client)
        let frames = UInt32(try fields.integer("frames", in: 0...Int64(UInt32.max)))
        let duration = try fields.optionalNumber("duration_ms", in: 0...86_400_000)
        let causes = try causes(fields)
        do {
            try clip.receiver.close(frames: frames)
        } catch {
            fail(clip, of: client, code: "bad_close", reason: error.description)
            throw APIError(status: 400, code: "bad_close", message: error.description, field: "frames")
        }
        await clip.untilDrained()
        if let failure = clip.failure { throw APIError(status: 500, code: "clip_failed", message: failure) }
        client.clips[clip.stream] = nil
        await clip.writer.close()
        let queued = try await services.events.close(
            clip.event, firstByteAt: clip.firstByteAt, durationSeconds: duration.map { $0 / 1000 }, causes: causes, in: clip.scope)
        return ["status": "durable", "event": services.presenter.event(queued, in: clip.scope, hasLinks: client.getsLinks)]
    }

    func abortClip(_ fields: Fields, by client: Client) async throws -> JSON {
        let clip = try openClip(fields, of: client)
        let reason = try fields.optionalText("reason", maximum: 200) ?? "the sensor gave up"
        clip.failure = reason
        client.clips[clip.stream] = nil
        clip.wakeWaiters()
        await clip.writer.close()
        let event = try await services.events.fail(clip.event, reason: reason, retryable: false, in: clip.scope)
        return ["event": services.presenter.event(event, in: clip.scope, hasLinks: client.getsLinks)]
    }

    private func openClip(_ fields: Fields, of client: Client) throws(APIError) -> ClipStream {
        let stream = UInt32(try fields.integer("stream", in: 0...Int64(UInt32.max)))
        guard let clip = client.clips[stream] else { throw .notFound("open clip") }
        return clip
    }
}
