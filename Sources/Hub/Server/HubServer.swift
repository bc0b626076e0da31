// The server: what comes from the loop goes to static files, routes, uploads and the socket protocol.

import Certificates
import Domain
public import Loop
public import Pipeline
public import Runtime
public import Store

/// HTTP and WebSocket of the hub.
public final class HubServer: Sendable {
    private let loop: EventLoop
    private let realtime: RealtimeHub
    let services: Services
    private let router: Router
    private let files: StaticFiles
    private let publisher: OutboxPublisher
    private let housekeeper: Housekeeper
    private let health: HealthWatch
    private let uploads = OpenUploads()
    private let log = Log("server")

    /// - Parameter mail: for what people are told about their accounts; `nil` where no server is configured.
    /// - Parameter totpKey: of the secrets of one-time codes.
    /// - Throws: when the folder of the web page is missing or the database does not answer.
    public init(
        loop: EventLoop, store: Store, storage: any ClipStorage, telegram: TelegramLinking, channels: AlertChannels, planner: AlertPlanner,
        mail: MailClient?, totpKey: TOTPKey, configuration: ServerConfiguration, clock: WallClock
    ) async throws {
        self.loop = loop
        files = try StaticFiles(folder: configuration.publicFolder)
        realtime = RealtimeHub(loop: loop, configuration: configuration, clock: clock)
        let keys = SigningKeyRing(try await store.signingKeys.all(now: Timestamp(milliseconds: clock.milliseconds)))
        let presenter = Presenter(signer: MediaSigner(ring: keys), clock: clock)
        let bus = LocalBus(realtime: realtime)
        let metrics = Metrics()
        let reports = DeviceReports()
        let watching = Watching(store: store, presence: bus, reports: reports, presenter: presenter, clock: clock)
        let control = DeviceControl(store: store, cameras: bus, limits: configuration.limits, clock: clock)
        let events = Events(
            store: store, storage: storage, planner: planner, presenter: presenter, clock: clock, limits: configuration.limits, metrics: metrics)
        let removal = Removal(store: store, storage: storage, audience: bus, connections: bus, reports: reports, clock: clock)
        publisher = OutboxPublisher(
            store: store, bus: bus, events: events, watching: watching, control: control, presenter: presenter, metrics: metrics, clock: clock)
        housekeeper = Housekeeper(
            store: store, storage: storage, planner: planner, realtime: realtime, uploads: uploads, removal: removal, limits: configuration.limits,
            clock: clock)
        health = HealthWatch(store: store, presence: bus, reports: reports, planner: planner, limits: configuration.limits, clock: clock)
        let attempts = AttemptGuard(metrics: metrics, clock: clock)
        let signIns = SignInService(store: store, connections: bus, configuration: configuration, clock: clock)
        let mailer = Mailer(client: mail, publicURL: configuration.publicURL, clock: clock)
        services = Services(
            authentication: Authentication(store: store, configuration: configuration, clock: clock), attempts: attempts, signIns: signIns,
            gettingIn: GettingIn(
                store: store, totpKey: totpKey, signIns: signIns, mailer: mailer, attempts: attempts, connections: bus, configuration: configuration,
                clock: clock),
            oidc: configuration.oidc.map {
                OIDCSignIn(
                    $0, store: store, signIns: signIns, attempts: attempts, publicURL: configuration.publicURL, signUp: configuration.signUp,
                    clock: clock)
            },
            connections: bus, pairings: PairingService(store: store, connections: bus, clock: clock), mailer: mailer, watching: watching, control: control, reports: reports, events: events,
            previews: Previews(store: store, storage: storage, planner: planner, clock: clock),
            store: store, storage: storage, telegram: telegram, channels: channels, planner: planner, metrics: metrics, live: bus,
            snapshots: Snapshots(source: bus, limits: configuration.limits, metrics: metrics, clock: clock), presenter: presenter, signer: presenter.signer, configuration: configuration, clock: clock, removal: removal)
        router = Router(authentication: services.authentication, attempts: services.attempts, routes: services.routes())
    }

    /// Starts listening.
    ///
    /// - Returns: the port.
    public func start() async throws -> Int {
        let port = try loop.start(handler: self)
        await realtime.use(RealtimeServices(services))
        return port
    }

    /// Publishes, keeps house, and drives what depends on time, until cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.publisher.run() }
            group.addTask { await self.housekeeper.run() }
            group.addTask { await self.health.run() }
            group.addTask { await self.refreshKeys() }
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(250))
                await realtime.tick()
            }
        }
    }

    /// `pingwatch keys rotate` adds one in another process.
    private func refreshKeys() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(SigningKeyRing.refreshSeconds))
            guard !Task.isCancelled else { return }
            do {
                services.signer.ring.replace(with: try await services.store.signingKeys.all(now: Timestamp(milliseconds: services.clock.milliseconds)))
            } catch {
                log.warning("the signing keys stay those of before", ["error": String(describing: error)])
            }
        }
    }

    public func stop() async {
        await loop.stop()
        await services.gettingIn.finish()
    }

    /// The secret with which the first person of the hub makes themselves its owner; `nil` where there is somebody.
    public func openSetUp() async throws -> Secret? { try await SetUp.open(services.store) }
}

/// The channels of this process.
private struct LocalBus: Bus, PresenceSource, CredentialConnections, RemovalAudience, LiveSource, RemoteControl {
    let realtime: RealtimeHub

    func publish(_ publication: Publication, about device: DeviceID, toUsersOf scope: AccountScope) async {
        await realtime.publishChange(publication, about: RealtimeHub.DeviceKey(account: scope.account, device: device))
    }

    func publish(_ publication: Publication, to user: UserID, in scope: AccountScope) async {
        await realtime.publish(publication, to: .user(scope.account, user))
    }

    func publish(_ publication: Publication, toSensor device: DeviceID, in scope: AccountScope) async {
        await realtime.publish(publication, to: .sensor(scope.account, device))
    }

    func close(_ credential: Credential) async { await realtime.close(credential) }

    func removed(_ events: [EventID], in scope: AccountScope) async { await realtime.removed(events, of: scope.account) }

    func removed(_ device: DeviceID, in scope: AccountScope) async {
        await realtime.removed(RealtimeHub.DeviceKey(account: scope.account, device: device))
    }

    func isOnline(_ device: DeviceID, in scope: AccountScope) async -> Bool {
        await realtime.isOnline(RealtimeHub.DeviceKey(account: scope.account, device: device))
    }

    func command(_ command: RemoteCommand, to device: DeviceID, in scope: AccountScope) async throws -> JSON {
        try await realtime.command(command, to: RealtimeHub.DeviceKey(account: scope.account, device: device))
    }

    func request(_ event: EventID, of device: DeviceID, in scope: AccountScope) async throws {
        try await realtime.request(event, of: RealtimeHub.DeviceKey(account: scope.account, device: device))
    }

    func connected() async -> Set<DeviceReports.Key> { await realtime.connectedSensors }

    func counts() async -> RealtimeCounts { await realtime.counts() }

    func viewers(in scope: AccountScope) async -> Int { await realtime.viewers(of: scope.account) }

    func picture(of device: DeviceID, in scope: AccountScope) async throws -> LivePicture {
        try await realtime.picture(of: RealtimeHub.DeviceKey(account: scope.account, device: device))
    }
}

extension HubServer: LoopHandler {
    static let socketPath = "/connection/websocket"

    public func refusal(of upgrade: HTTPHead) -> Int? {
        guard upgrade.path == Self.socketPath else { return 404 }
        let asked = RequestOrigin(upgrade, proxies: services.configuration.proxies)
        if services.configuration.encryption != nil, asked.isSecure != true { return 403 }
        if isLedToPublicURL(asked) { return 403 }
        // Browsers send where a page comes from; another site's page must not use its visitor's hub.
        guard let origin = upgrade.header("origin") else { return nil }
        // Behind a proxy that says nothing, or is not known as one, either may be right; otherwise a page that came without TLS could be anybody's.
        let mayBeSecure = asked.isSecure != false, mayBePlain = asked.isSecure != true
        guard let host = asked.host, (mayBeSecure && origin == "https://\(host)") || (mayBePlain && origin == "http://\(host)") else { return 403 }
        return nil
    }

    /// Whether it came without TLS through a proxy, although the page's address has TLS.
    private func isLedToPublicURL(_ origin: RequestOrigin) -> Bool {
        origin.isForwarded && origin.isSecure == false && services.configuration.isPublicSecure
    }

    /// Whoever is behind a trusted proxy, by its network as the loop counts; nobody where the loop counts the address itself.
    public func client(of upgrade: HTTPHead) -> String {
        let proxies = services.configuration.proxies
        guard !proxies.isEmpty else { return "" }
        let address = proxies.clientAddress(of: upgrade)
        return PeerAddress(address)?.network.description ?? address
    }

    public func opened(_ socket: WebSocket) {
        guard !EchoSockets.own(socket) else { return }
        realtime.assumeIsolated { $0.opened(socket) }
    }
    public func closed(_ socket: WebSocket) { realtime.assumeIsolated { $0.closed(socket) } }
    public func received(_ message: MessageBuffer, isBinary: Bool, on socket: WebSocket) {
        guard !EchoSockets.own(socket) else { return EchoSockets.answer(message, isBinary: isBinary, on: socket) }
        realtime.assumeIsolated { $0.received(message, isBinary: isBinary, on: socket) }
    }
    public func turnEnds() { realtime.assumeIsolated { $0.sendPublications() } }

    public func request(_ exchange: HTTPExchange) {
        let head = exchange.head
        let pathError = head.path.isEmpty ? APIError(status: 400, code: "invalid_path", message: "the path is not UTF-8") : nil
        if let error = framingError(head) ?? pathError {
            var response = Router.response(for: error, log: log)
            response.closesConnection = true
            return exchange.respond(secured(response, for: head))
        }
        if let response = doorAnswer(head) ?? files.response(for: head) {
            exchange.respond(secured(response, for: head))
            return
        }
        if head.method == .put, let parameters = Services.uploadRoute.match(head.path.split(separator: "/")) {
            exchange.setReading(false)
            Task { await answer(exchange, with: await upload(exchange, event: parameters[0])) }
            return
        }
        let body = GatheredBody(maximum: services.configuration.limits.maximumBodyBytes)
        exchange.receive(
            onBody: { body.append($0) },
            onComplete: { [self] in
                let bytes = body.bytes
                let isTooLarge = body.isTooLarge
                Task { await answer(exchange, with: isTooLarge ? tooLarge() : await router.respond(to: head, body: bytes)) }
            })
    }

    /// Where it is not sure where the request ends, whatever follows may be taken for another one (RFC 9112, sections 6.3 and 11.2): nothing is
    /// answered but this, and the connection ends.
    private func framingError(_ head: HTTPHead) -> APIError? {
        if head.header("transfer-encoding") != nil {
            return APIError(status: 411, code: "length_required", message: "Content-Length is needed; chunked bodies are not taken")
        }
        if head.header("content-length") != nil, head.contentLength == nil {
            return .invalid("Content-Length", "one number of bytes is expected")
        }
        return nil
    }

    private func secured(_ response: HTTPResponse, for head: HTTPHead) -> HTTPResponse {
        let origin = RequestOrigin(head, proxies: services.configuration.proxies)
        // A proxy's certificate is one that was given, too, where people are told to come by https.
        var isStrict = origin.isForwarded && services.configuration.isPublicSecure
        if case .given = services.configuration.encryption { isStrict = true }
        var response = SecurityHeaders.apply(to: response, isStrict: isStrict && origin.isSecure == true)
        // A proxy's connection may carry requests of several clients; libwebsockets 4.1.6 can be brought to read from one on into the next.
        if origin.isForwarded { response.closesConnection = true }
        return response
    }

    /// Redirects to https, and what a phone needs to trust the hub.
    private func doorAnswer(_ head: HTTPHead) -> HTTPResponse? {
        let origin = RequestOrigin(head, proxies: services.configuration.proxies)
        if isLedToPublicURL(origin), let site = services.configuration.publicURL { return PlainDoor.redirect(head, to: site) }
        guard let encryption = services.configuration.encryption else { return nil }
        var authority: Certificate?
        if case .local(let current) = encryption { authority = current() }
        if origin.isSecure != true, let redirect = PlainDoor.redirect(head, origin, port: loop.port, isLocal: authority != nil) { return redirect }
        guard let authority, head.method == .get || head.method == .head else { return nil }
        switch head.path {
        case PlainDoor.authorityPath:
            return HTTPResponse(
                status: 200, headers: [("Content-Type", "application/x-x509-ca-cert"), ("Cache-Control", "no-store")], body: .bytes(authority.der))
        case PlainDoor.helpPath:
            return files.page(PlainDoor.helpFile, replacing: "{{fingerprint}}", with: authority.fingerprint)
        default:
            return nil
        }
    }

    private func tooLarge() -> HTTPResponse {
        let limit = services.configuration.limits.maximumBodyBytes
        return Router.response(for: APIError(status: 413, code: "too_large", message: "a body of at most \(limit) bytes is taken"), log: log)
    }

    private func answer(_ exchange: HTTPExchange, with response: HTTPResponse) async {
        let response = secured(response, for: exchange.head)
        await exchange.perform { exchange.respond(response) }
    }

    /// `PUT /events/{id}/upload`: the body goes to disk as it comes.
    private func upload(_ exchange: HTTPExchange, event id: String) async -> HTTPResponse {
        do {
            let principal = try await router.principal(for: exchange.head, access: Services.uploadRoute.access)
            guard let id = EventID(id) else { throw APIError.notFound("event") }
            let event = try await services.events.uploadTarget(id, length: exchange.head.contentLength, in: principal.scope)
            guard uploads.begin(id, in: principal.scope) else { throw APIError.busy }
            defer { uploads.end(id, in: principal.scope) }
            let writer = try await services.storage.upload(in: principal.scope, event: id)
            let stored: (etag: String, size: Int64)
            do {
                try await BodyPump(exchange: exchange, writer: writer).run()
                stored = try await writer.seal()
                guard stored.size == event.clip.sizeBytes else { throw APIError.internalError }
                try await services.events.accept(stored.etag, of: event, writer, in: principal.scope)
            } catch {
                await writer.discard()
                throw error
            }
            return Router.json(
                ["event_id": .string(id.rawValue), "etag": .string(stored.etag), "size_bytes": .integer(stored.size)],
                headers: [("ETag", "\"\(stored.etag)\"")])
        } catch {
            await exchange.perform { exchange.setReading(true) }
            return Router.response(for: error, log: log)
        }
    }
}
