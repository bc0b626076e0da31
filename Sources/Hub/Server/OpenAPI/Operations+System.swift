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
}
