// The routes of one's own user: name, password, codes.

import Credentials
import Domain
import Loop
import Runtime
import Store

extension Services {
    func profileRoutes() -> [Route] {
        [
            Route(.get, "/auth/me", .needs(.profile)) { request in try await me(request) },
            Route(.patch, "/auth/me", .needs(.profile)) { request in
                let fields = try request.fields()
                if let name = fields.optionalJSON("name") {
                    try await store.users.rename(try request.user().id, to: name == .string("") ? nil : try fields.name("name"))
                } else if fields.isNull("name") {
                    try await store.users.rename(try request.user().id, to: nil)
                }
                return try await me(request)
            },
            Route(.post, "/auth/password", .needs(.profile)) { request in
                let fields = try request.fields(), user = try request.user()
                try await gettingIn.passwords.change(
                    current: try fields.optionalPassword("current_password"), to: try fields.password("new_password"), of: user,
                    keeping: request.principal.signIn, by: caller(request))
                return HTTPResponse(status: 204)
            },
            Route(.post, "/auth/totp/start", .needs(.profile)) { request in
                let user = try request.user()
                let totp = try await gettingIn.codes.start(
                    password: try request.fields().optionalPassword("password"), of: user, by: caller(request))
                let uri = totp.uri(issuer: "Ping Watch", account: user.email)
                return Router.json([
                    "secret": .string(totp.base32), "uri": .string(uri),
                    "qr_svg": .optional(QRCode(uri)?.svg(title: "Code for the authenticator app")),
                ])
            },
            Route(.post, "/auth/totp/confirm", .needs(.profile)) { request in
                let codes = try await gettingIn.codes.confirm(
                    try request.fields().text("code", maximum: 32), of: try request.user(), by: caller(request))
                return Router.json(["recovery_codes": .array(codes.map { .string($0) })])
            },
            Route(.post, "/auth/totp/disable", .needs(.profile)) { request in
                try await gettingIn.codes.disable(
                    password: try request.fields().optionalPassword("password"), of: try request.user(), by: caller(request))
                return HTTPResponse(status: 204)
            },
        ]
    }

    private func me(_ request: Request) async throws -> HTTPResponse {
        guard let credentials = try await store.users.credentials(of: try request.user().id) else { throw APIError.invalidToken }
        let user = credentials.user, account = request.scope.account
        let accounts = try await store.memberships.all(of: user.id)
        var names: [AccountID: String] = [:]
        for membership in accounts {
            names[membership.user.account] = try await store.accounts.find(in: AccountScope(membership.user.account))?.name
        }
        return Router.json([
            "user_id": .string(user.id.rawValue), "email": .string(user.email), "name": .optional(user.name),
            "account_id": .string(account.rawValue), "account_name": .optional(names[account]), "role": .optional(request.principal.role?.rawValue),
            "has_password": .bool(credentials.passwordHash != nil), "verified": .bool(credentials.verifiedAt != nil),
            "totp": .bool(credentials.hasTOTP),
            "permissions": .array(request.principal.permissions.map(\.rawValue).sorted().map { .string($0) }),
            "accounts": .array(
                accounts.map {
                    [
                        "account_id": .string($0.user.account.rawValue), "name": .optional(names[$0.user.account]),
                        "role": .string($0.role.rawValue),
                    ]
                }),
        ])
    }
}
