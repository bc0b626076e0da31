// The routes of who gets alerts.

import Domain
import Loop
import Pipeline
import Runtime
import Store

extension Services {
    func alertRoutes() -> [Route] {
        [
            Route(.get, "/notifications/targets", .needs(.view)) { request in
                let device = try await ownDevice(request)
                return Router.json(.array(try await store.targets.list(device: device, in: request.scope).map(presenter.target)))
            },
            Route(.post, "/notifications/targets", .needs(.control)) { request in
                let fields = try request.fields()
                let (device, channel, address) = try await target(fields, request)
                let known = try await store.targets.find(device: device, channel: channel, address: address, in: request.scope)
                // Asking for one's own mailbox adds it, and makes one that was given up work again.
                if channel == .email, known == nil || known?.disabledReason != nil { try await addMailbox(address, device, request) }
                let now = Timestamp(milliseconds: clock.milliseconds)
                let snooze = try fields.optionalInteger("snooze_minutes", in: 0...10_080)
                let changed = try await store.targets.change(
                    device: device, channel: channel, address: address, wantsStill: try fields.optionalBool("still_first"),
                    snoozedUntil: snooze.map { now.advanced(bySeconds: Double($0) * 60) }, in: request.scope, now: now)
                guard let changed else { throw APIError.notFound("target") }
                return Router.json(presenter.target(changed))
            },
            Route(.delete, "/notifications/targets", .needs(.control)) { request in
                let device = try await ownDevice(request)
                guard let channel = try request.queryWord("channel", Delivery.Channel.self) else { throw APIError.missing("channel") }
                guard let address = request.head.query("target") else { throw APIError.missing("target") }
                let now = Timestamp(milliseconds: clock.milliseconds)
                guard try await store.targets.remove(device: device, channel: channel, address: address, in: request.scope, now: now) else {
                    throw APIError.notFound("target")
                }
                return HTTPResponse(status: 204)
            },
            Route(.post, "/notifications/test", .needs(.control, orSensor: true)) { request in
                let fields = try request.fields()
                let (id, channel, address) = try await target(fields, request)
                guard let device = try await store.devices.find(id, in: request.scope) else { throw APIError.notFound("device") }
                if channel != .webhook, try await store.targets.find(device: id, channel: channel, address: address, in: request.scope) == nil {
                    throw APIError.notFound("target")
                }
                try attempts.send(.testAlert, for: request.scope.account)
                let result = try await channels.test(channel, target: address, deviceLabel: device.label)
                return Router.json([
                    "sent": .bool(result.isSent), "channel": .string(channel.rawValue), "target": .string(address),
                    "status_code": .optional(result.statusCode), "reason": .optional(result.reason),
                ])
            },
        ]
    }

    /// `{device_id, channel, target?}` of a request. The target of e-mail is the user's own address, that of the webhook the configured one.
    private func target(_ fields: Fields, _ request: Request) async throws -> (DeviceID, Delivery.Channel, address: String) {
        let device: DeviceID = try fields.identifier("device_id")
        guard try await store.devices.find(device, in: request.scope) != nil else { throw APIError.notFound("device") }
        let word = try fields.text("channel", maximum: 32)
        guard let channel = Delivery.Channel(rawValue: word) else {
            throw APIError.invalid("channel", "one of \(Delivery.Channel.allCases.map(\.rawValue).joined(separator: ", ")) is expected")
        }
        switch channel {
        case .telegram: return (device, channel, try fields.text("target", maximum: 64))
        case .email: return (device, channel, try fields.optionalText("target", maximum: 254) ?? request.user().email)
        case .webhook: return (device, channel, "default")
        }
    }

    private func addMailbox(_ address: String, _ device: DeviceID, _ request: Request) async throws {
        guard channels.available.contains(.email) else {
            throw APIError.conflict("not_configured", "channel: this hub sends no e-mail: set SMTP_URL")
        }
        // Nobody can make the hub write to somebody else.
        guard try address == request.user().email else { throw APIError.invalid("target", "your own address is expected") }
        guard MailAddress(address) != nil else { throw APIError.invalid("target", "this is not a mail address") }
        let now = Timestamp(milliseconds: clock.milliseconds)
        try await store.targets.link(AlertTarget(device: device, channel: .email, address: address, createdAt: now), in: request.scope, now: now)
    }
}
