// The routes of what is set for a camera and asked of it.

import Domain
import Loop
import Runtime

extension Services {
    func deviceRoutes() -> [Route] {
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
                return Router.json(try await events.present(event, in: request.scope))
            },
        ]
    }
}
