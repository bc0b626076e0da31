// The hub's parts, wired.

import Certificates
import Credentials
import Domain
import Loop
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
        let totpKey: TOTPKey
        do {
            totpKey = try await SecretsKey.open(configuration, core.store)
            try await Self.setPlan(configuration, core.store)
        } catch {
            // A process that exits while a thread is in libpq may crash.
            await core.store.close()
            throw error
        }
        linking = TelegramLinking(
            store: core.store, client: core.telegram, onboardingURL: configuration.telegramOnboardingURL,
            lifetimeSeconds: configuration.telegramLinkSeconds, webhookSecret: configuration.telegramWebhookSecret, clock: clock)
        var ports = LoopConfiguration(
            host: configuration.listenAddress, port: configuration.port,
            subprotocols: ["pingwatch.v1"] + (configuration.echoes ? [EchoSockets.subprotocol] : []),
            maximumMessageBytes: configuration.echoes
                ? EchoSockets.maximumMessageBytes : max(configuration.maximumFrameBytes, configuration.maximumTextBytes))
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
        server.signUp = configuration.signUp
        server.passwordParameters = configuration.passwordParameters
        server.oidc = configuration.oidc
        server.workerToken = configuration.workerToken
        server.limits.clipIdleSeconds = configuration.clipIdleSeconds
        server.limits.connectSeconds = Double(configuration.socketConnectSeconds)
        server.limits.pingSeconds = Double(configuration.socketPingSeconds)
        server.limits.maximumBacklog = configuration.maximumBacklog
        server.limits.attentionSeconds = configuration.attentionSeconds
        server.limits.offlineSeconds = configuration.offlineSeconds
        server.limits.retentionDays = configuration.retentionDays
        server.limits.uploadsPerHour = configuration.uploadsPerHour
        server.limits.maximumConnectionsPerUser = configuration.maximumConnectionsPerUser
        server.limits.maximumConnectionsPerAddress = configuration.maximumConnectionsPerAddress
        server.limits.maximumSubscriptions = configuration.maximumSubscriptions
        server.limits.rate = RateBudget.Limits(
            messagesPerSecond: configuration.messagesPerSecond, bytesPerSecond: configuration.bytesPerSecond)
        server.limits.maximumControlBytes = configuration.maximumQueueBytes
        server.limits.maximumFrameBytes = configuration.maximumFrameBytes
        server.limits.maximumTextBytes = configuration.maximumTextBytes
        server.limits.live.setBacklog(bytes: configuration.mediaQueueBytes, seconds: configuration.mediaQueueSeconds)
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
            mail: configuration.mailServer.map { MailClient(server: $0, timeoutSeconds: 20) }, totpKey: totpKey, configuration: server, clock: clock)
    }

    private static func setPlan(_ configuration: Configuration, _ store: Store) async throws {
        let plans = try await store.plans.list()
        guard let plan = plans.first(where: { $0.id == configuration.defaultPlan }) else {
            let names = plans.map(\.id).joined(separator: ", ")
            throw Configuration.Mistakes(lines: ["DEFAULT_PLAN: there is no plan \"\(configuration.defaultPlan)\"; there are \(names)"])
        }
        try await store.plans.setInitial(plan)
    }

    /// - Returns: the address to open, and what else a person wants to know at start, line by line.
    func start() async throws -> (address: String, notes: [String]) {
        let port = try await server.start()
        var notes = warnings()
        let host = configuration.listenAddress.isEmpty ? "localhost" : configuration.host
        if configuration.authRequired, let secret = try await server.openSetUp() { notes += setUpNotes(secret, port: port) }
        guard let encryption else { return ("http://\(bracketed(host)):\(port)", notes) }
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

    /// What an operator should not overlook: in the log, and on the terminal.
    private func warnings() -> [String] {
        var notes: [String] = []
        if configuration.devLoginEnabled, configuration.isReachable {
            log.warning("AUTH_DEV_LOGIN_ENABLED is on, and others can reach this hub: anybody can sign in as anybody")
            notes.append("WARNING: AUTH_DEV_LOGIN_ENABLED is on, and others can reach this hub: ANYBODY CAN SIGN IN AS ANYBODY")
        }
        if !configuration.authRequired, configuration.isReachable {
            log.warning("AUTH_REQUIRED is off, and others can reach this hub: anybody can see and change everything of the account local")
            notes.append("WARNING: AUTH_REQUIRED is off, and others can reach this hub: ANYBODY CAN SEE AND CHANGE EVERYTHING")
        }
        if configuration.hasWeakHashes {
            log.warning("PASSWORD_HASH_MEMORY_KIB and PASSWORD_HASH_PASSES make passwords easy to guess for whoever gets hold of the database")
        }
        if configuration.mailServer != nil, configuration.publicURL == nil {
            log.warning("PUBLIC_URL is not set: no links can be mailed, neither for a forgotten password nor to confirm an address")
        }
        if configuration.oidc != nil, configuration.publicURL == nil {
            log.warning("PUBLIC_URL is not set: the issuer of OIDC_ISSUER cannot lead people back; only its tokens are taken")
        }
        return notes
    }

    /// How the first person gets in. The code is for a phone, so it has an address that others can use.
    private func setUpNotes(_ secret: Secret, port: Int) -> [String] {
        let link = "\(configuration.pageURL(port: port) ?? "")/#/setup/\(secret.value)"
        var notes = ["nobody is here yet; whoever opens this link owns the hub:", link]
        if isatty(STDOUT_FILENO) == 1, let code = QRCode(link)?.terminal { notes.append(code) }
        return notes
    }

    private func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// Runs until a termination signal, then stops: no new work, sockets closed, jobs given back, database closed. `TerminationSignals` sees to it
    /// that this comes to an end.
    func run(until termination: TerminationSignals) async {
        let serving = Task { await server.run() }
        let renewing = Task { await encryption?.run(hangups: hangups) }
        let working = Task { await core.pipeline.run() }
        let webhook = configuration.publicURL.map { "\($0)/notifications/telegram/webhook" }
        let listening = Task { await linking.run(webhookURL: webhook) }
        let trimming = Task { await Self.trimMemory() }
        await termination.wait()
        log.info("stopping")
        trimming.cancel()
        listening.cancel()
        renewing.cancel()
        serving.cancel()
        // While sockets are being closed, the answer to an alert that was sent may come.
        working.cancel()
        await server.stop()
        await working.value
        await serving.value
        await core.store.close()
        log.info("stopped")
    }

    /// What many connections have needed is given back when they have gone. On a thread of its own each time: it takes milliseconds, for which a
    /// task would wait.
    private static func trimMemory() async {
        while (try? await Task.sleep(for: .seconds(60))) != nil { startThread(name: "trim") { Heap.trim() } }
    }
}
