// The routes of an account: its name, who belongs to it, and what they have done.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func accountRoutes() -> [Route] {
        [
            Route(.get, "/account", .needs(.view)) { request in
                guard let account = try await store.accounts.find(in: request.scope) else { throw APIError.notFound("account") }
                return Router.json(presenter.account(account, try await store.plans.current(in: request.scope)))
            },
            Route(.patch, "/account", .needs(.administer)) { request in
                let name = try request.fields().name("name")
                guard let account = try await store.accounts.rename(to: name, in: request.scope) else { throw APIError.notFound("account") }
                try await record(request, "account.renamed", detail: name)
                return Router.json(presenter.account(account, try await store.plans.current(in: request.scope)))
            },
            Route(.get, "/account/audit", .needs(.administer)) { request in
                let entries = try await store.audit.list(in: request.scope, page: try request.page())
                return Router.json(.array(entries.items.map(presenter.auditEntry)), headers: next(entries.nextCursor))
            },
        ]
    }

    func memberRoutes() -> [Route] {
        [
            Route(.get, "/account/members", .needs(.administer)) { request in
                Router.json(.array(try await store.memberships.list(in: request.scope).map(presenter.member)))
            },
            Route(.patch, "/account/members/{user}", .needs(.administer)) { request in
                let user: UserID = try request.identifier(0, "member"), fields = try request.fields()
                let change = MembershipChange.assign(role: try fields.optionalRole("role"), devices: try fields.optionalDeviceAccess())
                let (before, changed) = try await apply(change, to: user, request)
                guard let changed else { throw APIError.internalError }
                if changed.role != before.role || changed.devices != before.devices {
                    // They come back with what they may do now.
                    await connections.close(.member(request.scope.account, user))
                    try await record(request, "member.changed", subject: user.rawValue, detail: "\(before.words) → \(changed.words)")
                }
                return Router.json(presenter.member(changed))
            },
            Route(.delete, "/account/members/{user}", .needs(.administer)) { request in
                let user: UserID = try request.identifier(0, "member")
                let (before, _) = try await apply(.remove, to: user, request)
                await connections.close(.member(request.scope.account, user))
                try await record(request, "member.removed", subject: user.rawValue, detail: before.user.email)
                return HTTPResponse(status: 204)
            },
            Route(.post, "/account/leave", .needs(.profile)) { request in
                try await leave(try request.user(), request)
                return HTTPResponse(status: 204)
            },
        ]
    }

    /// - Parameter user: in the account that they leave.
    func leave(_ user: User, _ request: Request) async throws {
        let scope = AccountScope(user.account)
        _ = try await apply(.leave, to: user.id, request, in: scope)
        await connections.close(.member(user.account, user.id))
        try await recordVisitor(request, "member.left", subject: user.id.rawValue, by: user, in: scope)
    }

    private func apply(
        _ change: MembershipChange, to user: UserID, _ request: Request, in scope: AccountScope? = nil
    ) async throws -> (before: Membership, changed: Membership?) {
        let now = Timestamp(milliseconds: clock.milliseconds), scope = scope ?? request.scope
        switch try await store.memberships.change(user, change, by: try request.user().id, in: scope, now: now) {
        case .done(let before, let changed): return (before, changed)
        case .unknown: throw APIError.notFound("member")
        case .unknownDevice: throw APIError.unknownDevices
        case .refused(.forbidden): throw APIError.forbidden
        case .refused(.own):
            throw APIError(status: 403, code: "own_membership", message: "nobody changes or removes themselves; one can leave the account")
        case .refused(.lastOwner): throw APIError.conflict("last_owner", "an account has an owner: make somebody else one first, or delete it")
        case .refused(.restrictedAdmin): throw APIError.restrictedAdmin
        }
    }
}

extension Membership {
    /// For the audit log.
    fileprivate var words: String {
        switch devices {
        case .all: role.rawValue
        case .only(let devices): "\(role.rawValue), \(devices.count) cameras"
        }
    }
}

extension Fields {
    func optionalRole(_ name: String) throws(APIError) -> Role? {
        guard let word = try optionalText(name, maximum: 16) else { return nil }
        guard let role = Role(rawValue: word) else {
            throw .invalid(name, "one of \(Role.allCases.map(\.rawValue).joined(separator: ", ")) is expected")
        }
        return role
    }

    /// `all_devices` and `devices`; `nil` when there is neither.
    func optionalDeviceAccess() throws(APIError) -> DeviceAccess? {
        let all = try optionalBool("all_devices")
        guard let names = try optionalStrings("devices", maximumCount: 1000, maximumLength: 64) else {
            switch all {
            case nil: return nil
            case true?: return .all
            case false?: throw .missing("devices")
            }
        }
        if all == true {
            guard names.isEmpty else { throw .invalid("devices", "with all_devices none are named") }
            return .all
        }
        var devices: Set<DeviceID> = []
        for name in names {
            guard let device = DeviceID(name) else { throw .unknownDevices }
            devices.insert(device)
        }
        return .only(devices)
    }
}

extension APIError {
    static let unknownDevices = APIError.invalid("devices", "one of them is no camera of this account")
    static let restrictedAdmin = APIError.invalid("devices", "owners and admins see all cameras")
    /// Of links and codes: unknown, used, revoked and expired ones look the same.
    static let linkExpired = APIError(status: 404, code: "link_expired", message: "this link or code is not valid, or not any more")
}
