// The routes of who is not signed in yet.

import Credentials
import Domain
import Loop
import Runtime
import Store

extension Services {
    func gettingInRoutes() -> [Route] {
        [
            Route(.get, "/auth/config", .open) { _ in
                Router.json([
                    "setup_required": .bool(try await store.users.isEmpty()), "sign_up": .string(configuration.signUp.rawValue),
                    "dev_login": .bool(configuration.devLoginEnabled), "mail": .bool(mailer.isAvailable),
                    "password_minimum": .integer(Int64(PasswordPolicy.length.lowerBound)),
                    "oidc": oidc.map { ["name": .string($0.name)] } ?? .null,
                ])
            },
            Route(.post, "/auth/setup", .open) { request in
                let fields = try request.fields()
                return signedIn(
                    try await gettingIn.setUp.finish(
                        secret: try fields.text("secret", maximum: 128), email: try fields.email(), password: try fields.password("password"),
                        name: try fields.optionalText("name", maximum: 80), accountName: try fields.optionalText("account_name", maximum: 80),
                        by: caller(request)))
            },
            Route(.post, "/auth/sign-up", .open) { request in
                let fields = try request.fields()
                let result = try await gettingIn.links.signUp(
                    email: try fields.email(), password: try fields.password("password"), name: try fields.optionalText("name", maximum: 80),
                    invitation: try fields.optionalText("invitation", maximum: 128), by: caller(request))
                switch result {
                case .session(let session): return signedIn(session)
                case .mailed: return Router.json(["status": "verification_sent"], status: 202)
                }
            },
            Route(.post, "/auth/sign-in", .open) { request in
                let fields = try request.fields()
                let device = try fields.optionalText("device_name", maximum: 80)
                let code = try fields.optionalText("totp", maximum: 32)
                let email = try fields.email(), password = try fields.password("password")
                return signedIn(
                    try await gettingIn.passwords.begin(email: email, password: password, code: code, by: caller(request).called(device)))
            },
            Route(.post, "/auth/password/forgot", .open) { request in
                try gettingIn.links.forgot(try request.fields().email(), by: caller(request))
                return Router.json(["status": "sent"], status: 202)
            },
            Route(.post, "/auth/password/reset", .open) { request in
                let fields = try request.fields()
                let token = try fields.text("token", maximum: 128), password = try fields.password("password")
                try await gettingIn.links.reset(token, to: password, by: caller(request))
                return HTTPResponse(status: 204)
            },
            Route(.post, "/auth/email/verify", .open) { request in
                let fields = try request.fields()
                let token = try fields.text("token", maximum: 128), password = try fields.password("password")
                return signedIn(try await gettingIn.links.verify(token, password: password, by: caller(request)))
            },
            Route(.post, "/auth/email/resend", .open) { request in
                try gettingIn.links.resend(to: try request.fields().email(), by: caller(request))
                return Router.json(["status": "sent"], status: 202)
            },
        ]
    }
}

extension Fields {
    func email() throws(APIError) -> String { try SignInService.address(try text("email", maximum: 254)) }
}
