// Connecting a chat to a device: a one-time token goes out in a link and comes back from the chat.

public import Domain
public import Runtime
public import Store

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

/// Without a bot it can do nothing, and says so by `isEnabled`.
public actor TelegramLinking {
    private let store: Store
    private let client: TelegramClient?
    private nonisolated let onboardingURL: String?
    private let lifetimeSeconds: Double
    private nonisolated let webhookSecret: Secret?
    private let clock: WallClock
    private let log = Log("telegram")
    private var polling: Task<Void, Never>?
    private var botName: String?
    public nonisolated let isEnabled: Bool

    private static let offsetSetting = "telegram.update_offset"

    /// - Parameters:
    ///   - onboardingURL: the bot's address, such as `https://t.me/some_bot`; without one it is asked of the Bot API.
    ///   - lifetimeSeconds: of a token.
    public init(
        store: Store, client: TelegramClient?, onboardingURL: String?, lifetimeSeconds: Double, webhookSecret: Secret?, clock: WallClock
    ) {
        self.store = store
        self.client = client
        self.onboardingURL = onboardingURL
        self.lifetimeSeconds = lifetimeSeconds
        self.webhookSecret = webhookSecret
        self.clock = clock
        isEnabled = client != nil
    }

    public struct Started: Sendable {
        public let attempt: TelegramLinkAttempt
        /// Opens the chat with the token filled in; `nil` when the bot's address is not known.
        public let connectURL: String?
        /// To be sent to the bot by hand.
        public let fallbackCommand: String
        public let linkCode: String
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// A new token for the device; only its hash is kept.
    public func start(device: DeviceID, in scope: AccountScope) async throws -> Started {
        let token = Crypto.randomToken(bytes: 24)
        let now = now
        let attempt = TelegramLinkAttempt(
            id: LinkAttemptID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), account: scope.account, device: device, createdAt: now,
            expiresAt: now.advanced(bySeconds: lifetimeSeconds), linkedAt: nil, chat: nil)
        try await store.telegram.startLink(attempt, tokenHash: Crypto.sha256Hex(token))
        let address = await botAddress()
        let connectURL = address.map { "\($0)\($0.contains("?") ? "&" : "?")start=\(token)" }
        return Started(attempt: attempt, connectURL: connectURL, fallbackCommand: "/start \(token)", linkCode: token)
    }

    private func botAddress() async -> String? {
        if let onboardingURL { return onboardingURL }
        if botName == nil { botName = try? await client?.getMe() ?? nil }
        return botName.map { "https://t.me/\($0)" }
    }

    /// Reads the bot's updates once. Calls at the same time share one reading, since Telegram answers only one at a time.
    public func poll() async {
        if let polling { return await polling.value }
        let task = Task { await readUpdates() }
        polling = task
        await task.value
        polling = nil
    }

    private func readUpdates() async {
        guard let client else { return }
        do {
            let offset = try await store.settings.value(Self.offsetSetting).flatMap(Int64.init)
            let updates: [TelegramUpdate]
            do {
                updates = try await client.getUpdates(offset: offset)
            } catch TelegramError.conflict {
                // A webhook that was set once excludes reading; what waits in it is kept.
                guard webhookSecret == nil else { return }
                try await client.deleteWebhook()
                updates = try await client.getUpdates(offset: offset)
            }
            for update in updates {
                await handle(update)
                // After the work, so that a crash repeats an update rather than losing it.
                try await store.settings.set(Self.offsetSetting, String(update.id + 1))
            }
        } catch {
            log.warning("the bot's updates could not be read", ["reason": String(describing: error)])
        }
    }

    /// Whether a webhook call carries the secret that Telegram was given. `false` where none is configured.
    public nonisolated func acceptsWebhook(secret: String?) -> Bool {
        guard isEnabled, let webhookSecret, let secret else { return false }
        return webhookSecret.matches(secret)
    }

    /// An update that Telegram delivered. What cannot be read is passed over.
    public func handleUpdate(_ bytes: [UInt8]) async {
        guard let update = try? JSONDecoder().decode(TelegramUpdate.self, from: Data(bytes)) else {
            log.info("an update could not be read")
            return
        }
        await handle(update)
    }

    private func handle(_ update: TelegramUpdate) async {
        guard let client, let chat = update.chat, let token = update.linkToken else { return }
        do {
            let completion = try await store.telegram.completeLink(
                tokenHash: Crypto.sha256Hex(token), chat: chat, username: update.username, now: now)
            let answer: String
            switch completion {
            case .linked(let scope, let target):
                let label = try await store.devices.find(target.device, in: scope)?.label ?? "your camera"
                answer = "Connected. Alerts of “\(label)” will arrive here."
                log.info("a chat was linked", ["device_id": target.device.rawValue])
            case .alreadyLinked: return
            case .expired: answer = "This code has expired. Start again on the hub's page."
            case .unknown: answer = "This code is not known. Start again on the hub's page."
            }
            // The link holds whether or not the answer arrives.
            _ = try? await client.sendMessage(answer, to: chat)
        } catch {
            log.error("a link could not be completed", ["error": String(reflecting: error)])
        }
    }
}
