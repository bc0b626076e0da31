// What chats say to the bot: one-time tokens that link them to a device, and buttons under alerts.

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
    private var polling: Task<Bool, Never>?
    private var botName: String?
    private var keepsReading = false
    public nonisolated let isEnabled: Bool

    /// How long Telegram holds a request for updates until there is one.
    private static let pollSeconds = 20
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
        let hash = Crypto.sha256Hex(token)
        try await store.telegram.startLink(attempt, tokenHash: hash)
        log.info("a link was offered", ["device_id": device.rawValue, "token": Self.fingerprint(hash)])
        let address = await botAddress()
        let connectURL = address.map { "\($0)\($0.contains("?") ? "&" : "?")start=\(token)" }
        return Started(attempt: attempt, connectURL: connectURL, fallbackCommand: "/start \(token)", linkCode: token)
    }

    private func botAddress() async -> String? {
        if let onboardingURL { return onboardingURL }
        if botName == nil { botName = try? await client?.getMe() ?? nil }
        return botName.map { "https://t.me/\($0)" }
    }

    /// Enough to find a token again in the log, and of no other use.
    private static func fingerprint(_ hash: String) -> String { String(hash.prefix(8)) }

    /// Keeps reading updates, or has them delivered where a webhook is configured; until the task is cancelled.
    ///
    /// - Parameter webhookURL: where Telegram reaches `/notifications/telegram/webhook`; `nil` leaves setting the webhook to the operator.
    public func run(webhookURL: String?) async {
        guard let client else { return }
        keepsReading = webhookSecret == nil
        var failures = 0
        while !Task.isCancelled {
            if let webhookSecret {
                guard let webhookURL else { return }
                do {
                    return try await client.setWebhook(url: webhookURL, secretToken: webhookSecret)
                } catch {
                    log.warning("the bot's webhook could not be set", ["reason": String(describing: error)])
                    failures += 1
                }
            } else {
                let start = MonotonicClock.system.milliseconds
                failures = await poll(waitingSeconds: Self.pollSeconds) ? 0 : failures + 1
                // A server that answers at once is asked once a second.
                let rest = 1000 - (MonotonicClock.system.milliseconds - start)
                if failures == 0, rest > 0 { try? await Task.sleep(for: .milliseconds(rest)) }
            }
            guard failures > 0 else { continue }
            let pause = RetryPolicy.updates.delay(afterAttempts: failures, random: Crypto.randomFraction()) ?? 60
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    /// Reads the bot's updates now, unless somebody does so all the time.
    public func refresh() async {
        if !keepsReading { await poll() }
    }

    /// Reads the bot's updates once. Calls at the same time share one reading, since Telegram answers only one at a time.
    ///
    /// - Returns: whether they could be read.
    @discardableResult
    public func poll(waitingSeconds: Int = 0) async -> Bool {
        if let polling { return await polling.value }
        let task = Task { await readUpdates(waitingSeconds: waitingSeconds) }
        polling = task
        let isRead = await withTaskCancellationHandler { await task.value } onCancel: { task.cancel() }
        polling = nil
        return isRead
    }

    private func readUpdates(waitingSeconds: Int) async -> Bool {
        guard let client else { return false }
        do {
            let offset = try await store.settings.value(Self.offsetSetting).flatMap(Int64.init)
            let updates: [TelegramUpdate]
            do {
                updates = try await client.getUpdates(offset: offset, waitingSeconds: waitingSeconds)
            } catch TelegramError.conflict {
                // A webhook that was set once excludes reading; what waits in it is kept.
                guard webhookSecret == nil else { return false }
                try await client.deleteWebhook()
                updates = try await client.getUpdates(offset: offset)
            }
            for update in updates {
                do {
                    try await handle(update)
                } catch let error as StoreError where !error.isPassing {
                    log.error("an update could not be dealt with", ["error": String(describing: error)])
                }
                // After the work, so that a crash repeats an update rather than losing it.
                try await store.settings.set(Self.offsetSetting, String(update.id + 1))
            }
            return true
        } catch is CancellationError {
            return false
        } catch {
            log.warning("the bot's updates could not be read", ["reason": String(describing: error)])
            return false
        }
    }

    /// Whether a webhook call carries the secret that Telegram was given. `false` where none is configured.
    public nonisolated func acceptsWebhook(secret: String?) -> Bool {
        guard isEnabled, let webhookSecret, let secret else { return false }
        return webhookSecret.matches(secret)
    }

    /// An update that Telegram delivered. What cannot be read is passed over.
    ///
    /// - Throws: when it could not be dealt with: Telegram then delivers it again.
    public func handleUpdate(_ bytes: [UInt8]) async throws {
        guard let update = try? JSONDecoder().decode(TelegramUpdate.self, from: Data(bytes)) else {
            log.info("an update could not be read")
            return
        }
        try await handle(update)
    }

    private func handle(_ update: TelegramUpdate) async throws {
        switch update.content {
        case .message(let message):
            if let token = update.linkToken { try await link(message.chat, username: message.username, token: token) }
        case .callback(let callback): try await pressed(callback)
        case .membershipEnded(let chat):
            try await store.targets.disableEverywhere(
                channel: .telegram, address: chat, reason: "the chat blocked or removed the bot", now: now)
        case nil: return
        }
    }

    private func link(_ chat: String, username: String?, token: String) async throws {
        let hash = Crypto.sha256Hex(token)
        let answer: String
        switch try await store.telegram.completeLink(tokenHash: hash, chat: chat, username: username, now: now) {
        case .linked(let scope, let target):
            let label = try await store.devices.find(target.device, in: scope)?.label ?? "your camera"
            answer = "Connected. Alerts of “\(label)” will arrive here."
            log.info("a chat was linked", ["device_id": target.device.rawValue, "token": Self.fingerprint(hash)])
        case .alreadyLinked: return
        case .expired: answer = "This code has expired. Start again on the hub's page."
        case .unknown: answer = "This code is not known. Start again on the hub's page."
        }
        // The link holds whether or not the answer arrives.
        _ = try? await client?.sendMessage(answer, to: chat)
    }

    // MARK: - Buttons

    /// The chat proves whose button it is: a delivery's buttons are heard in the chat that it went to only.
    private func pressed(_ callback: TelegramUpdate.Callback) async throws {
        var answer = "This button is too old."
        if let chat = callback.chat, let data = callback.data, let (action, id) = AlertAction.parse(data),
            let (scope, delivery) = try await store.deliveries.find(id, channel: .telegram, target: chat)
        {
            answer = try await perform(action, delivery, in: scope)
        }
        // What was pressed is done whether or not the answer arrives.
        try? await client?.answerCallbackQuery(callback.id, text: answer)
    }

    private func perform(_ action: AlertAction, _ delivery: Delivery, in scope: AccountScope) async throws -> String {
        log.info("a button was pressed", ["delivery_id": delivery.id.rawValue, "action": String(describing: action)])
        switch action {
        case .snooze(let minutes):
            let end = now.advanced(bySeconds: Double(minutes) * 60)
            let changed = try await store.targets.change(
                device: delivery.device, channel: .telegram, address: delivery.target, snoozedUntil: end, in: scope, now: now)
            guard changed != nil else { return "This chat is not linked any more." }
            let time = formatISO8601(milliseconds: end.milliseconds).dropFirst(11).prefix(5)
            return "No alerts of this camera here until \(time) UTC."
        case .falseAlarm:
            var changes = EventChanges()
            changes.feedback = .falseAlarm
            guard try await store.events.update(delivery.event, changes: changes, in: scope, now: now) != nil else {
                return "This event is not there any more."
            }
            return "Noted as a false alarm."
        }
    }
}

extension RetryPolicy {
    /// Reading the bot's updates.
    fileprivate static let updates = RetryPolicy(maximumAttempts: .max, baseSeconds: 1, maximumSeconds: 60)
}
