// One alert to one chat.

import Domain
import Media
import Runtime
import Store

/// Renders an event as a Telegram message and sends it, no faster than Telegram takes messages.
actor TelegramSender {
    private let client: TelegramClient
    private let storage: any ClipStorage
    private let media: ThreadPool
    private let sendsVideo: Bool
    private let clock: WallClock
    private var pacing = SendPacing()

    private static let rendition = "telegram.mp4"

    init(client: TelegramClient, storage: any ClipStorage, media: ThreadPool, sendsVideo: Bool, clock: WallClock) {
        self.client = client
        self.storage = storage
        self.media = media
        self.sendsVideo = sendsVideo
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// Returns the message's id.
    ///
    /// - Throws: `TelegramError`, `MediaError`, `CancellationError`.
    func send(_ event: Event, deviceLabel: String, to chat: String, in scope: AccountScope) async throws -> String {
        let caption = Self.caption(event, deviceLabel: deviceLabel)
        let video = sendsVideo ? try await video(of: event, in: scope) : nil
        // After the rendition, so that the message leaves at the time that was reserved for it.
        let departure = pacing.reserve(chat: chat, now: now)
        let wait = departure.milliseconds - now.milliseconds
        if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
        do {
            guard let video else { return try await client.sendMessage(caption, to: chat) }
            return try await client.sendVideo(video, caption: caption, to: chat)
        } catch TelegramError.tooManyRequests(let seconds) {
            pacing.pause(until: now.advanced(bySeconds: seconds))
            throw TelegramError.tooManyRequests(retryAfter: seconds)
        }
    }

    /// The clip as Telegram plays it inline; made once per event. `nil` for an event without a clip here.
    private func video(of event: Event, in scope: AccountScope) async throws -> TelegramClient.Video? {
        guard let key = event.clip.key, let source = try await storage.localFile(key: key) else { return nil }
        let renditionKey = ClipObject.key(scope, event.id, Self.rendition)
        if try await storage.localFile(key: renditionKey) == nil {
            let folder = try await storage.workFolder(in: scope, event: event.id)
            let made = try await media.run {
                try DeliveryRendition.make(file: source, into: folder, name: "rendition", maximumBytes: TelegramClient.maximumUploadBytes)
            }
            try await storage.adopt(file: made.path, key: renditionKey)
        }
        guard let path = try await storage.localFile(key: renditionKey) else { return nil }
        var thumbnail: String?
        if let key = event.clip.thumbnailKey { thumbnail = try await storage.localFile(key: key) }
        return TelegramClient.Video(
            path: path, durationSeconds: event.clip.durationSeconds, width: event.clip.width, height: event.clip.height,
            thumbnailPath: thumbnail)
    }

    static func caption(_ event: Event, deviceLabel: String) -> String {
        let trigger = event.trigger.type.prefix(1).uppercased() + event.trigger.type.dropFirst()
        let time = formatISO8601(milliseconds: event.trigger.at.milliseconds).prefix(19).replacing("T", with: " ")
        var lines = ["\(trigger) · \(deviceLabel)"]
        if let summary = event.analysis?.summary { lines.append(summary) }
        lines.append("\(time) UTC")
        return lines.joined(separator: "\n")
    }
}
