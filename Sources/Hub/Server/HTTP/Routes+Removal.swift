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
                let user = try request.user()
                _ = try await gettingIn.passwords.passwords.confirm(
                    try fields.optionalPassword("password"), "password", of: user, by: caller(request))
                switch try await removal.removeAccount(by: .owner(user.id), in: request.scope) {
                case .done: return HTTPResponse(status: 204)
                case .unknown: throw APIError.notFound("account")
                case .forbidden: throw APIError.forbidden
                }
            },
            Route(.delete, "/auth/me", .needs(.profile)) { request in
                let user = try request.user(), fields = request.body.isEmpty ? nil : try request.fields()
                _ = try await gettingIn.passwords.passwords.confirm(
                    try fields?.optionalPassword("password"), "password", of: user, by: caller(request))
                try await removePerson(user.id, request)
                return HTTPResponse(status: 204)
            },
        ]
    }

    /// Leaves every account; one of which they were the only person goes with them.
    private func removePerson(_ user: UserID, _ request: Request) async throws {
        var own: [AccountScope] = [], others: [Membership] = []
        for membership in try await store.memberships.all(of: user) {
            let people = try await store.memberships.list(in: AccountScope(membership.user.account))
            if people.count == 1 {
                own.append(AccountScope(membership.user.account))
            } else if membership.role == .owner, people.count(where: { $0.role == .owner }) == 1 {
                throw APIError.conflict(
                    "owns_account", "you are the only owner of an account with other people: make somebody else its owner first, or delete it")
            } else {
                others.append(membership)
            }
        }
        for membership in others { try await leave(membership.user, request) }
        // An account into which somebody else has come at this very moment stays, and with it this person.
        for scope in own { _ = try await removal.removeAccount(by: .onlyPerson(user), in: scope) }
        guard try await store.removals.person(user) else {
            throw APIError.conflict("owns_account", "somebody was let into an account of yours, or you into one, at this very moment; try again")
        }
    }
}
