// The routes by which things are removed for good.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func removalRoutes() -> [Route] {
        [
            Route(.delete, "/events/{id}", .needs(.control)) { request in
                let id: EventID = try request.identifier(0, "event")
                guard try await removal.removeEvents([id], in: request.scope) > 0 else { throw APIError.notFound("event") }
                try await record(request, "event.removed", subject: id.rawValue)
                return HTTPResponse(status: 204)
            },
            Route(.delete, "/devices/{id}", .needs(.pair)) { request in
                let id: DeviceID = try request.identifier(0, "device")
                let label = try await store.devices.find(id, in: request.scope)?.label
                guard try await removal.removeDevice(id, in: request.scope) else { throw APIError.notFound("device") }
                try await record(request, "device.removed", subject: id.rawValue, detail: label)
                return HTTPResponse(status: 204)
            },
            Route(.delete, "/account", .needs(.own)) { request in
                let fields = try request.fields()
                let typed = try fields.text("name", maximum: 200)
                guard let account = try await store.accounts.find(in: request.scope) else { throw APIError.notFound("account") }
                guard typed == account.name else {
                    throw APIError(status: 403, code: "wrong_name", message: "name: this is not the account's name", field: "name")
                }
                try await confirmPassword(request, fields)
                guard try await removal.removeAccount(in: request.scope) else { throw APIError.notFound("account") }
                return HTTPResponse(status: 204)
            },
        ]
    }

    /// PASSWORD CHECK: who has a password shows it again before everything is gone. There are no passwords yet.
    private func confirmPassword(_ request: Request, _ fields: Fields) async throws {}
}
