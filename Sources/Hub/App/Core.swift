// What hub and worker have in common: database, clips, and the background work.

import Domain
import Pipeline
import Runtime
import Store

#if canImport(Glibc)
import Glibc
#endif

struct Core: Sendable {
    let store: Store
    let storage: FolderClipStorage
    /// `nil` without a bot.
    let telegram: TelegramClient?
    let channels: AlertChannels
    let pipeline: Pipeline

    struct CannotUseFolder: Error, CustomStringConvertible {
        let folder: String
        let reason: String
        var description: String { "DATA_DIR: \(folder) cannot be used: \(reason)" }
    }

    /// - Parameter role: tells this process from others on the same machine; the same after a restart where that is possible.
    init(_ configuration: Configuration, role: String) async throws {
        try Self.makeFolder(of: configuration)
        let clock = WallClock.system
        store = try await Self.openStore(configuration)
        store.listen()
        storage = try FolderClipStorage(folder: configuration.dataFolder + "/clips", reserveBytes: configuration.diskReserveBytes)
        telegram = configuration.telegramToken.map { token in
            TelegramClient(
                // As many as may send at once; reading updates holds one, and answers to buttons want one.
                http: HTTPClient(threads: Pipeline.Configuration().telegramWorkers + 2), token: token, baseURL: configuration.telegramBaseURL,
                timeoutSeconds: configuration.notificationTimeoutSeconds)
        }
        var channels = AlertChannels()
        if let telegram {
            channels.addTelegram(
                telegram, store: store, storage: storage, sendsVideo: configuration.telegramSendsVideo,
                publicURL: configuration.publicURL, clock: clock)
        }
        if let url = configuration.webhookURL {
            let client = WebhookClient(
                http: HTTPClient(threads: 2), url: url, secret: configuration.webhookSecret,
                allowsPrivateAddresses: configuration.webhookAllowsPrivateAddresses,
                timeoutSeconds: configuration.notificationTimeoutSeconds, clock: clock)
            channels.addWebhook(client, publicURL: configuration.publicURL, clock: clock)
        }
        if let server = configuration.mailServer {
            channels.addMail(MailClient(server: server), storage: storage, publicURL: configuration.publicURL, clock: clock)
        }
        self.channels = channels
        var pipeline = Pipeline.Configuration()
        pipeline.owner = "\(configuration.nodeName)/\(role)"
        pipeline.processingWorkers = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) + 1
        pipeline.cooldownSeconds = configuration.alertCooldownSeconds
        pipeline.deadlineSeconds = configuration.alertDeadlineSeconds
        self.pipeline = Pipeline(
            store: store, storage: storage, channels: channels, configuration: pipeline, clock: clock)
    }

    /// A database server may be started after the hub.
    private static func openStore(_ configuration: Configuration) async throws -> Store {
        let log = Log("database"), start = MonotonicClock.system.milliseconds
        var pause = 100
        while true {
            do {
                let store = try await Store.open(configuration.database)
                if try await store.hasRowSecurity() == false {
                    log.warning("the role of DATABASE_URL is a superuser: row-level security does not hold for it; a role that only owns this database is safer")
                }
                return store
            } catch StoreError.unavailable(let reason, let mayHaveHappened) {
                let waited = Double(MonotonicClock.system.milliseconds - start) / 1000
                guard waited < configuration.databaseWaitSeconds else {
                    throw StoreError.unavailable(reason, mayHaveHappened: mayHaveHappened)
                }
                log.warning("waiting for the database", ["reason": reason])
                try await Task.sleep(for: .milliseconds(pause))
                pause = min(pause * 2, 2000)
            }
        }
    }

    static func makeFolder(of configuration: Configuration) throws {
        let folder = configuration.dataFolder
        var path = folder.hasPrefix("/") ? "" : "."
        for piece in folder.split(separator: "/") {
            path += "/" + piece
            guard mkdir(path, 0o700) != 0, errno != EEXIST else { continue }
            throw CannotUseFolder(folder: folder, reason: String(cString: strerror(errno)))
        }
        guard access(folder, W_OK) == 0 else { throw CannotUseFolder(folder: folder, reason: String(cString: strerror(errno))) }
    }
}
