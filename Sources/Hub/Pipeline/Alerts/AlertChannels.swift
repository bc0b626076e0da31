// The ways in which this installation can alert people.

public import Domain
public import Runtime
public import Store

/// Those that are configured. `test` tries one out.
public struct AlertChannels: Sendable {
    var channels: [Delivery.Channel: any AlertChannel] = [:]

    /// Renditions that are made at once: one for each that is being sent, so that nobody waits for somebody's long clip.
    private static let renditions = 6

    public init() {}

    public var available: Set<Delivery.Channel> { Set(channels.keys) }

    /// - Parameters:
    ///   - sendsVideo: `sendVideo` rather than `sendMessage`.
    ///   - publicURL: where people reach the page, without a slash at the end, for the button that opens it.
    public mutating func addTelegram(
        _ client: TelegramClient, store: Store, storage: any ClipStorage, sendsVideo: Bool, publicURL: String?, clock: WallClock
    ) {
        channels[.telegram] = TelegramChannel(
            client: client, store: store, storage: storage, media: ThreadPool(name: "renditions", threads: Self.renditions), sendsVideo: sendsVideo, publicURL: publicURL, clock: clock)
    }

    public mutating func addWebhook(_ client: WebhookClient, publicURL: String?, clock: WallClock) {
        channels[.webhook] = WebhookChannel(client: client, publicURL: publicURL, clock: clock)
    }

    public mutating func addMail(_ client: MailClient, storage: any ClipStorage, publicURL: String?, clock: WallClock) {
        channels[.email] = MailChannel(client: client, storage: storage, publicURL: publicURL, clock: clock)
    }

    /// What came of a test message.
    public struct TestResult: Sendable {
        public let isSent: Bool
        public let statusCode: Int?
        /// Why not, in words.
        public let reason: String?
    }

    /// Sends a harmless message at once and says what happened.
    public func test(_ channel: Delivery.Channel, target: String, deviceLabel: String) async throws -> TestResult {
        guard let sender = channels[channel] else {
            return TestResult(isSent: false, statusCode: nil, reason: "\(channel.rawValue) is not configured on this hub")
        }
        do {
            try await sender.sendTest(to: target, deviceLabel: deviceLabel)
            return TestResult(isSent: true, statusCode: nil, reason: nil)
        } catch let failure as AlertFailure {
            return TestResult(isSent: false, statusCode: failure.statusCode, reason: failure.reason)
        }
    }
}
