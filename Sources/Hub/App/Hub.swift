// The hub's parts, wired.

import Domain
import Loop
import Media
import Pipeline
import Runtime
import Server
import Store

#if canImport(Glibc)
import Glibc
#endif

/// Everything that `serve` runs in one process. Started in order of dependency, stopped in reverse.
struct Hub {
    private let configuration: Configuration
    private let store: Store
    private let pipeline: Pipeline
    private let server: HubServer
    private let log = Log("hub")

    struct CannotUseFolder: Error, CustomStringConvertible {
        let folder: String
        let reason: String
        var description: String { "DATA_DIR: \(folder) cannot be used: \(reason)" }
    }

    init(_ configuration: Configuration) async throws {
        self.configuration = configuration
        try Self.makeFolder(configuration.dataFolder)
        let clock = WallClock.system
        let store = try await Store.open(.sqlite(path: configuration.databasePath))
        let storage = try FolderClipStorage(folder: configuration.dataFolder + "/clips")
        let http = HTTPClient()
        let client = configuration.telegramToken.map {
            TelegramClient(
                http: http, token: $0, baseURL: configuration.telegramBaseURL, timeoutSeconds: configuration.notificationTimeoutSeconds)
        }
        let linking = TelegramLinking(
            store: store, client: client, onboardingURL: configuration.telegramOnboardingURL,
            lifetimeSeconds: configuration.telegramLinkSeconds, webhookSecret: configuration.telegramWebhookSecret, clock: clock)
        // The pipeline announces through the server, the server wakes the pipeline.
        let announcements = Announcements()
        let pipeline = Pipeline(
            store: store, storage: storage, telegram: client,
            configuration: Pipeline.Configuration(sendsVideo: configuration.telegramSendsVideo), clock: clock,
            onEvent: { scope, event in await announcements.server?.announce(event, in: scope) },
            onDelivery: { scope, delivery in await announcements.server?.announce(delivery, in: scope) })
        let loop = EventLoop(
            LoopConfiguration(
                host: configuration.listenAddress, port: configuration.port, subprotocols: ["pingwatch.v1"],
                maximumMessageBytes: ServerConfiguration.Limits().maximumFrameBytes))
        let server = try await HubServer(
            loop: loop, store: store, storage: storage, telegram: linking,
            configuration: ServerConfiguration(
                authRequired: configuration.authRequired, devLoginEnabled: configuration.devLoginEnabled,
                tokenLifetimeSeconds: configuration.tokenLifetimeSeconds, publicFolder: configuration.publicFolder, version: Main.version),
            clock: clock, wakePipeline: { await pipeline.wake() })
        await announcements.set(server)
        self.store = store
        self.pipeline = pipeline
        self.server = server
    }

    /// - Returns: the address to open.
    func start() async throws -> String {
        let port = try await server.start()
        if configuration.authRequired, !configuration.devLoginEnabled {
            log.warning("nobody can sign in: AUTH_DEV_LOGIN_ENABLED is off and no other way to sign in is configured")
        }
        let host = configuration.listenAddress.isEmpty ? "localhost" : configuration.host
        return "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Runs until a termination signal, then stops: no new work, sockets closed, jobs given back, database closed.
    func run(until termination: TerminationSignals) async {
        let ticking = Task { await server.run() }
        let working = Task { await pipeline.run() }
        await termination.wait()
        log.info("stopping")
        ticking.cancel()
        await server.stop()
        working.cancel()
        await working.value
        await store.close()
        log.info("stopped")
    }

    private static func makeFolder(_ folder: String) throws {
        var path = folder.hasPrefix("/") ? "" : "."
        for piece in folder.split(separator: "/") {
            path += "/" + piece
            guard mkdir(path, 0o700) != 0, errno != EEXIST else { continue }
            throw CannotUseFolder(folder: folder, reason: String(cString: strerror(errno)))
        }
        guard access(folder, W_OK) == 0 else { throw CannotUseFolder(folder: folder, reason: String(cString: strerror(errno))) }
    }
}

/// Ties the knot between pipeline and server.
private actor Announcements {
    private(set) var server: HubServer?
    func set(_ server: HubServer) { self.server = server }
}
