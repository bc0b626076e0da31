// Commands to cameras: from who asks to the camera's connection, and its answer back.

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    typealias CommandEnd = (Result<JSON, APIError>) -> Void

    static let commandSeconds = 10.0
    static let commandsPerCamera = 16
    private static let maximumResultBytes = 4096

    /// By a clock that nobody sets.
    private var uptime: Timestamp { Timestamp(milliseconds: MonotonicClock.system.milliseconds) }

    /// Gives a camera a command. It goes to the camera's connection of this moment alone: what is not heard now must not happen later.
    ///
    /// - Parameter end: called once, with what the camera answers, or why there is no answer.
    func command(_ command: RemoteCommand, to key: DeviceKey, then end: @escaping CommandEnd) throws(APIError) {
        guard let sensor = sensors[key], sensor.socket.isOpen else {
            count(command, "offline")
            throw .conflict("camera_offline", "the camera is not connected")
        }
        let id = Crypto.randomToken(bytes: 12)
        do {
            try pendingCommands.add(id, to: key, deadline: uptime.advanced(bySeconds: Self.commandSeconds))
        } catch {
            services.metrics.refused(by: "commands_per_camera")
            throw APIError(
                status: 429, code: "limit_exceeded", message: "at most \(Self.commandsPerCamera) commands wait for a camera's answer")
        }
        commandEnds[id] = { [self] result in
            switch result {
            case .success(let answer): count(command, answer["ok"] == true ? "ok" : "refused")
            case .failure(let error): count(command, error.code == "camera_silent" ? "silent" : "offline")
            }
            end(result)
        }
        sensor.message([
            "type": "command", "at": .integer(now.milliseconds), "id": .string(id), "command": .string(command.name.rawValue), "args": command.args,
            "expires_at": .integer(now.advanced(bySeconds: Self.commandSeconds).milliseconds),
        ])
    }

    /// The same for who waits.
    func command(_ command: RemoteCommand, to key: DeviceKey) async throws -> JSON {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try self.command(command, to: key) { continuation.resume(with: $0) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private func count(_ command: RemoteCommand, _ outcome: String) {
        services.metrics.count("pingwatch_commands_total", ["command": command.name.rawValue, "outcome": outcome])
    }

    /// `device.command` of a viewer. Its other commands do not wait for the camera.
    func startCommand(_ fields: Fields, _ identity: Client.Identity, then end: @escaping CommandEnd) async throws {
        guard identity.kind == .viewer else { throw APIError(status: 403, code: "not_a_viewer", message: "a camera gives no commands") }
        let device: DeviceID = try fields.identifier("device_id")
        guard try await services.store.devices.find(device, in: identity.scope) != nil else { throw APIError.notFound("device") }
        try command(try RemoteCommand(fields), to: DeviceKey(account: identity.scope.account, device: device), then: end)
    }

    /// `device.commandResult` of a camera.
    func finishCommand(_ fields: Fields, by client: Client, device: DeviceID, in scope: AccountScope) throws(APIError) -> JSON {
        let key = DeviceKey(account: scope.account, device: device)
        let id = try fields.text("id", maximum: 64)
        guard let isDone = try fields.optionalBool("ok") else { throw .missing("ok") }
        let message = try fields.optionalText("message", maximum: 500)
        let data = fields.optionalJSON("data")
        guard data?.utf8.count ?? 0 <= Self.maximumResultBytes else {
            throw .invalid("data", "at most \(Self.maximumResultBytes) bytes are expected")
        }
        // A connection that another one has taken the place of was not asked.
        guard sensors[key] === client, pendingCommands.answered(id, by: key), let end = commandEnds.removeValue(forKey: id) else {
            throw .notFound("command that waits for an answer")
        }
        end(.success(["ok": .bool(isDone), "message": .optional(message), "data": data ?? .null]))
        return [:]
    }

    /// The connection that was asked is gone; whether it had done what was asked nobody knows.
    func abandonCommands(of key: DeviceKey) {
        endCommands(pendingCommands.left(key), .conflict("camera_offline", "the camera went away before it answered"))
    }

    func tickCommands() {
        guard pendingCommands.count > 0 else { return }
        endCommands(
            pendingCommands.expire(at: uptime),
            APIError(status: 504, code: "camera_silent", message: "the camera is connected, but did not answer in time"))
    }

    private func endCommands(_ ids: [String], _ error: APIError) {
        for id in ids { commandEnds.removeValue(forKey: id)?(.failure(error)) }
    }
}
