// A store on a file of its own, and what most tests need in it.

import Domain
import Store
import TestSupport
import Testing

struct StoreFixture {
    let database: TestDatabase
    let store: Store
    let ours: AccountScope
    let theirs: AccountScope
    let device = DeviceID(trusted: "phone-1")
    let session = SessionID(trusted: "session-1")
    let now = Timestamp(milliseconds: 1_700_000_000_000)

    init(_ kind: TestDatabase.Kind) async throws {
        database = try await TestDatabase(kind)
        store = try await Store.open(database.location)
        ours = AccountScope(try await store.users.findOrCreate(email: "we@example.org", now: now).account)
        theirs = AccountScope(try await store.users.findOrCreate(email: "they@example.org", now: now).account)
        for scope in [ours, theirs] {
            _ = try await store.devices.register(device, label: "Hall", in: scope, now: now)
            _ = try await store.sessions.start(session, device: device, analysisPrompt: "look for cats", in: scope, now: now)
        }
    }

    func at(_ seconds: Double) -> Timestamp { now.advanced(bySeconds: seconds) }

    func event(_ id: String, at seconds: Double = 0, source: ClipSource = .stream) -> Event {
        Event(
            id: EventID(trusted: id), device: device, session: session, source: source,
            trigger: Trigger(type: "motion", at: at(seconds), score: 0.25), createdAt: at(seconds), state: .recording,
            startedAt: at(seconds - 4), clip: Clip(mime: "video/mp4", sizeBytes: 10, durationSeconds: 2.5, width: 640, height: 480))
    }

    /// An event whose clip was received, with its job.
    func queued(_ id: String, at seconds: Double = 0, in scope: AccountScope? = nil) async throws -> Event {
        let scope = scope ?? ours
        _ = try await store.events.insert(event(id, at: seconds), in: scope)
        return try #require(
            await store.events.receive(
                EventID(trusted: id), changes: EventChanges(), job: JobID(trusted: "job-\(id)"), in: scope, now: at(seconds)))
    }
}
