// The hub's parts, wired.

import Certificates
import Domain
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
    private let encryption: Encryption?
    private let loop: EventLoop
    /// Each asks to look for another certificate; `nil` where nobody listens.
    private let hangups: AsyncStream<Void>?
    private let log = Log("hub")

    init(_ configuration: Configuration, signals: TerminationSignals) async throws {
        self.configuration = configuration
        let clock = WallClock.system
        try Core.makeFolder(of: configuration)
        let maximumConnections = Descriptors.connections(wanted: configuration.maximumConnections)
        encryption = try Encryption(configuration, clock: clock)
        hangups = encryption?.wantsHangups == true ? signals.catchHangups() : nil
        core = try await Core(configuration, role: "serve")
        let plans = try await core.store.plans.list().map(\.id)
        guard plans.contains(configuration.defaultPlan) else {
            throw Configuration.Mistakes(
                lines: ["DEFAULT_PLAN: there is no plan \"\(configuration.defaultPlan)\"; there are \(plans.joined(separator: ", "))"])
        }
        linking = TelegramLinking(
            store: core.store, client: core.telegram, onboardingURL: configuration.telegramOnboardingURL,
            lifetimeSeconds: configuration.telegramLinkSeconds, webhookSecret: configuration.telegramWebhookSecret, clock: clock)
        var ports = LoopConfiguration(
            host: configuration.listenAddress, port: configuration.port,
            subprotocols: ["pingwatch.v1"] + (configuration.echoes ? [EchoSockets.subprotocol] : []),
            maximumMessageBytes: configuration.echoes ? EchoSockets.maximumMessageBytes : ServerConfiguration.Limits().maximumFrameBytes)
        ports.handshakeSeconds = configuration.handshakeSeconds
        ports.credentials = encryption?.credentials
        ports.plainPort = configuration.plainPort
        ports.threads = configuration.loopThreads ?? usableCores
        ports.limits.connections = maximumConnections
        ports.limits.connectionsPerAddress = configuration.maximumConnectionsPerAddress
        let proxies = configuration.proxies
        if !proxies.isEmpty { ports.limits.isShared = { NetworkAddress($0.description).map(proxies.contains) ?? false } }
        // A TLS handshake costs a core about half a millisecond; half of each may go into them.
        ports.limits.perSecond = configuration.acceptsPerSecond ?? (encryption == nil ? 20_000 : 1000 * Double(ports.threads))
        loop = EventLoop(ports)
        var server = ServerConfiguration(
            authRequired: configuration.authRequired, devLoginEnabled: configuration.devLoginEnabled,
            tokenLifetimeSeconds: configuration.tokenLifetimeSeconds, publicFolder: configuration.publicFolder, version: Main.version)
        server.refreshLifetimeSeconds = configuration.refreshLifetimeSeconds
        server.workerToken = configuration.workerToken
        server.limits.clipIdleSeconds = configuration.clipIdleSeconds
        server.limits.connectSeconds = Double(configuration.socketConnectSeconds)
        server.limits.pingSeconds = Double(configuration.socketPingSeconds)
        server.limits.maximumBacklog = configuration.maximumBacklog
        server.limits.attentionSeconds = configuration.attentionSeconds
        server.limits.offlineSeconds = configuration.offlineSeconds
        server.defaultPlan = configuration.defaultPlan
        server.limits.retentionDays = configuration.retentionDays
        server.limits.uploadsPerHour = configuration.uploadsPerHour
        server.limits.maximumConnectionsPerUser = configuration.maximumConnectionsPerUser
        server.limits.maximumConnectionsPerAddress = configuration.maximumConnectionsPerAddress
        server.limits.maximumSubscriptions = configuration.maximumSubscriptions
        server.limits.rate = RateBudget.Limits(
            messagesPerSecond: configuration.messagesPerSecond, bytesPerSecond: configuration.bytesPerSecond)
        server.limits.maximumControlBytes = configuration.maximumQueueBytes
        server.limits.live.viewersPerStream = configuration.viewersPerStream
        server.limits.live.streamsPerAccount = configuration.streamsPerAccount
        server.metricsToken = configuration.metricsToken
        server.proxies = configuration.proxies
        server.publicURL = configuration.publicURL
        if let encryption {
            server.encryption = encryption.authority.map { authority in .local { authority.withLock { $0 } } } ?? .given
        }
        self.server = try await HubServer(
            loop: loop, store: core.store, storage: core.storage, telegram: linking, channels: core.channels, planner: core.pipeline.planner,
            // Not behind the alerts; somebody waits for the answer.
            mail: configuration.mailServer.map { MailClient(server: $0, timeoutSeconds: 20) }, configuration: server, clock: clock)
    }

    /// - Returns: the address to open, and what else a person wants to know at start, line by line.
    func start() async throws -> (address: String, notes: [String]) {
        let port = try await server.start()
        if configuration.authRequired, !configuration.devLoginEnabled {
            log.warning("nobody can sign in: AUTH_DEV_LOGIN_ENABLED is off and no other way to sign in is configured")
        }
        let host = configuration.listenAddress.isEmpty ? "localhost" : configuration.host
        guard let encryption else { return ("http://\(bracketed(host)):\(port)", []) }
        var notes: [String] = []
        if let plainPort = loop.plainPort { notes.append("plain HTTP on port \(plainPort) leads to https") }
        if let authority = encryption.authority?.withLock({ $0 }) {
            notes.append("its certificate authority, to compare on the phone: SHA-256 \(authority.fingerprint)")
            // The addresses that other devices can use; an IPv4 one is what somebody types.
            let addresses = configuration.listenAddress.isEmpty ? Machine.addresses.filter { !$0.contains(":") } : [configuration.host]
            for address in addresses where !address.hasPrefix("127.") && address != "::1" {
                notes.append("on a phone open http://\(bracketed(address)):\(port)/help/certificate first")
            }
        }
        return ("https://\(bracketed(host)):\(port)", notes)
    }

    private func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// Runs until a termination signal, then stops: no new work, sockets closed, jobs given back, database closed.
    func run(until termination: TerminationSignals) async {
        let serving = Task { await server.run() }
        let renewing = Task { await encryption?.run(hangups: hangups) }
        let working = Task { await core.pipeline.run() }
        let webhook = configuration.publicURL.map { "\($0)/notifications/telegram/webhook" }
        let listening = Task { await linking.run(webhookURL: webhook) }
        await termination.wait()
        log.info("stopping")
        listening.cancel()
        renewing.cancel()
        serving.cancel()
        await server.stop()
        working.cancel()
        await working.value
        await serving.value
        await core.store.close()
        log.info("stopped")
    }
}
