// The methods of `rpc` (docs/PROTOCOL.md).

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    func call(_ method: String, _ data: JSON, id: Int64, by client: Client) async throws {
        if method == "device.command" {
            let identity = try identity(of: client)
            try Self.require(method, of: identity.principal)
            return try await startCommand(try Fields(data), identity) { result in
                switch result {
                case .success(let answer): client.reply(id, "rpc", ["data": answer])
                case .failure(let error): client.refuse(id, ReplyError(error))
                }
            }
        }
        let result = try await perform(method, try Fields(data), by: client, try identity(of: client))
        client.reply(id, "rpc", ["data": result])
    }

    /// What a client sent without wanting an answer. A method is called; anything else has no meaning here.
    func receive(_ data: JSON, from client: Client) async {
        do {
            guard let method = data["method"]?.stringValue else {
                log.debug("a message without a method was ignored", ["client": client.name])
                return
            }
            if method == "device.command" {
                let identity = try identity(of: client)
                try Self.require(method, of: identity.principal)
                return try await startCommand(try Fields(data["data"] ?? [:]), identity) { _ in }
            }
            _ = try await perform(method, try Fields(data["data"] ?? [:]), by: client, try identity(of: client))
        } catch {
            log.debug("a message was ignored", ["client": client.name, "error": String(describing: error)])
        }
    }

    /// What each method asks for; those with `orSensor` a camera may call for itself.
    static let methods: [String: RouteAccess] = [
        "session.start": .needs(.control, orSensor: true), "session.stop": .needs(.control, orSensor: true), "session.forceStop": .needs(.control),
        "clip.open": .needs(.control, orSensor: true), "clip.close": .needs(.control, orSensor: true), "clip.abort": .needs(.control, orSensor: true),
        "clip.gone": .needs(.control, orSensor: true), "clip.request": .needs(.control),
        "live.watch": .needs(.view), "live.unwatch": .needs(.view), "live.keyframe": .needs(.view),
        "device.settings": .needs(.view, orSensor: true), "device.command": .needs(.control),
        "device.commandResult": .needs(.control, orSensor: true), "device.telemetry": .needs(.control, orSensor: true),
    ]

    /// - Parameter isChanging: settings, which one may perhaps only see.
    private static func require(_ method: String, of principal: Principal, isChanging: Bool = false) throws(APIError) {
        guard let access = methods[method] else {
            throw APIError(status: 404, code: "no_method", message: "there is no method \(method.prefix(64))")
        }
        let needed = isChanging && method == "device.settings" ? RouteAccess.needs(.control, orSensor: true) : access
        guard needed.admits(principal) else { throw .forbidden }
    }

    private func perform(_ method: String, _ fields: Fields, by client: Client, _ identity: Client.Identity) async throws -> JSON {
        let scope = identity.scope
        try Self.require(method, of: identity.principal, isChanging: fields.optionalJSON("patch") != nil)
        switch method {
        case "session.start":
            let device = try sensor(identity)
            // Before it watches: from then on it is missed when it is away.
            try await services.store.health.heard(device, report: nil, in: scope, at: now)
            let session = try await services.watching.start(
                device: device, prompt: try fields.optionalText("analysis_prompt", maximum: 1000), in: scope)
            return ["session": services.presenter.session(session), "settings": try await services.control.settings(of: device, in: scope)]
        case "session.stop":
            let session = try await services.watching.stop(try fields.identifier("session_id"), in: scope)
            return ["session": services.presenter.session(session)]
        case "session.forceStop":
            guard case .object(var json) = try await services.watching.forceStop(try fields.identifier("session_id"), in: scope) else {
                throw APIError.internalError
            }
            let dropped = ["dropped_processing_events", "dropped_queued_jobs"].map { ($0, json.removeValue(forKey: $0) ?? .null) }
            return .object(Dictionary(dropped + [("session", .object(json))]) { first, _ in first })
        case "clip.open":
            return try await openClip(fields, by: client, device: try sensor(identity), in: scope)
        case "clip.close":
            _ = try sensor(identity)
            return try await closeClip(fields, by: client)
        case "clip.abort":
            _ = try sensor(identity)
            return try await abortClip(fields, by: client)
        case "clip.gone":
            let event = try await services.events.lose(
                try fields.identifier("event_id"), of: try sensor(identity), reason: try fields.optionalText("reason", maximum: 200), in: scope)
            return ["event": services.presenter.event(event, in: scope)]
        case "clip.request":
            let event = try await services.events.request(
                try fields.identifier("event_id"), in: scope, cameras: services.control.cameras)
            return ["event": try await services.events.present(event, in: scope)]
        case "live.watch":
            guard client.speaksMedia else {
                throw APIError(status: 400, code: "subprotocol", message: "live streams need the subprotocol \(Self.subprotocol)")
            }
            let device: DeviceID = try fields.identifier("device_id")
            guard try await services.store.devices.find(device, in: scope) != nil else { throw APIError.notFound("device") }
            let plan = try await services.store.plans.current(in: scope)
            guard client.socket.isOpen else { throw APIError.internalError }
            try requireRoomForViewer(client, of: scope.account, plan: plan)
            return try watch(device, by: client, in: scope)
        case "live.unwatch":
            unwatch(try streamID(fields), by: client)
            return [:]
        case "live.keyframe":
            wantsKeyframe(try streamID(fields), client: client)
            return [:]
        case "device.settings":
            let device = try device(fields, of: identity)
            guard let patch = fields.optionalJSON("patch") else { return try await services.control.settings(of: device, in: scope) }
            return try await services.control.change(device, by: patch, in: scope)
        case "device.commandResult":
            return try finishCommand(fields, by: client, device: try sensor(identity), in: scope)
        case "device.telemetry":
            let device = try sensor(identity)
            let report = try DeviceReports.read(try fields.json("telemetry"), at: now)
            services.reports.set(report, of: DeviceReports.Key(scope: scope, device: device))
            // To the second is no use to anybody who asks when a device was heard of last.
            if report.at.seconds(since: client.touchedAt) >= configuration.limits.touchSeconds {
                client.touchedAt = report.at
                try await services.store.health.heard(device, report: report.stored, in: scope, at: report.at)
            }
            publish(
                Publication("device.telemetry", ["device_id": .string(device.rawValue), "telemetry": report.telemetry]),
                about: DeviceKey(account: scope.account, device: device))
            return [:]
        default:
            throw APIError(status: 404, code: "no_method", message: "there is no method \(method.prefix(64))")
        }
    }

    private func sensor(_ identity: Client.Identity) throws(APIError) -> DeviceID {
        guard let device = identity.device else {
            throw APIError(status: 403, code: "not_a_sensor", message: "only a sensor can do this")
        }
        return device
    }

    /// The device that a request names; a sensor's is its own.
    private func device(_ fields: Fields, of identity: Client.Identity) throws(APIError) -> DeviceID {
        guard let own = identity.device else { return try fields.identifier("device_id") }
        guard try fields.optionalIdentifier("device_id") ?? own == own else { throw .notFound("device") }
        return own
    }

    private func streamID(_ fields: Fields) throws(APIError) -> UInt32 {
        UInt32(try fields.integer("stream", in: 0...Int64(UInt32.max)))
    }
}
