// The hub's parts, wired.

import Loop
import Pipeline
import Runtime
import Server
import Store

/// Everything that `serve` runs in one process. Started in order of dependency, stopped in reverse.
struct Hub {
    private let configuration: Configuration
    private let core: Core
    private let linking: TelegramLinking
    private let server: HubServer
    private let log = Log("hub")

    init(_ configuration: Configuration) async throws {
        self.configuration = configuration
        core = try await Core(configuration, role: "serve")
        let clock = WallClock.system
        linking = TelegramLinking(
            store: core.store, client: core.telegram, onboardingURL: configuration.telegramOnboardingURL,
            lifetimeSeconds: configuration.telegramLinkSeconds, webhookSecret: configuration.telegramWebhookSecret, clock: clock)
        let loop = EventLoop(
            LoopConfiguration(
                host: configuration.listenAddress, port: configuration.port, subprotocols: ["pingwatch.v1"],
                maximumMessageBytes: ServerConfiguration.Limits().maximumFrameBytes))
        var server = ServerConfiguration(
            authRequired: configuration.authRequired, devLoginEnabled: configuration.devLoginEnabled,
            tokenLifetimeSeconds: configuration.tokenLifetimeSeconds, publicFolder: configuration.publicFolder, version: Main.version)
        server.limits.clipIdleSeconds = configuration.clipIdleSeconds
        server.limits.maximumBacklog = configuration.maximumBacklog
        server.metricsToken = configuration.metricsToken
        self.server = try await HubServer(
            loop: loop, store: core.store, storage: core.storage, telegram: linking, channels: core.channels, planner: core.pipeline.planner,
            configuration: server, clock: clock)
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
        let serving = Task { await server.run() }
        let working = Task { await core.pipeline.run() }
        let webhook = configuration.publicURL.map { "\($0)/notifications/telegram/webhook" }
        let listening = Task { await linking.run(webhookURL: webhook) }
        await termination.wait()
        log.info("stopping")
        listening.cancel()
        serving.cancel()
        await server.stop()
        working.cancel()
        await working.value
        await serving.value
        await core.store.close()
        log.info("stopped")
    }
}
