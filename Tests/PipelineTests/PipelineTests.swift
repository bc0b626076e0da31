// The background work, on a real store and real clips, with a local Bot API server.

import Domain
import Media
import Runtime
import Store
import TestSupport
import Testing

@testable import Pipeline

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

/// A hub's background part, running.
private final class Running: Sendable {
    let folder: TemporaryFolder
    let store: Store
    let storage: FolderClipStorage
    let bot: BotAPIServer
    let linking: TelegramLinking
    let pipeline: Pipeline
    let scope: AccountScope
    let observed = Observed()
    private let task: Task<Void, Never>
    let device = DeviceID(trusted: "phone")
    let session = SessionID(trusted: "session")

    init(sendsVideo: Bool = true, isLinked: Bool = true) async throws {
        folder = try TemporaryFolder()
        store = try await Store.open(.sqlite(path: folder.path + "/hub.db"))
        storage = try FolderClipStorage(folder: folder.path + "/clips")
        bot = try BotAPIServer()
        let client = TelegramClient(http: HTTPClient(threads: 2), token: Secret(BotAPIServer.token), baseURL: bot.baseURL)
        linking = TelegramLinking(
            store: store, client: client, onboardingURL: nil, lifetimeSeconds: 600, webhookSecret: Secret("hook"), clock: .system)
        let observed = observed
        pipeline = Pipeline(
            store: store, storage: storage, telegram: client, configuration: Pipeline.Configuration(sendsVideo: sendsVideo), clock: .system,
            onEvent: { _, event in await observed.add(event) }, onDelivery: { _, delivery in await observed.add(delivery) })
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        scope = try await store.users.findOrCreate(email: "we@example.org", now: now).scope
        _ = try await store.devices.register(device, label: "Hall", in: scope, now: now)
        _ = try await store.sessions.start(session, device: device, analysisPrompt: nil, in: scope, now: now)
        if isLinked {
            let started = try await linking.start(device: device, in: scope)
            bot.push(update: 1, #""message":{"chat":{"id":42},"text":"\#(started.fallbackCommand)","from":{"username":"u"}}"#)
            await linking.poll()
        }
        let pipeline = pipeline
        task = Task { await pipeline.run() }
    }

    /// An event whose clip was uploaded.
    @discardableResult
    func upload(_ bytes: [UInt8], id: String = "event", duration: Double) async throws -> EventID {
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        let event = Event(
            id: EventID(trusted: id), device: device, session: session, source: .upload, trigger: Trigger(type: "motion", at: now), createdAt: now,
            state: .recording, clip: Clip(mime: "video/mp4", sizeBytes: Int64(bytes.count), durationSeconds: duration))
        _ = try await store.events.insert(event, in: scope)
        let writer = try await storage.upload(in: scope, event: event.id)
        try await writer.append(bytes)
        _ = try await writer.finish()
        _ = try await store.events.receive(event.id, changes: EventChanges(), job: JobID(trusted: "job-\(id)"), in: scope, now: now)
        await pipeline.wake()
        return event.id
    }

    func stop() async {
        task.cancel()
        await task.value
        bot.stop()
        await store.close()
    }
}

private actor Observed {
    private(set) var events: [Event] = []
    private(set) var deliveries: [Delivery] = []
    private var waiting: [(condition: @Sendable ([Event], [Delivery]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

    func add(_ event: Event) {
        events.append(event)
        wake()
    }

    func add(_ delivery: Delivery) {
        deliveries.append(delivery)
        wake()
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

private func clip(_ name: String) throws -> [UInt8]? { try recordedMaterial(name).map(bytes(of:)) }

@Suite("Pipeline", .timeLimit(.minutes(2)))
struct PipelineTests {
    @Test func `an uploaded clip becomes playable, is described, and the alert goes out once`() async throws {
        guard let bytes = try clip("door-person.mkv") else { return }
        let hub = try await Running()
        let id = try await hub.upload(bytes, duration: 5.9)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        let event = try #require(try await hub.store.events.find(id, in: hub.scope))
        #expect(event.state == .done && event.clip.mime == "video/mp4" && event.analysis?.label == "motion")
        #expect(event.times.processing != nil && event.times.done != nil)
        #expect(await hub.observed.events.map(\.state.name) == ["processing", "done"])
        let call = try #require(hub.bot.calls("sendVideo").first)
        #expect(call.fields["chat_id"] == "42")
        #expect(call.fields["caption"]?.hasPrefix("Motion · Hall\n\(event.analysis?.summary ?? "")") == true)
        #expect(call.files.keys.sorted() == ["thumbnail", "video"])
        let names = hub.folder.files.filter { $0.hasPrefix("clips/") }.map { $0.split(separator: "/").last.map(String.init) ?? "" }
        #expect(names.sorted() == ["clip.mp4", "poster.jpg", "telegram.mp4", "thumbnail.jpg"])
        #expect(try await hub.store.deliveries.list(event: id, in: hub.scope).map(\.state) == [.sent])
        await hub.stop()
        #expect(hub.bot.calls("sendVideo").count == 1)
    }

    @Test(arguments: [("not a video", 3.0, "this is not a video file"), ("", 3, "the file is empty")])
    func `a clip that cannot be used ends as failed with its reason`(text: String, duration: Double, reason: String) async throws {
        let hub = try await Running()
        let id = try await hub.upload(Array(String(repeating: text, count: 200).utf8), duration: duration)
        await hub.observed.wait { events, _ in events.contains { $0.state.isFinal } }
        let failure = EventFailure(stage: .processing, reason: reason, retryable: false)
        #expect(try await hub.store.events.find(id, in: hub.scope)?.state == .failed(failure))
        await hub.stop()
        #expect(hub.bot.calls("sendVideo").isEmpty)
    }

    @Test func `a clip of another length than declared fails with both figures`() async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running()
        try await hub.upload(bytes, duration: 60)
        await hub.observed.wait { events, _ in events.contains { $0.state.isFinal } }
        guard case .failed(let failure)? = await hub.observed.events.last?.state else { return #expect(Bool(false)) }
        #expect(failure.reason == "duration_seconds: 60.0 s were declared, the clip has 3.0 s")
        await hub.stop()
    }

    @Test func `nothing moves, nobody is alerted`() async throws {
        guard let bytes = try clip("street-brightness.avi") else { return }
        let hub = try await Running()
        try await hub.upload(bytes, duration: 4.9)
        await hub.observed.wait { events, _ in events.contains { $0.state.isFinal } }
        #expect(await hub.observed.events.last?.analysis?.shouldNotify == false)
        await hub.stop()
        #expect(await hub.observed.deliveries.isEmpty)
    }

    @Test func `without video the words are sent`() async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running(sendsVideo: false)
        try await hub.upload(bytes, duration: 3)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        await hub.stop()
        #expect(hub.bot.calls("sendVideo").isEmpty)
        // The first message is the answer to the link.
        #expect(hub.bot.calls("sendMessage").last?.fields["text"]?.hasPrefix("Motion · Hall\n") == true)
    }

    @Test func `an alert that Telegram puts off is sent later, one that it refuses is failed with the reason`() async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running()
        hub.bot.script("sendVideo", .error(429, "Too Many Requests: retry after 1", retryAfter: 1), .raw(status: 502, "<html>"))
        try await hub.upload(bytes, id: "first", duration: 3)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        #expect(await hub.observed.deliveries.map(\.state) == [.pending, .retry, .retry, .sent])
        #expect(hub.bot.calls("sendVideo").count == 3)

        hub.bot.script("sendVideo", .error(403, "Forbidden: bot was blocked by the user"))
        try await hub.upload(bytes, id: "second", duration: 3)
        await hub.observed.wait { $1.contains { $0.state == .failed } }
        #expect(await hub.observed.deliveries.last?.reason?.contains("blocked") == true)
        await hub.stop()
    }

    @Test func `work that was begun before a stop is done after the next start`() async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running()
        // The upload's first delivery hangs; the stop comes meanwhile.
        hub.bot.script("sendVideo", .hang)
        let id = try await hub.upload(bytes, duration: 3)
        await hub.bot.wait { $0.contains { $0.method == "sendVideo" } }
        await hub.stop()
        let store = try await Store.open(.sqlite(path: hub.folder.path + "/hub.db"))
        let delivery = try #require(try await store.deliveries.list(event: id, in: hub.scope).first)
        #expect(delivery.state == .sending)
        let job = try await store.jobs.lease(.deliver, seconds: 1, now: Timestamp(milliseconds: WallClock.system.milliseconds))
        #expect(job?.delivery == delivery.id)
        await store.close()
    }
}

@Suite("Telegram linking", .timeLimit(.minutes(1)))
struct TelegramLinkingTests {
    @Test func `a chat is linked by its token, once, and answered`() async throws {
        let hub = try await Running(isLinked: false)
        let started = try await hub.linking.start(device: hub.device, in: hub.scope)
        #expect(started.connectURL == "https://t.me/ping_watch_test_bot?start=\(started.linkCode)")
        #expect(started.linkCode.utf8.count <= 64)
        for (id, text) in [(1, "hello"), (2, "/start wrong"), (3, started.fallbackCommand), (4, started.fallbackCommand)] {
            hub.bot.push(update: id, #""message":{"chat":{"id":7},"text":"\#(text)"}"#)
        }
        await hub.linking.poll()
        #expect(try await hub.store.telegram.targets(device: hub.device, in: hub.scope).map(\.chat) == ["7"])
        #expect(hub.bot.calls("sendMessage").map { $0.fields["text"]?.prefix(9) } == ["This code", "Connected"])
        // What was read is not read again.
        await hub.linking.poll()
        #expect(hub.bot.calls("getUpdates").last?.fields["offset"] == "5")
        await hub.stop()
    }

    @Test func `a webhook needs its secret, and survives anything in its body`() async throws {
        let hub = try await Running(isLinked: false)
        #expect(hub.linking.acceptsWebhook(secret: "hook"))
        for secret in [nil, "", "hook ", "Hook"] { #expect(!hub.linking.acceptsWebhook(secret: secret)) }
        for body in ["", "{", "[]", "null", #"{"update_id":"x"}"#, #"{"update_id":1,"message":{"chat":5}}"#] {
            await hub.linking.handleUpdate(Array(body.utf8))
        }
        let started = try await hub.linking.start(device: hub.device, in: hub.scope)
        await hub.linking.handleUpdate(Array(#"{"update_id":9,"message":{"chat":{"id":-5},"text":"/start@bot \#(started.linkCode)"}}"#.utf8))
        #expect(try await hub.store.telegram.targets(device: hub.device, in: hub.scope).map(\.chat) == ["-5"])
        await hub.stop()
    }
}
