// What the environment and the command line say, parsed once, every mistake reported.

import Certificates
import Credentials
import Domain
import Pipeline
import Runtime
import Server
import Store

#if canImport(Glibc)
import Glibc
#endif

struct Configuration: Sendable {
    var host = "127.0.0.1"
    var port = 8000
    var encryption = Encryption.off
    /// Where plain HTTP is spoken beside https; there is such a port when it is asked for.
    var plainPort: Int?
    var dataFolder = "data"
    var database = Store.Location.sqlite(path: "")
    /// How long a start waits for a Postgres server that does not answer.
    var databaseWaitSeconds = 60.0
    var publicFolder = "Public"
    var authRequired = true
    var devLoginEnabled = false
    var tokenLifetimeSeconds = 900.0
    var refreshLifetimeSeconds = 2_592_000.0
    var signUp = SignUpPolicy.invitation
    var passwordParameters = PasswordHash.Parameters.standard
    var oidc: OIDCConfiguration?
    var workerToken: Secret?
    /// Of secrets that the hub has to read again; `nil`: the one in the data folder.
    var secretsKey: SecretBox?
    var telegramToken: Secret?
    var telegramOnboardingURL: String?
    var telegramBaseURL = "https://api.telegram.org"
    var telegramSendsVideo = true
    var telegramLinkSeconds = 600.0
    var telegramWebhookSecret: Secret?
    var notificationTimeoutSeconds = 10.0
    var webhookURL: Secret?
    var webhookSecret: Secret?
    var webhookAllowsPrivateAddresses = false
    var mailServer: MailServer?
    /// Where people reach the page, without a slash at the end.
    var publicURL: String?
    /// Whose word on clients is believed.
    var proxies = TrustedProxies.none
    var alertCooldownSeconds = 0.0
    var alertDeadlineSeconds = 21_600.0
    var clipIdleSeconds = 300.0
    /// For the head of a request, for a handshake, and for the next piece of a body.
    var handshakeSeconds = 30
    /// From a signal to the end of the process. Container managers kill after ten.
    var stopSeconds = Configuration.defaultStopSeconds
    static let defaultStopSeconds = 9.0
    /// For the first command of a socket.
    var socketConnectSeconds = 10
    var socketPingSeconds = 25
    /// Whether the socket offers the subprotocol `echo`, which tests of RFC 6455 need.
    var echoes = false
    var maximumBacklog = 1000
    /// A camera's problem that lasts so long is told, and its absence; 0: never.
    var attentionSeconds = 60.0
    var offlineSeconds = 60.0
    /// Clips that one camera may begin in an hour; 0: no limit.
    var uploadsPerHour = 0
    /// Of new accounts.
    var defaultPlan = Plan.initial
    /// `nil`: accounts keep events for as long as their plan says.
    var retentionDays: Int?
    var viewersPerStream = 64
    var streamsPerAccount = 32
    var diskReserveBytes: Int64 = 256 << 20
    var metricsToken: Secret?
    /// Threads that serve connections; `nil`: one for each core.
    var loopThreads: Int?
    /// `nil`: as many as the system lets this process have, up to 20,000.
    var maximumConnections: Int?
    var maximumConnectionsPerAddress = 1024
    /// `nil`: as many as the kind of connection lets a hub take.
    var acceptsPerSecond: Double?
    var maximumConnectionsPerUser = 64
    var maximumSubscriptions = 128
    var messagesPerSecond = 2000.0
    var bytesPerSecond = 64.0 * 1_048_576
    var maximumQueueBytes = 1 << 20
    /// Of one message of a socket, binary and text.
    var maximumFrameBytes = 1 << 20
    var maximumTextBytes = 64 << 10
    /// Media that may wait for one viewer.
    var mediaQueueBytes = 2 << 20
    var mediaQueueSeconds = 2.0
    /// Names this process among those that share a database.
    var nodeName = ""
    var logLevel = Log.Level.info

    enum Encryption: Sendable {
        case off
        /// PEM files.
        case files(certificate: String, key: String)
        /// An authority of the hub's own, for this machine's names and these.
        case local(extraNames: [String])
    }

    /// Every mistake, a line each.
    struct Mistakes: Error, CustomStringConvertible {
        let lines: [String]
        var description: String { lines.joined(separator: "\n") }
    }

    /// - Parameters:
    ///   - environment: the process's variables.
    ///   - arguments: what follows the subcommand.
    init(environment: [String: String], arguments: [String]) throws(Mistakes) {
        var reader = Reader(environment: environment)
        host = reader.text("HOST") ?? host
        port = reader.integer("PORT", 0...65_535) ?? port
        dataFolder = reader.text("DATA_DIR") ?? dataFolder
        publicFolder = reader.text("PUBLIC_DIR") ?? publicFolder
        authRequired = reader.bool("AUTH_REQUIRED") ?? authRequired
        devLoginEnabled = reader.bool("AUTH_DEV_LOGIN_ENABLED") ?? devLoginEnabled
        tokenLifetimeSeconds = reader.clamped("AUTH_TOKEN_TTL_SECONDS", 300...2_592_000) ?? tokenLifetimeSeconds
        refreshLifetimeSeconds = reader.clamped("AUTH_REFRESH_TTL_SECONDS", 3600...31_536_000) ?? refreshLifetimeSeconds
        signUp = reader.word("AUTH_SIGN_UP", SignUpPolicy.self) ?? signUp
        passwordParameters = readPasswordParameters(&reader)
        oidc = readIssuer(&reader)
        workerToken = reader.secret("WORKER_API_TOKEN")
        secretsKey = reader.secretBox("SECRETS_KEY")
        telegramToken = reader.secret("TELEGRAM_BOT_TOKEN")
        telegramOnboardingURL = reader.url("TELEGRAM_BOT_ONBOARDING_URL")
        telegramBaseURL = reader.url("TELEGRAM_API_BASE_URL") ?? telegramBaseURL
        telegramSendsVideo = reader.bool("TELEGRAM_SEND_VIDEO") ?? telegramSendsVideo
        telegramLinkSeconds = reader.clamped("TELEGRAM_LINK_TOKEN_TTL_SECONDS", 60...3600) ?? telegramLinkSeconds
        telegramWebhookSecret = reader.secret("TELEGRAM_WEBHOOK_SECRET")
        notificationTimeoutSeconds = reader.number("NOTIFICATION_TIMEOUT_SECONDS", 1...300) ?? notificationTimeoutSeconds
        webhookURL = reader.url("NOTIFY_WEBHOOK_URL", reader.secret("NOTIFY_WEBHOOK_URL")?.value).map { Secret($0) }
        webhookSecret = reader.secret("NOTIFY_WEBHOOK_SECRET")
        webhookAllowsPrivateAddresses = reader.bool("NOTIFY_WEBHOOK_ALLOW_PRIVATE") ?? webhookAllowsPrivateAddresses
        mailServer = reader.mailServer("SMTP_URL")
        publicURL = reader.url("PUBLIC_URL").map { String($0.reversed().drop { $0 == "/" }.reversed()) }
        proxies = readProxies(&reader)
        alertCooldownSeconds = reader.number("ALERT_COOLDOWN_SECONDS", 0...86_400) ?? alertCooldownSeconds
        alertDeadlineSeconds = reader.number("ALERT_DEADLINE_SECONDS", 1...604_800) ?? alertDeadlineSeconds
        clipIdleSeconds = reader.number("CLIP_IDLE_SECONDS", 1...86_400) ?? clipIdleSeconds
        handshakeSeconds = reader.integer("HANDSHAKE_SECONDS", 1...300) ?? handshakeSeconds
        stopSeconds = reader.number("STOP_SECONDS", 1...3600) ?? stopSeconds
        socketConnectSeconds = reader.integer("SOCKET_CONNECT_SECONDS", 1...300) ?? socketConnectSeconds
        socketPingSeconds = reader.integer("SOCKET_PING_SECONDS", 1...300) ?? socketPingSeconds
        echoes = reader.bool("PINGWATCH_ECHO") ?? echoes
        maximumBacklog = reader.integer("BACKLOG_LIMIT", 1...1_000_000) ?? maximumBacklog
        attentionSeconds = reader.number("ATTENTION_SECONDS", 0...86_400) ?? attentionSeconds
        offlineSeconds = reader.number("OFFLINE_SECONDS", 0...86_400) ?? offlineSeconds
        uploadsPerHour = reader.integer("UPLOADS_PER_HOUR", 0...1_000_000) ?? uploadsPerHour
        defaultPlan = reader.text("DEFAULT_PLAN") ?? defaultPlan
        retentionDays = reader.integer("RETENTION_DAYS", 1...36_500)
        viewersPerStream = reader.integer("LIVE_VIEWERS_PER_STREAM", 1...100_000) ?? viewersPerStream
        streamsPerAccount = reader.integer("LIVE_STREAMS_PER_ACCOUNT", 1...100_000) ?? streamsPerAccount
        diskReserveBytes = reader.integer("DISK_RESERVE_MB", 0...10_000_000).map { Int64($0) << 20 } ?? diskReserveBytes
        metricsToken = reader.secret("METRICS_TOKEN")
        databaseWaitSeconds = reader.number("DATABASE_WAIT_SECONDS", 0...86_400) ?? databaseWaitSeconds
        loopThreads = reader.integer("LOOP_THREADS", 1...255)
        maximumConnections = reader.integer("CONNECTIONS_LIMIT", 1...1_000_000)
        maximumConnectionsPerAddress = reader.integer("CONNECTIONS_PER_ADDRESS", 1...1_000_000) ?? maximumConnectionsPerAddress
        maximumConnectionsPerUser = reader.integer("CONNECTIONS_PER_USER", 1...1_000_000) ?? maximumConnectionsPerUser
        maximumSubscriptions = reader.integer("SUBSCRIPTIONS_PER_CONNECTION", 2...100_000) ?? maximumSubscriptions
        messagesPerSecond = reader.number("MESSAGES_PER_SECOND", 1...1_000_000) ?? messagesPerSecond
        bytesPerSecond = reader.number("BYTES_PER_SECOND", 131_072...100_000_000_000) ?? bytesPerSecond
        maximumQueueBytes = reader.integer("QUEUE_BYTES", 65_536...1_000_000_000) ?? maximumQueueBytes
        readMessageSizes(&reader)
        acceptsPerSecond = reader.number("ACCEPTS_PER_SECOND", 1...1_000_000)
        nodeName = reader.text("NODE_NAME") ?? hostName()
        if let text = reader.text("LOG_LEVEL") {
            let names = Log.Level.allCases.map(\.rawValue)
            if let level = Log.Level(rawValue: text.lowercased()) {
                logLevel = level
            } else {
                reader.mistakes.append("LOG_LEVEL: \"\(text)\" is not one of \(names.joined(separator: ", "))")
            }
        }
        var tls = TLSValues(
            mode: reader.text("TLS"), certificate: reader.text("TLS_CERT"), key: reader.text("TLS_KEY"),
            names: reader.text("TLS_NAMES") ?? "")
        plainPort = reader.integer("HTTP_PORT", 0...65_535)
        readArguments(arguments, into: &reader, &tls)
        encryption = readEncryption(tls, &reader)
        if host == "localhost" { host = "127.0.0.1" }
        if !Self.isNumericAddress(host) {
            reader.mistakes.append("HOST: \"\(host)\" is not a numeric address such as 127.0.0.1, 0.0.0.0 or ::")
        }
        database = readDatabase(&reader)
        guard reader.mistakes.isEmpty else { throw Mistakes(lines: reader.mistakes) }
    }

    private mutating func readMessageSizes(_ reader: inout Reader) {
        // Stills and the page's pieces of a recording have up to 512 KiB; what viewers get of a recording has up to 4 MiB.
        maximumFrameBytes = reader.integer("FRAME_BYTES", 655_360...4_194_304) ?? maximumFrameBytes
        maximumTextBytes = reader.integer("TEXT_BYTES", 16_384...1_048_576) ?? maximumTextBytes
        mediaQueueBytes = reader.integer("MEDIA_QUEUE_BYTES", 655_360...1_000_000_000) ?? mediaQueueBytes
        mediaQueueSeconds = reader.number("MEDIA_QUEUE_SECONDS", 0.1...60) ?? mediaQueueSeconds
        if maximumFrameBytes > mediaQueueBytes {
            reader.mistakes.append(
                "FRAME_BYTES: \(maximumFrameBytes) is more than the \(mediaQueueBytes) of MEDIA_QUEUE_BYTES; a frame must fit into the queue")
        }
    }

    /// What was said of TLS, before it is known whether it fits together.
    private struct TLSValues {
        var mode: String?
        var certificate: String?
        var key: String?
        var names: String
    }

    private func readEncryption(_ values: TLSValues, _ reader: inout Reader) -> Encryption {
        let mode = values.mode?.lowercased() ?? "off"
        if mode != "auto", mode != "off" { reader.mistakes.append("TLS: \"\(mode)\" is neither auto nor off") }
        let extraNames = values.names.split { $0 == "," || $0 == " " }.map(String.init)
        for name in extraNames {
            var names = SubjectNames()
            if !names.insert(name) { reader.mistakes.append("TLS_NAMES: \"\(name)\" is neither a host name nor a numeric address") }
        }
        var encryption = Encryption.off
        switch (values.certificate, values.key) {
        case (let certificate?, let key?):
            // `--tls off` turns off what the environment names.
            if values.mode?.lowercased() != "off" { encryption = .files(certificate: certificate, key: key) }
            if mode == "auto" { reader.mistakes.append("TLS: auto makes a certificate of its own; leave it out where TLS_CERT names one") }
        case (_?, nil): reader.mistakes.append("TLS_KEY: the file with the private key of TLS_CERT is missing")
        case (nil, _?): reader.mistakes.append("TLS_CERT: the file with the certificate of TLS_KEY is missing")
        case (nil, nil):
            if mode == "auto" { encryption = .local(extraNames: extraNames) }
        }
        if let plainPort {
            if case .off = encryption, mode == "off", (values.certificate == nil) == (values.key == nil) {
                reader.mistakes.append("HTTP_PORT: without TLS, PORT speaks plain HTTP already")
            }
            if plainPort == port, port != 0 { reader.mistakes.append("HTTP_PORT: \(plainPort) is where https is spoken; PORT names it") }
        }
        return encryption
    }

    private func readProxies(_ reader: inout Reader) -> TrustedProxies {
        var header = TrustedProxies.Header.xForwarded
        if let text = reader.text("TRUSTED_PROXY_HEADER") {
            if let known = TrustedProxies.Header(rawValue: text.lowercased()) {
                header = known
            } else {
                let names = TrustedProxies.Header.allCases.map(\.rawValue).joined(separator: " nor ")
                reader.mistakes.append("TRUSTED_PROXY_HEADER: \"\(text)\" is neither \(names)")
            }
        }
        var blocks: [AddressBlock] = []
        for text in (reader.text("TRUSTED_PROXIES") ?? "").split(whereSeparator: { $0 == "," || $0 == " " }) {
            if let block = AddressBlock(text) {
                blocks.append(block)
            } else {
                reader.mistakes.append(
                    "TRUSTED_PROXIES: \"\(text)\" is neither an address nor a block such as 10.0.0.0/8 or fd00::/8, of a bit or more and none beyond")
            }
        }
        return TrustedProxies(blocks, header: header)
    }

    private static let options = ["--port", "--host", "--data-dir", "--tls", "--tls-cert", "--tls-key", "--http-port"]

    private mutating func readArguments(_ arguments: [String], into reader: inout Reader, _ tls: inout TLSValues) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts.first ?? ""
            guard Self.options.contains(name) else {
                reader.mistakes.append("\(argument): there is no such option; there are \(Self.options.joined(separator: ", "))")
                continue
            }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
                reader.mistakes.append("\(name): a value is missing")
                continue
            }
            switch name {
            case "--port": port = readPort(name, value, &reader) ?? port
            case "--http-port": plainPort = readPort(name, value, &reader) ?? plainPort
            case "--host": host = value
            case "--tls": tls.mode = value
            case "--tls-cert": tls.certificate = value
            case "--tls-key": tls.key = value
            default: dataFolder = value
            }
        }
    }

    private func readPort(_ name: String, _ value: String, _ reader: inout Reader) -> Int? {
        guard let number = Int(value), (0...65_535).contains(number) else {
            reader.mistakes.append("\(name): \"\(value)\" is not a whole number from 0 to 65535")
            return nil
        }
        return number
    }

    private func readDatabase(_ reader: inout Reader) -> Store.Location {
        let connections = reader.integer("DATABASE_CONNECTIONS", 1...64) ?? 6
        guard let url = reader.secret("DATABASE_URL")?.value else { return .sqlite(path: dataFolder + "/pingwatch.db") }
        if url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") { return .postgres(url: Secret(url), connections: connections) }
        let prefix = "sqlite:///"
        guard url.hasPrefix(prefix), url.count > prefix.count else {
            // The value may hold a password.
            reader.mistakes.append(
                "DATABASE_URL: only postgres://…, sqlite:///relative/path and sqlite:////absolute/path are accepted")
            return .sqlite(path: "")
        }
        return .sqlite(path: String(url.dropFirst(prefix.count)))
    }

    private static func isNumericAddress(_ text: String) -> Bool {
        if text.contains(":") { return text.utf8.allSatisfy { Array("0123456789abcdefABCDEF:.".utf8).contains($0) } }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Less than what OWASP asks for is for tests, which sign in all the time.
    private func readPasswordParameters(_ reader: inout Reader) -> PasswordHash.Parameters {
        let standard = PasswordHash.Parameters.standard
        let memory = reader.integer("PASSWORD_HASH_MEMORY_KIB", 1024...Int(PasswordHash.Parameters.maximum.memory)).map { UInt32($0) }
        let passes = reader.integer("PASSWORD_HASH_PASSES", 1...Int(PasswordHash.Parameters.maximum.passes)).map { UInt32($0) }
        return PasswordHash.Parameters(memory: memory ?? standard.memory, passes: passes ?? standard.passes, lanes: standard.lanes) ?? standard
    }

    /// Whether a password's hash costs less than the standard.
    var hasWeakHashes: Bool {
        let work = { (parameters: PasswordHash.Parameters) in UInt64(parameters.memory) * UInt64(parameters.passes) }
        return passwordParameters.memory < 7168 || work(passwordParameters) < work(.standard) * 9 / 10
    }

    private func readIssuer(_ reader: inout Reader) -> OIDCConfiguration? {
        let client = reader.text("OIDC_CLIENT_ID"), secret = reader.secret("OIDC_CLIENT_SECRET"), name = reader.text("OIDC_NAME")
        let audience = reader.text("OIDC_AUDIENCE"), keys = reader.text("OIDC_JWKS_URL")
        guard let issuer = reader.text("OIDC_ISSUER") else {
            if client != nil || secret != nil || name != nil || audience != nil || keys != nil {
                reader.mistakes.append("OIDC_ISSUER: it is missing, though other OIDC_ variables are set")
            }
            return nil
        }
        for (variable, url) in [("OIDC_ISSUER", issuer), ("OIDC_JWKS_URL", keys)] where url.map(OIDCConfiguration.isSafe) == false {
            reader.mistakes.append("\(variable): this is not an https address (http is taken on this machine only)")
        }
        guard let client else {
            reader.mistakes.append("OIDC_CLIENT_ID: it is missing; the issuer knows this hub by it")
            return nil
        }
        return OIDCConfiguration(issuer: issuer, clientID: client, clientSecret: secret, name: name, audience: audience, keysURL: keys)
    }

    /// Whether somebody on another machine may reach the hub.
    var isReachable: Bool {
        let isHere = host.hasPrefix("127.") || host == "::1"
        return !isHere || publicURL != nil || !proxies.isEmpty
    }

    /// The address to listen on as the loop wants it: empty for all.
    var listenAddress: String { host == "0.0.0.0" || host == "::" ? "" : host }

    private struct Reader {
        let environment: [String: String]
        var mistakes: [String] = []

        init(environment: [String: String]) { self.environment = environment }

        func text(_ name: String) -> String? {
            guard let value = environment[name], !value.isEmpty else { return nil }
            return value
        }

        /// A value that is nobody's business: of the variable, or of the file that the one with `_FILE` behind its name names, but for the end of its last
        /// line.
        mutating func secret(_ name: String) -> Secret? {
            let file = "\(name)_FILE"
            guard let path = text(file) else { return text(name).map { Secret($0) } }
            guard text(name) == nil else {
                mistakes.append("\(file): \(name) is set as well; one of them is enough")
                return nil
            }
            do {
                return Secret(try SecretFile.read(path))
            } catch {
                mistakes.append("\(file): \(error)")
                return nil
            }
        }

        mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type) -> Word? where Word.RawValue == String {
            guard let value = text(name) else { return nil }
            if let word = Word(rawValue: value.lowercased()) { return word }
            mistakes.append("\(name): \"\(value)\" is not one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }

        mutating func bool(_ name: String) -> Bool? {
            guard let value = text(name) else { return nil }
            switch value.lowercased() {
            case "true", "1", "yes", "on": return true
            case "false", "0", "no", "off": return false
            default:
                mistakes.append("\(name): \"\(value)\" is neither true nor false")
                return nil
            }
        }

        mutating func integer(_ name: String, _ range: ClosedRange<Int>) -> Int? {
            guard let value = text(name) else { return nil }
            guard let number = Int(value), range.contains(number) else {
                mistakes.append("\(name): \"\(value)\" is not a whole number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return number
        }

        mutating func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
            guard let value = text(name) else { return nil }
            guard let number = Double(value), range.contains(number) else {
                mistakes.append("\(name): \"\(value)\" is not a number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return number
        }

        /// A number of seconds that is brought into the range rather than refused.
        mutating func clamped(_ name: String, _ range: ClosedRange<Double>) -> Double? {
            guard let value = text(name) else { return nil }
            guard let number = Double(value), number.isFinite else {
                mistakes.append("\(name): \"\(value)\" is not a number of seconds (\(Int(range.lowerBound)) to \(Int(range.upperBound)))")
                return nil
            }
            return min(max(number, range.lowerBound), range.upperBound)
        }

        mutating func secretBox(_ name: String) -> SecretBox? {
            guard let value = secret(name) else { return nil }
            if let box = SecretBox(key: value.value) { return box }
            mistakes.append("\(name): this is not a key of 32 bytes in base64; openssl rand -base64 32 makes one")
            return nil
        }

        mutating func mailServer(_ name: String) -> MailServer? {
            guard let value = secret(name) else { return nil }
            do {
                return try MailServer(parsing: value)
            } catch {
                mistakes.append("\(name): \(error)")
                return nil
            }
        }

        mutating func url(_ name: String) -> String? { url(name, text(name)) }

        mutating func url(_ name: String, _ value: String?) -> String? {
            guard let value else { return nil }
            guard value.hasPrefix("https://") || value.hasPrefix("http://"), !value.contains(" ") else {
                mistakes.append("\(name): this is not an http or https address")
                return nil
            }
            return value
        }
    }
}

/// gethostname(2).
private func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "hub" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
