// One alert to one chat.

import Domain
import Media
import Runtime
import Store

/// Renders an event as a Telegram message and sends it, no faster than Telegram takes messages: first a still where the chat wants that, and
/// then the same message with the clip in its place.
actor TelegramChannel: AlertChannel {
    private let client: TelegramClient
    private let store: Store
    private let storage: any ClipStorage
    private let media: ThreadPool
    private let sendsVideo: Bool
    /// Address of the page as people reach it, for the button that opens it.
    private let publicURL: String?
    private let clock: WallClock
    private var pacing = SendPacing()
    /// Those that are being made, by key.
    private var renditions: [String: Task<Void, any Error>] = [:]
    private let log = Log("telegram")

    /// A worker waits so long for a message's turn; for more it gives the message back and does something else.
    private static let patienceMilliseconds: Int64 = 1500

    init(
        client: TelegramClient, store: Store, storage: any ClipStorage, media: ThreadPool, sendsVideo: Bool, publicURL: String?, clock: WallClock
    ) {
        self.client = client
        self.store = store
        self.storage = storage
        self.media = media
        self.sendsVideo = sendsVideo
        self.publicURL = publicURL
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    func send(_ alert: Alert) async throws -> String? {
        try await reporting {
            do {
                return try await message(alert, to: alert.delivery.target)
            } catch TelegramError.chatMigrated(let chat) {
                try await store.targets.rename(
                    channel: .telegram, from: alert.delivery.target, to: chat, in: alert.scope, now: now)
                return try await message(alert, to: chat)
            }
        }
    }

    func sendTest(to target: String, deviceLabel: String) async throws {
        try await reporting {
            try await waitForTurn(target)
            _ = try await client.sendMessage("Test: alerts of “\(deviceLabel)” arrive here.", to: target)
        }
    }

    // MARK: - Messages

    private func message(_ alert: Alert, to chat: String) async throws -> String? {
        switch alert.delivery.wanted {
        case .still: return try await still(alert, to: chat)
        case .clip:
            guard let message = alert.delivery.message else { return try await clip(alert, to: chat) }
            do {
                try await complete(message, alert, in: chat)
                return message
            } catch TelegramError.messageGone {
                // Somebody deleted the still; the clip is news all the same.
                try await store.deliveries.forgetMessage(alert.delivery.id, in: alert.scope, now: now)
                return try await clip(alert, to: chat)
            }
        }
    }

    private func still(_ alert: Alert, to chat: String) async throws -> String {
        let caption = Self.caption(alert)
        guard let key = alert.event.clip.posterKey, let path = try await storage.localFile(key: key) else {
            try await waitForTurn(chat)
            return try await client.sendMessage(caption, to: chat)
        }
        try await waitForTurn(chat)
        do {
            return try await client.sendPhoto(path: path, caption: caption, to: chat)
        } catch TelegramError.badRequest {
            try await waitForTurn(chat)
        } catch TelegramError.tooLarge {
            try await waitForTurn(chat)
        }
        // The picture is not to Telegram's liking; the words are true all the same.
        return try await client.sendMessage(caption, to: chat)
    }

    private func clip(_ alert: Alert, to chat: String) async throws -> String {
        let caption = Self.caption(alert), keyboard = keyboard(alert)
        let video = try await video(alert)
        // After the rendition, so that the message leaves at the time that was reserved for it.
        try await waitForTurn(chat)
        guard let video else { return try await client.sendMessage(caption, to: chat, keyboard: keyboard) }
        do {
            return try await client.sendVideo(video, caption: caption, to: chat, keyboard: keyboard)
        } catch TelegramError.badRequest(let reason) {
            return try await words(caption, insteadOfVideo: reason, to: chat, keyboard)
        } catch TelegramError.tooLarge {
            return try await words(caption, insteadOfVideo: "too large", to: chat, keyboard)
        }
    }

    /// Words alone are better than silence.
    private func words(_ caption: String, insteadOfVideo reason: String, to chat: String, _ keyboard: TelegramKeyboard?) async throws -> String {
        try await waitForTurn(chat)
        return try await client.sendMessage("\(caption)\n(Telegram did not take the clip: \(reason))", to: chat, keyboard: keyboard)
    }

    /// Puts the clip in the place of the still.
    private func complete(_ message: String, _ alert: Alert, in chat: String) async throws {
        let caption = Self.caption(alert), keyboard = keyboard(alert)
        let video = try await video(alert)
        try await waitForTurn(chat)
        if let video {
            do {
                return try await client.editMessageMedia(
                    chat: chat, messageID: message, video: video, caption: caption, keyboard: keyboard)
            } catch TelegramError.badRequest {
                try await waitForTurn(chat)
            } catch TelegramError.tooLarge {
                try await waitForTurn(chat)
            }
        }
        do {
            try await client.editMessageCaption(chat: chat, messageID: message, caption: caption, keyboard: keyboard)
        } catch TelegramError.badRequest {
            // There was no picture at the time: the message is plain text.
            try await waitForTurn(chat)
            try await client.editMessageText(chat: chat, messageID: message, text: caption, keyboard: keyboard)
        }
    }

    /// The clip as Telegram plays it inline; made once per event. `nil` where there is none to send: then words have to do.
    private func video(_ alert: Alert) async throws -> TelegramClient.Video? {
        let event = alert.event
        guard sendsVideo, !alert.isFragile, let key = event.clip.key, let source = try await storage.localFile(key: key) else { return nil }
        let renditionKey = ClipObject.key(alert.scope, event.id, ClipObject.rendition)
        do {
            try await makeRendition(renditionKey, of: source, alert)
        } catch let error as MediaError {
            // Nothing is wrong with a clip because there is no room for another form of it.
            guard try await storage.room() > 0 else {
                throw AlertFailure(reason: "the hub's disk is full", remedy: .later(afterSeconds: 10))
            }
            log.warning("a clip cannot be made ready for Telegram", ["event_id": event.id.rawValue, "reason": error.reason])
            return nil
        }
        guard let path = try await storage.localFile(key: renditionKey) else { return nil }
        var thumbnail: String?
        if let key = event.clip.thumbnailKey { thumbnail = try await storage.localFile(key: key) }
        return TelegramClient.Video(
            path: path, durationSeconds: event.clip.durationSeconds, width: event.clip.width, height: event.clip.height,
            thumbnailPath: thumbnail)
    }

    /// Several chats of one camera want the same at the same time.
    private func makeRendition(_ key: String, of source: String, _ alert: Alert) async throws {
        if let making = renditions[key] { return try await making.value }
        let task = Task { [storage, media] in
            if try await storage.localFile(key: key) != nil { return }
            let folder = try await storage.workFolder(in: alert.scope, event: alert.event.id)
            // A name of its own: another process may be at it as well.
            let name = ClipObject.temporaryName("rendition")
            let made = try await media.run {
                try DeliveryRendition.make(file: source, into: folder, name: name, maximumBytes: TelegramClient.maximumUploadBytes)
            }
            try await storage.adopt(file: made.path, key: key)
        }
        renditions[key] = task
        defer { renditions[key] = nil }
        try await task.value
    }

    private func keyboard(_ alert: Alert) -> TelegramKeyboard? {
        func button(_ action: AlertAction, _ text: String) -> TelegramKeyboard.Button? {
            action.callbackData(for: alert.delivery.id).flatMap { .callback(text, data: $0) }
        }
        // What cannot be snoozed has no such button, and that a camera is away is never a false alarm.
        let event = alert.event, isNotice = event.source == .notice
        let minutes = event.importance == .highest ? [] : AlertAction.snoozeMinutes
        let snooze = minutes.compactMap { button(.snooze(minutes: $0), "Snooze \($0) min") }
        var others = isNotice ? [] : [button(.falseAlarm, "False alarm")].compactMap(\.self)
        if let publicURL, let open = TelegramKeyboard.Button.url("Open", address: "\(publicURL)/#/event/\(alert.event.id)") { others.append(open) }
        return TelegramKeyboard(rows: [snooze, others])
    }

    static func caption(_ alert: Alert) -> String {
        let time = formatISO8601(milliseconds: alert.event.trigger.at.milliseconds).prefix(19).replacing("T", with: " ")
        return ["\(alert.trigger) · \(alert.deviceLabel)", alert.summary, alert.remark, "\(time) UTC"].compactMap(\.self).joined(separator: "\n")
    }

    // MARK: - Pace and failures

    private func waitForTurn(_ chat: String) async throws {
        // By a clock that nobody sets.
        let elapsed = Timestamp(milliseconds: MonotonicClock.system.milliseconds)
        let departure = pacing.earliest(chat: chat, now: elapsed)
        let wait = departure.milliseconds - elapsed.milliseconds
        guard wait <= Self.patienceMilliseconds else {
            throw AlertFailure(
                reason: "many alerts wait for this chat", remedy: .notBefore(now.advanced(byMilliseconds: wait)))
        }
        pacing.reserve(departure, chat: chat)
        if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
    }

    private func reporting<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as TelegramError {
            if case .tooManyRequests(let seconds) = error { pacing.pause(until: Timestamp(milliseconds: MonotonicClock.system.milliseconds).advanced(bySeconds: seconds)) }
            throw AlertFailure(
                reason: error.description, remedy: Self.remedy(error), statusCode: error.statusCode, mayHaveArrived: error.isOutcomeUnknown)
        }
    }

    private static func remedy(_ error: TelegramError) -> AlertFailure.Remedy {
        switch error {
        case .forbidden, .chatNotFound: .unlink
        // An operator may mend the token before the alert is too old.
        case .unauthorized, .notFound: .later(afterSeconds: 60)
        case .tooManyRequests(let seconds): .later(afterSeconds: seconds)
        default: error.isRetryable ? .later(afterSeconds: nil) : .none
        }
    }
}
