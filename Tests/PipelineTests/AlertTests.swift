// Alerts from the event to whoever gets them, over real sockets.

import Domain
import Runtime
import Store
import TestSupport
import Testing

@testable import Pipeline

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

extension Running {
    /// An event whose clip is elsewhere: nothing to process, but something to tell.
    @discardableResult
    func tell(id: String = "event") async throws -> EventID {
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        var event = Event(
            id: EventID(trusted: id), device: device, session: session, source: .external, trigger: Trigger(type: "motion", at: now),
            createdAt: now, state: .recording, clip: Clip(mime: "video/mp4", sizeBytes: 1, durationSeconds: 3))
        event.clip.externalURI = "https://elsewhere.example.org/clip.mp4"
        _ = try await store.events.insert(event, in: scope)
        _ = try await store.events.receive(event.id, changes: EventChanges(), job: JobID(trusted: "job-\(id)"), in: scope, now: now)
        return event.id
    }

    /// A picture of the moment of the trigger.
    func takeStill(_ event: Event) async throws {
        let key = ClipObject.key(scope, event.id, ClipObject.still)
        try await storage.put([0xff, 0xd8, 0xff, 0xd9], key: key)
        var changes = EventChanges()
        changes.clip = { $0.posterKey = key }
        let updated = try #require(
            await store.events.update(event.id, changes: changes, in: scope, now: Timestamp(milliseconds: WallClock.system.milliseconds)))
        try await pipeline.planner.planStill(updated, in: scope)
    }

    func deliveries(_ id: EventID) async throws -> [Delivery] { try await store.deliveries.list(event: id, in: scope) }

    func attempts(_ id: EventID) async throws -> [DeliveryAttempt] {
        let deliveries = try await deliveries(id)
        return try await store.deliveries.attempts(of: deliveries, in: scope)[deliveries[0].id] ?? []
    }
}

private struct WebhookBody: Decodable {
    struct Event: Decodable { let event_id: String }
    let type: String
    let delivery_id: String
    let event: Event
}

@Suite("Alerts", .mustEnd)
struct AlertTests {
    private static func ends(of event: EventID, _ deliveries: [Delivery]) -> Set<Delivery.State> {
        var ends: Set<Delivery.State> = []
        for delivery in deliveries where delivery.event == event && delivery.state.isFinal { ends.insert(delivery.state) }
        return ends
    }

    @Test(arguments: TestDatabase.kinds) func `a picture at once, then the same message with the clip and buttons`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try recordedMaterial("webcam-person.mkv").map(bytes(of:)) else { return }
        let hub = try await Running(kind, wantsStill: true)
        let event = try await hub.record(id: "01890a5d-ac96-774b-bcce-b302099a8057", bytes: bytes.count)
        try await hub.takeStill(event)
        await hub.observed.wait { $1.contains { $0.reached == .still } }
        let still = try #require(hub.bot.calls("sendPhoto").first)
        #expect(still.fields["caption"]?.hasPrefix("Motion · Hall\nRecording…") == true)
        try await hub.receive(bytes, event.id)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        let edit = try #require(hub.bot.calls("editMessageMedia").first)
        #expect(edit.files.keys.contains("video"))
        let delivery = try #require(try await hub.deliveries(event.id).first)
        #expect(edit.fields["message_id"] == delivery.message)
        #expect(edit.fields["reply_markup"]?.contains("s10:\(delivery.id)") == true)
        #expect(edit.fields["reply_markup"]?.contains("hub.example.org") == true)
        #expect(hub.bot.calls("sendVideo").isEmpty && hub.bot.calls("sendPhoto").count == 1)
        #expect(try await hub.attempts(event.id).map(\.stage) == [.still, .clip])
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `a picture that never went out leaves one message`(kind: TestDatabase.Kind) async throws {
        // Nothing leaves until the event is done.
        let hub = try await Running(kind, wantsStill: true, isWorking: false)
        let event = try await hub.record(id: "event")
        try await hub.takeStill(event)
        #expect(try await hub.deliveries(event.id).map(\.wanted) == [.still])
        var changes = EventChanges()
        changes.analysis = AnalysisResult(summary: "Somebody came.", shouldNotify: true, provider: "test", model: "test")
        for input in [EventState.Input.received, .enqueued, .started, .finished] {
            _ = try await hub.store.events.apply(input, to: event.id, changes: changes, in: hub.scope, now: event.createdAt)
        }
        try await hub.pipeline.planner.planClip(try #require(await hub.store.events.find(event.id, in: hub.scope)), in: hub.scope)
        let work = Task { await hub.pipeline.run() }
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        work.cancel()
        await work.value
        await hub.stop()
        // The link's answer, and the alert.
        #expect(hub.bot.calls("sendMessage").count == 2 && hub.bot.calls("sendPhoto").isEmpty)
        #expect(hub.bot.calls("editMessageMedia").isEmpty)
    }

    @Test func `a picture that Telegram does not like is told in words, and the clip takes its place`() async throws {
        guard let bytes = try recordedMaterial("webcam-person.mkv").map(bytes(of:)) else { return }
        let hub = try await Running(wantsStill: true)
        hub.bot.script("sendPhoto", .error(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
        hub.bot.script("editMessageMedia", .error(400, "Bad Request: there is no media in the message to edit"))
        let event = try await hub.record(id: "event", bytes: bytes.count)
        try await hub.takeStill(event)
        await hub.observed.wait { $1.contains { $0.reached == .still } }
        try await hub.receive(bytes, event.id)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        await hub.stop()
        #expect(hub.bot.calls("sendMessage").count == 2 && hub.bot.calls("sendVideo").isEmpty)
        #expect(try #require(hub.bot.calls.last).method.hasPrefix("editMessage"))
    }

    @Test func `two chats of one camera get one rendition, whole`() async throws {
        guard let bytes = try recordedMaterial("webcam-person.mkv").map(bytes(of:)) else { return }
        let hub = try await Running()
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        for chat in ["43", "44", "45"] {
            try await hub.store.targets.link(
                AlertTarget(device: hub.device, channel: .telegram, address: chat, createdAt: now), in: hub.scope, now: now)
        }
        let id = try await hub.upload(bytes, duration: 3)
        await hub.observed.wait { _, all in Set(all.filter { $0.state == .sent }.map(\.target)).count == 4 }
        let videos = hub.bot.calls("sendVideo").compactMap { $0.files["video"] }
        #expect(videos.count == 4 && Set(videos).count == 1)
        #expect(try await hub.storage.folders().map(\.event) == [id])
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `an event that ended while its picture was on its way completes the message`(
        kind: TestDatabase.Kind
    ) async throws {
        let hub = try await Running(kind, wantsStill: true)
        let event = try await hub.record(id: "event")
        try await hub.takeStill(event)
        await hub.observed.wait { $1.contains { $0.reached == .still } }
        // Nobody planned the end, as after a crash between the two.
        _ = try await hub.store.events.apply(.dropped(reason: "by force"), to: event.id, in: hub.scope, now: event.createdAt)
        let found = try await hub.store.events.endedWithBegunAlerts()
        #expect(found.map(\.event.id) == [event.id] && found.map(\.scope) == [hub.scope])
        try await hub.pipeline.planner.planClip(found[0].event, in: hub.scope)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        #expect(try await hub.store.events.endedWithBegunAlerts().isEmpty)
        // A picture that comes after the end begins nothing.
        try await hub.takeStill(event)
        #expect(try await hub.deliveries(event.id).count == 1)
        await hub.stop()
    }

    @Test func `a picture of an event that comes to nothing is told so`() async throws {
        let hub = try await Running(wantsStill: true)
        let event = try await hub.record(id: "event", bytes: 12)
        try await hub.takeStill(event)
        await hub.observed.wait { $1.contains { $0.reached == .still } }
        try await hub.receive(Array("not a video.".utf8), event.id)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        await hub.stop()
        #expect(hub.bot.calls("editMessageCaption").first?.fields["caption"]?.contains("The clip cannot be shown") == true)
    }

    @Test(arguments: TestDatabase.kinds) func `an answer that is lost means a repeat, and the repeat says so`(kind: TestDatabase.Kind) async throws {
        let hub = try await Running(kind)
        hub.bot.script("sendMessage", .close)
        let id = try await hub.tell()
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        await hub.stop()
        let store = try await Store.open(hub.database.location)
        let delivery = try #require(try await store.deliveries.list(event: id, in: hub.scope).first)
        #expect(delivery.possibleRepeat && delivery.attempts == 2)
        #expect(hub.bot.calls("sendMessage").last?.fields["text"]?.contains("You may have got this already") == true)
        await store.close()
    }

    @Test func `a refusal for now is no repeat, and its reason is kept with the attempt`() async throws {
        let hub = try await Running()
        hub.bot.script("sendMessage", .error(429, "Too Many Requests: retry after 1", retryAfter: 1), .error(401, "Unauthorized"))
        let id = try await hub.tell()
        await hub.observed.wait { $1.contains { $0.statusCode == 401 } }
        let attempts = try await hub.attempts(id)
        #expect(attempts.map(\.outcome) == [.retry, .retry] && attempts.map(\.statusCode) == [429, 401])
        #expect(try await hub.deliveries(id).map(\.possibleRepeat) == [false])
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `a chat that blocked the bot gets no more, others do, and linking again ends it`(
        kind: TestDatabase.Kind
    ) async throws {
        let hub = try await Running(kind)
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        try await hub.store.targets.link(
            AlertTarget(device: hub.device, channel: .telegram, address: "43", createdAt: now), in: hub.scope, now: now)
        hub.bot.script("sendMessage", .error(403, "Forbidden: bot was blocked by the user"))
        let first = try await hub.tell(id: "first")
        await hub.observed.wait { _, all in Self.ends(of: first, all) == [.sent, .failed] }
        let disabled = try await hub.store.targets.list(device: hub.device, in: hub.scope).filter { $0.disabledReason != nil }
        #expect(disabled.count == 1 && disabled.first?.disabledReason?.contains("blocked") == true)
        let second = try await hub.tell(id: "second")
        await hub.observed.wait { _, all in Self.ends(of: second, all) == [.sent, .suppressed] }
        let chat = try #require(disabled.first?.address)
        let started = try await hub.linking.start(device: hub.device, in: hub.scope)
        hub.bot.push(update: 50, #""message":{"chat":{"id":\#(chat)},"text":"\#(started.fallbackCommand)"}"#)
        await hub.linking.poll()
        #expect(try await hub.store.targets.list(device: hub.device, in: hub.scope).allSatisfy { $0.disabledReason == nil })
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `buttons snooze and take back, in their own chat only`(kind: TestDatabase.Kind) async throws {
        let hub = try await Running(kind)
        let first = try await hub.tell(id: "first")
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        let delivery = try #require(try await hub.deliveries(first).first)
        func press(_ update: Int, chat: Int, _ data: String) async {
            hub.bot.push(
                update: update, #""callback_query":{"id":"q\#(update)","data":"\#(data)","message":{"message_id":1,"chat":{"id":\#(chat)}}}"#)
            await hub.linking.poll()
        }
        await press(10, chat: 99, "s10:\(delivery.id)")
        await press(11, chat: 42, "s10:nonsense")
        #expect(hub.bot.calls("answerCallbackQuery").allSatisfy { $0.fields["text"] == "This button is too old." })
        #expect(try await hub.store.targets.list(device: hub.device, in: hub.scope).first?.snoozedUntil == nil)
        await press(12, chat: 42, "s30:\(delivery.id)")
        await press(13, chat: 42, "fa:\(delivery.id)")
        #expect(hub.bot.calls("answerCallbackQuery").count == 4)
        #expect(try await hub.store.events.find(first, in: hub.scope)?.feedback == .falseAlarm)
        let second = try await hub.tell(id: "second")
        await hub.observed.wait { _, all in all.contains { $0.event == second && $0.state == .suppressed && $0.reason == "snoozed" } }
        await hub.stop()
    }

    @Test func `a group that became another chat gets the alert there`() async throws {
        let hub = try await Running()
        hub.bot.script("sendMessage", .error(400, "Bad Request: group chat was upgraded", migrateTo: -100_500))
        _ = try await hub.tell()
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        #expect(hub.bot.calls("sendMessage").last?.fields["chat_id"] == "-100500")
        #expect(try await hub.store.targets.list(device: hub.device, in: hub.scope).map(\.address) == ["-100500"])
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `webhook and mail get what the chat gets, and a test message says what happened`(
        kind: TestDatabase.Kind
    ) async throws {
        let webhook = try WebhookReceiver(status: 200), mail = try MailFixture()
        let hub = try await Running(kind) { _, channels in
            channels.addWebhook(
                WebhookClient(
                    http: HTTPClient(threads: 1), url: Secret(webhook.http.baseURL + "/hook"), secret: Secret("s"), allowsPrivateAddresses: true),
                publicURL: nil, clock: .system)
            channels.addMail(mail.client, storage: try! FolderClipStorage(folder: try! TemporaryFolder().path), publicURL: nil, clock: .system)
        }
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        try await hub.store.targets.link(
            AlertTarget(device: hub.device, channel: .email, address: "we@example.org", createdAt: now), in: hub.scope, now: now)
        let id = try await hub.tell()
        await hub.observed.wait { _, all in Set(all.filter { $0.state == .sent }.map(\.channel)) == [.telegram, .webhook, .email] }
        let request = try #require(webhook.requests.withLock { $0.first })
        let body = try JSONDecoder().decode(WebhookBody.self, from: Data(request.body))
        #expect(body.type == "event.alert" && body.event.event_id == id.rawValue)
        #expect(request.headers["x-ping-watch-delivery"] == body.delivery_id)
        let delivery = try #require(try await hub.deliveries(id).first { $0.channel == .email })
        #expect(String(decoding: mail.server.mails[0].data, as: UTF8.self).contains("Message-ID: <\(delivery.id)@example.org>"))

        var channels = AlertChannels()
        channels.addMail(mail.client, storage: hub.storage, publicURL: nil, clock: .system)
        #expect(try await channels.test(.email, target: "we@example.org", deviceLabel: "Hall").isSent)
        #expect(try await channels.test(.email, target: "nobody", deviceLabel: "Hall").reason == "this is not a mail address")
        #expect(try await channels.test(.webhook, target: "default", deviceLabel: "Hall").reason == "webhook is not configured on this hub")
        await hub.stop()
    }

    @Test func `a webhook at home is refused unless it is allowed`() async throws {
        let webhook = try WebhookReceiver(status: 200)
        let hub = try await Running { _, channels in
            channels.addWebhook(
                WebhookClient(http: HTTPClient(threads: 1), url: Secret(webhook.http.baseURL), secret: nil, allowsPrivateAddresses: false),
                publicURL: nil, clock: .system)
        }
        _ = try await hub.tell()
        await hub.observed.wait { _, all in all.contains { $0.channel == .webhook && $0.state == .failed } }
        await hub.stop()
        #expect(webhook.targets.isEmpty)
    }

    @Test func `what no channel can send stays until one can`() async throws {
        let hub = try await Running()
        let id = try await hub.tell()
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        _ = try await hub.store.deliveries.plan(
            try #require(await hub.store.events.find(id, in: hub.scope)), stage: .clip, recipients: [.init(channel: .email, target: "we@example.org")],
            deadline: Timestamp(milliseconds: .max / 2), in: hub.scope, now: Timestamp(milliseconds: WallClock.system.milliseconds)
        ) { makeUUIDv7(milliseconds: 0) }
        let now = Timestamp(milliseconds: WallClock.system.milliseconds)
        try await hub.store.targets.link(
            AlertTarget(device: hub.device, channel: .email, address: "we@example.org", createdAt: now), in: hub.scope, now: now)
        await hub.observed.wait { _, all in all.contains { $0.channel == .email && ($0.state == .retry || $0.state == .suppressed) } }
        await hub.stop()
    }
}
