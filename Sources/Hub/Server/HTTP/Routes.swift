// The routes of docs/API.md.

import Domain
import Loop
import Pipeline
import Runtime
import Store

/// Everything that routes and rpc methods are made of.
struct Services: Sendable {
    let authentication: Authentication
    let attempts: AttemptGuard
    let signIns: SignInService
    let gettingIn: GettingIn
    /// `nil` where no issuer is configured.
    let oidc: OIDCSignIn?
    let connections: any CredentialConnections
    let pairings: PairingService
    let mailer: Mailer
    let watching: Watching
    let control: DeviceControl
    let reports: DeviceReports
    let events: Events
    let previews: Previews
    let store: Store
    let storage: any ClipStorage
    let telegram: TelegramLinking
    let channels: AlertChannels
    let planner: AlertPlanner
    let metrics: Metrics
    let live: any LiveSource
    let snapshots: Snapshots
    let presenter: Presenter
    let signer: MediaSigner
    let configuration: ServerConfiguration
    let clock: WallClock
    let removal: Removal
}

extension Services {
    func routes() -> [Route] {
        var routes = systemRoutes() + signInRoutes() + gettingInRoutes() + profileRoutes() + oidcRoutes()
        routes += accountRoutes() + memberRoutes() + invitationRoutes() + keyRoutes()
        routes += watchingRoutes() + deviceRoutes() + deviceSettingsRoutes() + pairingRoutes() + activationCodeRoutes()
        routes += eventRoutes() + workRoutes() + alertRoutes() + telegramRoutes() + mediaRoutes() + liveRoutes()
        routes += removalRoutes() + usageRoutes()
        return routes + [descriptionRoute(of: routes)]
    }

    private func systemRoutes() -> [Route] {
        [
            Route(.get, "/healthz", .open) { _ in
                do {
                    try await store.ping()
                    return Router.json(["status": "ok"])
                } catch {
                    return Router.json(["status": "database"], status: 503)
                }
            },
            Route(.get, "/metrics", .open) { request in
                // Where no token is configured the route does not exist.
                guard let token = configuration.metricsToken, let given = Router.bearer(request.head), token.matches(given) else {
                    throw APIError.notFound("route")
                }
                let text = metrics.exposition(try await gauges())
                return HTTPResponse(
                    status: 200, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")],
                    body: .bytes(Array(text.utf8)))
            },
            Route(.get, "/version", .open) { _ in
                Router.json(["name": "pingwatch", "version": .string(configuration.version)])
            },
        ]
    }

    private func watchingRoutes() -> [Route] {
        [
            Route(.post, "/sessions/start", .needs(.control, orSensor: true)) { request in
                let fields = try request.fields()
                let session = try await watching.start(
                    device: try fields.identifier("device_id"), prompt: try fields.optionalText("analysis_prompt", maximum: 1000),
                    in: request.scope)
                return Router.json(presenter.session(session))
            },
            Route(.post, "/sessions/stop", .needs(.control, orSensor: true)) { request in
                let session = try await watching.stop(try request.fields().identifier("session_id"), in: request.scope)
                return Router.json(presenter.session(session))
            },
            Route(.post, "/sessions/force-stop", .needs(.control)) { request in
                Router.json(try await watching.forceStop(try request.fields().identifier("session_id"), in: request.scope))
            },
            Route(.get, "/sessions", .needs(.view, orSensor: true)) { request in
                let sessions = try await store.sessions.list(
                    device: try request.queryIdentifier("device_id"), in: request.scope, page: try request.page())
                return Router.json(.array(sessions.items.map(presenter.session)), headers: next(sessions.nextCursor))
            },
        ]
    }

    func next(_ cursor: String?) -> [(name: String, value: String)] { cursor.map { [("X-Next-Cursor", $0)] } ?? [] }

    /// In the table for who may call it and by what method; `HubServer` answers it before the router would, since its body goes to disk as it comes.
    static let uploadRoute = Route(.put, "/events/{id}/upload", .needs(.control, orSensor: true)) { _ in throw APIError.internalError }

    private func eventRoutes() -> [Route] {
        [
            Route(.post, "/events", .needs(.control, orSensor: true)) { request in
                let fields = try request.fields()
                let declared = try events.declaration(fields, sizeLimit: 1 << 40)
                let uri = try fields.text("clip_uri", maximum: 2048)
                guard uri.hasPrefix("https://") || uri.hasPrefix("http://") else {
                    throw APIError.invalid("clip_uri", "an http or https address is expected")
                }
                let event = try await events.createExternal(declared, uri: uri, in: request.scope)
                return Router.json(try await events.present(event, in: request.scope, hasLinks: request.principal.getsLinks))
            },
            Route(.post, "/events/upload/initiate", .needs(.control, orSensor: true)) { request in
                let declared = try events.declaration(try request.fields(), sizeLimit: configuration.limits.maximumUploadBytes)
                let event = try await events.initiate(declared, in: request.scope)
                let path: JSON = .string("/events/\(event.id)/upload")
                let expiry = Timestamp(milliseconds: clock.milliseconds).advanced(bySeconds: configuration.tokenLifetimeSeconds)
                return Router.json([
                    "event": try await events.present(event, in: request.scope, hasLinks: request.principal.getsLinks), "upload_url": path, "blob_url": path,
                    "expires_at": presenter.time(expiry),
                ])
            },
            Self.uploadRoute,
            Route(.post, "/events/{id}/upload/finalize", .needs(.control, orSensor: true)) { request in
                let fields = request.body.isEmpty ? nil : try request.fields()
                let event = try await events.finalize(
                    try request.identifier(0, "event"), etag: try fields?.optionalText("etag", maximum: 256), in: request.scope)
                return Router.json(try await events.present(event, in: request.scope, hasLinks: request.principal.getsLinks))
            },
            Route(.get, "/events", .needs(.view)) { request in
                var filter = EventFilter()
                filter.session = try request.queryIdentifier("session_id")
                filter.device = try request.queryIdentifier("device_id")
                filter.status = try request.eventStatus()
                let (list, cursor) = try await events.list(filter, page: try request.page(), in: request.scope)
                return Router.json(list, headers: next(cursor))
            },
            Route(.get, "/events/{id}", .needs(.view)) { request in
                let event = try await events.find(try request.identifier(0, "event"), in: request.scope)
                return Router.json(try await events.present(event, in: request.scope, hasLinks: request.principal.getsLinks))
            },
            Route(.get, "/events/{id}/summary", .needs(.view)) { request in
                let event = try await events.find(try request.identifier(0, "event"), in: request.scope)
                guard let summary = presenter.summary(of: event) else { throw APIError.notFound("summary yet") }
                return Router.json(summary)
            },
            Route(.post, "/events/{id}/summary", .needs(.summarize)) { request in
                let fields = try request.fields()
                let result = AnalysisResult(
                    summary: try fields.text("summary", maximum: 4000), label: try fields.optionalText("label", maximum: 80),
                    confidence: try fields.optionalNumber("confidence", in: 0...1),
                    tags: try fields.optionalStrings("tags", maximumCount: 32, maximumLength: 64) ?? [],
                    shouldNotify: try fields.optionalBool("should_notify") ?? false,
                    alertReason: try fields.optionalText("alert_reason", maximum: 500),
                    provider: try fields.optionalText("inference_provider", maximum: 80) ?? "external",
                    model: try fields.optionalText("inference_model", maximum: 80) ?? "unknown")
                let id: EventID = try request.identifier(0, "event"), scope = try await summaryScope(of: id, request, fields)
                let event = try await events.setSummary(result, of: id, in: scope)
                return Router.json(try await events.present(event, in: scope, hasLinks: request.principal.getsLinks))
            },
        ]
    }

    /// A worker describes events of any account; two accounts can have an event of the same id, and it says whose it means then.
    private func summaryScope(of event: EventID, _ request: Request, _ fields: Fields) async throws -> AccountScope {
        guard case .worker = request.principal.kind else { return request.scope }
        let owners = try await store.events.owners(of: event)
        let meant: AccountID? = try fields.optionalIdentifier("account_id")
        guard let owner = owners.first(where: { meant == nil || $0.account == meant }) else { throw APIError.notFound("event") }
        guard meant != nil || owners.count == 1 else {
            throw APIError.conflict("ambiguous", "account_id: events of several accounts have this id; name the account")
        }
        return owner
    }
}
