// The routes below /notifications/telegram.

import Domain
import Loop
import Pipeline
import Runtime
import Store

extension Services {
    func telegramRoutes() -> [Route] {
        [
            Route(.get, "/notifications/telegram/readiness", .needs(.control)) { request in
                let device = try await ownDevice(request)
                return Router.json(try await readiness(device, in: request.scope))
            },
            Route(.get, "/notifications/telegram/target", .needs(.control)) { request in
                let device = try await ownDevice(request)
                let target = try await chats(of: device, in: request.scope).first
                return Router.json([
                    "enabled": .bool(telegram.isEnabled), "linked": .bool(target != nil), "device_id": .string(device.rawValue),
                    "chat_id": .optional(target?.address),
                ])
            },
            Route(.post, "/notifications/telegram/link/start", .needs(.control)) { request in
                let device: DeviceID = try request.fields().identifier("device_id")
                guard try await store.devices.find(device, in: request.scope) != nil else { throw APIError.notFound("device") }
                guard telegram.isEnabled else { return Router.json(notConfigured(attempt: nil)) }
                let started = try await telegram.start(device: device, in: request.scope)
                return Router.json([
                    "enabled": true, "ready": false, "status": "pending", "reason": .null,
                    "attempt_id": .string(started.attempt.id.rawValue), "connect_url": .optional(started.connectURL),
                    "fallback_command": .string(started.fallbackCommand), "link_code": .string(started.linkCode),
                    "expires_at": presenter.time(started.attempt.expiresAt),
                ])
            },
            Route(.get, "/notifications/telegram/link/status", .needs(.control)) { request in
                let device = try await ownDevice(request)
                let id: LinkAttemptID = try request.requiredQueryIdentifier("attempt_id")
                guard telegram.isEnabled else { return Router.json(notConfigured(attempt: id)) }
                guard try await store.telegram.attempt(id, device: device, in: request.scope) != nil else {
                    throw APIError.notFound("link attempt")
                }
                // So that linking works where Telegram cannot reach the hub.
                await telegram.refresh()
                guard let attempt = try await store.telegram.attempt(id, device: device, in: request.scope) else {
                    throw APIError.notFound("link attempt")
                }
                let status = attempt.status(at: Timestamp(milliseconds: clock.milliseconds))
                let reason: JSON = status == .expired ? "the code was not used in time; start again" : .null
                return Router.json([
                    "enabled": true, "ready": .bool(status == .ready), "linked": .bool(status == .ready),
                    "status": .string(status.rawValue), "reason": reason, "attempt_id": .string(id.rawValue),
                ])
            },
            Route(.post, "/notifications/telegram/webhook", .open) { request in
                // The secret is Telegram's proof; without one configured the route does not exist.
                guard telegram.acceptsWebhook(secret: request.head.header("x-telegram-bot-api-secret-token")) else {
                    throw APIError.notFound("route")
                }
                // 200 for what cannot be read as well: Telegram would send it again and again.
                try await telegram.handleUpdate(request.body)
                return Router.json(["ok": true])
            },
        ]
    }

    /// Those that get alerts.
    private func chats(of device: DeviceID, in scope: AccountScope) async throws -> [AlertTarget] {
        try await store.targets.list(device: device, in: scope).filter { $0.channel == .telegram && $0.disabledReason == nil }
    }

    func ownDevice(_ request: Request) async throws -> DeviceID {
        let device: DeviceID = try request.requiredQueryIdentifier("device_id")
        guard try await store.devices.find(device, in: request.scope) != nil else { throw APIError.notFound("device") }
        return device
    }

    private func readiness(_ device: DeviceID, in scope: AccountScope) async throws -> JSON {
        guard telegram.isEnabled else { return notConfigured(attempt: nil) }
        let isLinked = try await !chats(of: device, in: scope).isEmpty
        return [
            "enabled": true, "ready": .bool(isLinked), "status": isLinked ? "ready" : "not_linked",
            "reason": isLinked ? .null : "no chat is connected to this device yet",
        ]
    }

    private func notConfigured(attempt: LinkAttemptID?) -> JSON {
        [
            "enabled": false, "ready": false, "linked": false, "status": "not_configured",
            "reason": "the hub has no bot: set TELEGRAM_BOT_TOKEN and TELEGRAM_BOT_ONBOARDING_URL", "attempt_id": .optional(attempt?.rawValue),
            "connect_url": .null, "fallback_command": .null, "link_code": .null, "expires_at": .null,
        ]
    }
}
