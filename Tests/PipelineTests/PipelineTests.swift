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

private func clip(_ name: String) throws -> [UInt8]? { try recordedMaterial(name).map(bytes(of:)) }

@Suite("Pipeline", .mustEnd)
struct PipelineTests {
    @Test(arguments: TestDatabase.kinds) func `an uploaded clip becomes playable, is described, and the alert goes out once`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try clip("door-person.mkv") else { return }
        let hub = try await Running(kind)
        let id = try await hub.upload(bytes, duration: 5.9)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        let event = try #require(try await hub.store.events.find(id, in: hub.scope))
        #expect(event.state == .done && event.clip.mime == "video/mp4" && event.analysis?.label == "motion")
        #expect(event.times.processing != nil && event.times.done != nil)
        #expect(await hub.observed.eventStates == ["uploaded", "queued", "processing", "done"])
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

    @Test(arguments: TestDatabase.kinds) func `a clip of another length than declared fails with both figures`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running(kind)
        try await hub.upload(bytes, duration: 60)
        await hub.observed.wait { events, _ in events.contains { $0.state.isFinal } }
        guard case .failed(let failure)? = await hub.observed.events.last?.state else { return #expect(Bool(false)) }
        #expect(failure.reason == "duration_seconds: 60.0 s were declared, the clip has 3.0 s")
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `nothing moves, nobody is alerted`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try clip("street-brightness.avi") else { return }
        let hub = try await Running(kind)
        try await hub.upload(bytes, duration: 4.9)
        await hub.observed.wait { events, _ in events.contains { $0.state.isFinal } }
        #expect(await hub.observed.events.last?.analysis?.shouldNotify == false)
        await hub.stop()
        #expect(await hub.observed.deliveries.isEmpty)
    }

    @Test(arguments: TestDatabase.kinds) func `without video the words are sent`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running(kind, sendsVideo: false)
        try await hub.upload(bytes, duration: 3)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        await hub.stop()
        #expect(hub.bot.calls("sendVideo").isEmpty)
        // The first message is the answer to the link.
        #expect(hub.bot.calls("sendMessage").last?.fields["text"]?.hasPrefix("Motion · Hall\n") == true)
    }

    @Test(arguments: TestDatabase.kinds) func `an alert that Telegram puts off is sent later, one that it refuses is failed with the reason`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running(kind)
        hub.bot.script("sendVideo", .error(429, "Too Many Requests: retry after 1", retryAfter: 1), .raw(status: 502, "<html>"))
        try await hub.upload(bytes, id: "first", duration: 3)
        await hub.observed.wait { $1.contains { $0.state == .sent } }
        #expect(hub.bot.calls("sendVideo").count == 3)

        hub.bot.script("sendVideo", .error(403, "Forbidden: bot was blocked by the user"))
        try await hub.upload(bytes, id: "second", duration: 3)
        await hub.observed.wait { $1.contains { $0.state == .failed } }
        #expect(await hub.observed.deliveries.last?.reason?.contains("blocked") == true)
        await hub.stop()
    }

    @Test(arguments: TestDatabase.kinds) func `work that was begun before a stop is done after the next start`(kind: TestDatabase.Kind) async throws {
        guard let bytes = try clip("webcam-person.mkv") else { return }
        let hub = try await Running(kind)
        // The upload's first delivery hangs; the stop comes meanwhile.
        hub.bot.script("sendVideo", .hang)
        let id = try await hub.upload(bytes, duration: 3)
        await hub.bot.wait { $0.contains { $0.method == "sendVideo" } }
        await hub.stop()
        let store = try await Store.open(hub.database.location)
        let delivery = try #require(try await store.deliveries.list(event: id, in: hub.scope).first)
        #expect(delivery.state == .sending)
        let job = try await store.jobs.lease(.deliver(.telegram), owner: "serve", seconds: 1, now: Timestamp(milliseconds: WallClock.system.milliseconds))
        #expect(job?.delivery == delivery.id)
        await store.close()
    }
}

@Suite("Telegram linking", .mustEnd)
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
        #expect(try await hub.store.targets.list(device: hub.device, in: hub.scope).map(\.address) == ["7"])
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
            try await hub.linking.handleUpdate(Array(body.utf8))
        }
        let started = try await hub.linking.start(device: hub.device, in: hub.scope)
        try await hub.linking.handleUpdate(Array(#"{"update_id":9,"message":{"chat":{"id":-5},"text":"/start@bot \#(started.linkCode)"}}"#.utf8))
        #expect(try await hub.store.targets.list(device: hub.device, in: hub.scope).map(\.address) == ["-5"])
        await hub.stop()
    }
}
