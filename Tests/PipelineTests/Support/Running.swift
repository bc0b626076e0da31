// The background work on a real store and real clips, with a local Bot API server.

import Domain
import Media
import Runtime
import Store
import TestSupport
import Testing

@testable import Pipeline

/// A hub's background part, running.
final class Running: Sendable {
    let database: TestDatabase
    let folder: TemporaryFolder
    let store: Store
    let storage: FolderClipStorage
    let bot: BotAPIServer
    let linking: TelegramLinking
    let pipeline: Pipeline
    let scope: AccountScope
    let observed = Observed()
    private let tasks: [Task<Void, Never>]
    let device = DeviceID(trusted: "phone")
    let session = SessionID(trusted: "session")

    init(
        _ kind: TestDatabase.Kind = .sqlite, sendsVideo: Bool = true, isLinked: Bool = true, wantsStill: Bool = false, clock: WallClock = .system,
        isWorking: Bool = true,
        configure: (inout Pipeline.Configuration, inout AlertChannels) -> Void = { _, _ in }
    ) async throws {
        database = try await TestDatabase(kind)
        folder = try TemporaryFolder()
        store = try await Store.open(database.location)
        storage = try FolderClipStorage(folder: folder.path + "/clips")
        bot = try BotAPIServer()
        let client = TelegramClient(http: HTTPClient(threads: 2), token: Secret(BotAPIServer.token), baseURL: bot.baseURL, timeoutSeconds: 30)
        linking = TelegramLinking(
            store: store, client: client, onboardingURL: nil, lifetimeSeconds: 600, webhookSecret: Secret("hook"), clock: .system)
        var channels = AlertChannels()
        channels.addTelegram(
            client, store: store, storage: storage, sendsVideo: sendsVideo, publicURL: "https://hub.example.org", clock: .system)
        var configuration = Pipeline.Configuration()
        configure(&configuration, &channels)
        pipeline = Pipeline(store: store, storage: storage, channels: channels, configuration: configuration, clock: clock)
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        scope = AccountScope(try await store.users.findOrCreate(email: "we@example.org", now: now).account)
        _ = try await store.devices.register(device, label: "Hall", in: scope, now: now)
        _ = try await store.sessions.start(session, device: device, analysisPrompt: nil, in: scope, now: now)
        if isLinked {
            let started = try await linking.start(device: device, in: scope)
            bot.push(update: 1, #""message":{"chat":{"id":42},"text":"\#(started.fallbackCommand)","from":{"username":"u"}}"#)
            await linking.poll()
            _ = try await store.targets.change(device: device, channel: .telegram, address: "42", wantsStill: wantsStill, in: scope, now: now)
        }
        let pipeline = pipeline, observed = observed, store = store
        tasks = [Task { if isWorking { await pipeline.run() } }, Task { await observed.watch(store) }]
    }

    /// An event of a clip that is being recorded.
    func record(id: String, bytes: Int = 1, duration: Double = 3) async throws -> Event {
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        let event = Event(
            id: EventID(trusted: id), device: device, session: session, source: .upload, trigger: Trigger(type: "motion", at: now), createdAt: now,
            state: .recording, clip: Clip(mime: "video/mp4", sizeBytes: Int64(bytes), durationSeconds: duration))
        _ = try await store.events.insert(event, in: scope)
        return event
    }

    /// An event whose clip was uploaded.
    @discardableResult
    func upload(_ bytes: [UInt8], id: String = "event", duration: Double) async throws -> EventID {
        let event = try await record(id: id, bytes: bytes.count, duration: duration)
        try await receive(bytes, event.id)
        return event.id
    }

    /// Its clip has arrived.
    func receive(_ bytes: [UInt8], _ id: EventID) async throws {
        let writer = try await storage.upload(in: scope, event: id)
        try await writer.append(bytes)
        _ = try await writer.seal()
        try await writer.place()
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        _ = try await store.events.receive(id, changes: EventChanges(), job: JobID(trusted: "job-\(id)"), in: scope, now: now)
    }

    func stop() async {
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        bot.stop()
        await store.close()
    }
}

/// What was written, in the order in which it would be published.
actor Observed {
    private(set) var events: [Event] = []
    private(set) var deliveries: [Delivery] = []
    private(set) var eventStates: [String] = []
    private var waiting: [(condition: @Sendable ([Event], [Delivery]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

    func watch(_ store: Store) async {
        while !Task.isCancelled {
            let rings = store.outbox.bell.rings
            let entries = (try? await store.outbox.entries()) ?? []
            for entry in entries {
                switch entry.kind {
                case .eventUpdated, .eventTriggered:
                    if let change = entry.change { eventStates.append(change) }
                    if let event = try? await store.events.find(EventID(trusted: entry.subject), in: entry.scope) { events.append(event) }
                case .deliveryUpdated:
                    if let delivery = try? await store.deliveries.find(DeliveryID(trusted: entry.subject), in: entry.scope) {
                        deliveries.append(delivery)
                    }
                default: continue
                }
            }
            try? await store.outbox.remove(entries.map(\.id))
            wake()
            await store.outbox.bell.wait(since: rings, milliseconds: 1000)
        }
    }

    func wait(until condition: @escaping @Sendable ([Event], [Delivery]) -> Bool) async {
        if condition(events, deliveries) { return }
        await withCheckedContinuation { waiting.append((condition, $0)) }
    }

    private func wake() {
        waiting.removeAll { waiter in
            guard waiter.condition(events, deliveries) else { return false }
            waiter.continuation.resume()
            return true
        }
    }
}
