// The routes of cameras: which there are, what they sign in with, what is set for them and asked of them.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func deviceRoutes() -> [Route] {
        [
            Route(.post, "/devices/register", .needs(.pair)) { request in
                let fields = try request.fields()
                let id: DeviceID? = try fields.optionalIdentifier("device_id")
                let label = try fields.name("label")
                let token = try fields.optionalBool("with_token") == true ? Authentication.makeDeviceToken() : nil
                let (device, isNew) = try await watching.register(id, label: label, token: token, in: request.scope)
                if isNew { try await record(request, "device.added", subject: device.id.rawValue, detail: label) }
                if token != nil { try await tokenReplaced(of: device.id, request) }
                let json = try await watching.present(device, in: request.scope, hasLinks: request.principal.getsLinks)
                return Router.json(token.map { json.merging(["device_token": .string($0)]) } ?? json)
            },
            Route(.get, "/devices", .needs(.view)) { request in Router.json(try await watching.devices(in: request.scope)) },
            Route(.get, "/devices/self", .needs(.sense)) { request in
                guard let id = request.principal.device, let device = try await store.devices.find(id, in: request.scope) else {
                    throw APIError.notFound("device")
                }
                return Router.json(try await watching.present(device, in: request.scope, hasLinks: request.principal.getsLinks))
            },
            Route(.patch, "/devices/{id}", .needs(.pair)) { request in
                let id: DeviceID = try request.identifier(0, "device"), label = try request.fields().name("label")
                guard let device = try await store.devices.rename(id, to: label, in: request.scope, now: now) else {
                    throw APIError.notFound("device")
                }
                try await record(request, "device.renamed", subject: id.rawValue, detail: label)
                return Router.json(try await watching.present(device, in: request.scope, hasLinks: request.principal.getsLinks))
            },
            Route(.post, "/devices/{id}/token", .needs(.pair)) { request in
                let id: DeviceID = try request.identifier(0, "device"), token = Authentication.makeDeviceToken()
                guard try await store.deviceTokens.set(Authentication.hash(token), for: id, in: request.scope, now: now) else {
                    throw APIError.notFound("device")
                }
                try await tokenReplaced(of: id, request)
                return Router.json(["device_id": .string(id.rawValue), "device_token": .string(token)])
            },
            Route(.delete, "/devices/{id}/token", .needs(.pair)) { request in
                let id: DeviceID = try request.identifier(0, "device")
                guard try await store.devices.find(id, in: request.scope) != nil else { throw APIError.notFound("device") }
                // A device that has none is as it was asked for.
                if try await store.deviceTokens.revoke(id, in: request.scope, now: now) {
                    await connections.close(.device(request.scope.account, id))
                    try await record(request, "device.token.revoked", subject: id.rawValue)
                }
                return HTTPResponse(status: 204)
            },
        ]
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// The one before is not valid any more, and neither is what it has opened.
    private func tokenReplaced(of device: DeviceID, _ request: Request) async throws {
        await connections.close(.device(request.scope.account, device))
        try await record(request, "device.token.made", subject: device.rawValue)
    }

    func deviceSettingsRoutes() -> [Route] {
        [
            Route(.get, "/devices/{id}/settings", .needs(.view, orSensor: true)) { request in
                Router.json(try await control.settings(of: try request.identifier(0, "device"), in: request.scope))
            },
            Route(.patch, "/devices/{id}/settings", .needs(.control, orSensor: true)) { request in
                guard let patch = JSON(parsing: request.body) else {
                    throw APIError(status: 400, code: "invalid_json", message: "the body is not JSON")
                }
                return Router.json(try await control.change(try request.identifier(0, "device"), by: patch, in: request.scope))
            },
            Route(.post, "/devices/{id}/commands", .needs(.control)) { request in
                let device: DeviceID = try request.identifier(0, "device")
                return Router.json(try await control.command(try RemoteCommand(try request.fields()), to: device, in: request.scope))
            },
            Route(.post, "/events/{id}/clip/request", .needs(.control)) { request in
                let event = try await events.request(try request.identifier(0, "event"), in: request.scope, cameras: control.cameras)
                return Router.json(try await events.present(event, in: request.scope, hasLinks: request.principal.getsLinks))
            },
        ]
    }
}
