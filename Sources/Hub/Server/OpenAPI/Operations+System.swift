// The routes of the hub itself, and of signing in.

import Loop

extension Operation {
    static let system: [Operation] = [
        Operation(
            .get, "/healthz", .system, "Whether the hub works",
            .json(.object(["status": .words(["ok"])])), .json(.object(["status": .words(["database"])]), "The database does not answer", status: 503)),
        Operation(
            .get, "/metrics", .system, "Numbers for Prometheus", detail: "404 without `METRICS_TOKEN`.", proof: .metricsToken,
            .bytes(["text/plain"], "Prometheus text"), errors: [404: "not_found"]),
        Operation(
            .get, "/version", .system, "Name and version", .json(.object(["name": .words(["pingwatch"]), "version": .string]))),
        Operation(
            .get, "/openapi.json", .system, "This description",
            Answer(status: 200, summary: "OpenAPI 3.1", content: [("application/json", .fields)], headers: [("ETag", .string)])),
        Operation(
            .get, "/connection", .system, "By what address and host you ask, over TLS or not",
            detail: "For whoever sets up a proxy: what the hub makes of what it says.",
            .json(.object(["address": .string, "secure": Schema.boolean.orNull, "host": Schema.string.orNull, "forwarded": .boolean]))),
    ]

    private static let signIn = Schema.named(
        "SignIn", .object(["access_token": .string, "token_type": .words(["bearer"]), "user_id": .identifier, "expires_at": .time]))

    static let account: [Operation] = [
        Operation(
            .post, "/auth/dev/login", .account, "Sign in by naming an address", detail: "For development; 404 unless `AUTH_DEV_LOGIN_ENABLED`.",
            body: .json(.object(["email": .email])), .json(signIn), errors: [404: "not_found"]),
        Operation(
            .post, "/auth/refresh", .account, "A new token for a valid one", detail: "The old one lasts until its own end.", .json(signIn)),
        Operation(
            .get, "/auth/me", .account, "Who you are",
            .json(.object(["user_id": .identifier, "email": .string, "account_id": .identifier]))),
        Operation(
            .post, "/auth/logout", .account, "Sign out", detail: "The token is revoked, and the connections that live by it are closed.", .none),
    ]
}
