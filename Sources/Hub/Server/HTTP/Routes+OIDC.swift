// The routes of signing in at another issuer.

import Domain
import Loop
import Runtime

extension Services {
    func oidcRoutes() -> [Route] {
        [
            Route(.post, "/auth/oidc/start", .open) { request in
                let oidc = try issuer(), browser = try Self.browserSecret(try request.fields())
                let start = try await oidc.start(browser: browser, by: caller(request))
                return Router.json(["authorization_url": .string(start.url), "state": .string(start.state)])
            },
            Route(.post, "/auth/oidc/finish", .open) { request in
                let oidc = try issuer(), fields = try request.fields()
                return signedIn(
                    try await oidc.finish(
                        state: try fields.text("state", maximum: 128), code: try fields.text("code", maximum: 4096),
                        browser: try Self.browserSecret(fields), invitation: try fields.optionalText("invitation", maximum: 128), by: caller(request)))
            },
            Route(.post, "/auth/jwt", .open) { request in
                let oidc = try issuer(), fields = try request.fields()
                return signedIn(
                    try await oidc.begin(
                        token: try fields.text("token", maximum: 16_384), invitation: try fields.optionalText("invitation", maximum: 128),
                        by: caller(request)))
            },
        ]
    }

    private func issuer() throws(APIError) -> OIDCSignIn {
        guard let oidc else { throw .notFound("route") }
        return oidc
    }

    private static func browserSecret(_ fields: Fields) throws(APIError) -> String {
        let secret = try fields.text("browser", maximum: 128)
        guard secret.utf8.count >= 22 else { throw .invalid("browser", "a secret of 128 random bits is expected, in base64url") }
        return secret
    }
}
