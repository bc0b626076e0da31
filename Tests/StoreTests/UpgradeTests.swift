import Domain
import TestSupport
import Testing

@testable import Store

@Suite(.mustEnd)
struct UpgradeTests {
    /// The first released schema, with what its hub wrote.
    private static let releasedVersion = 5

    private func oldDatabase(_ kind: TestDatabase.Kind) async throws -> TestDatabase {
        let test = try await TestDatabase(kind)
        let database = Database(test.location)
        try await Migrations.run(on: database, Array(Migrations.all.prefix(Self.releasedVersion)), now: 0)
        try await database.write(reaching: .everybody) { session in
            for statement in [
                "INSERT INTO users (id, account_id, email, created_at) VALUES ('u', 'a', 'we@example.org', 1)",
                "INSERT INTO devices (account_id, id, label, created_at) VALUES ('a', 'd', 'Hall', 1)",
                "INSERT INTO sessions (account_id, id, device_id, status, started_at) VALUES ('a', 's', 'd', 'active', 1)",
                """
                INSERT INTO events (account_id, id, device_id, session_id, source, trigger_type, triggered_at, status, created_at, updated_at,
                clip_mime, clip_size_bytes) VALUES ('a', 'e', 'd', 's', 'stream', 'motion', 5, 'queued', 5, 6, 'video/mp4', 10)
                """,
                """
                INSERT INTO jobs (id, account_id, work, event_id, idempotency_key, state, attempts, run_at, lease_until, created_at, updated_at)
                VALUES ('j', 'a', 'process', 'e', 'process:a/e', 'leased', 1, 6, 60000, 6, 6)
                """,
                """
                INSERT INTO deliveries (account_id, id, event_id, channel, target, state, attempts, created_at, updated_at, sent_at)
                VALUES ('a', 'x', 'e', 'telegram', '42', 'sent', 1, 7, 8, 8)
                """,
                "INSERT INTO telegram_targets (account_id, device_id, chat, username, linked_at) VALUES ('a', 'd', '42', 'someone', 2)",
            ] { try session.execute(statement) }
        }
        await database.close()
        return test
    }

    @Test(arguments: TestDatabase.kinds) func `a database of the first release goes on with everything that was in it`(
        kind: TestDatabase.Kind
    ) async throws {
        let test = try await oldDatabase(kind)
        #expect(try await Store.migrations(of: test.location).missing.count == Migrations.all.count - Self.releasedVersion)
        let store = try await Store.open(test.location)
        let scope = AccountScope(AccountID(trusted: "a")), now = Timestamp(milliseconds: 1_000_000)
        let event = try #require(try await store.events.find(EventID(trusted: "e"), in: scope))
        #expect(event.state == .queued && !event.clip.isIncomplete && event.feedback == nil)
        let delivery = try #require(try await store.deliveries.list(event: event.id, in: scope).first)
        #expect(delivery.state == .sent && delivery.reached == .clip && delivery.device.rawValue == "d" && !delivery.possibleRepeat)
        #expect(try await store.targets.list(device: event.device, in: scope).map(\.address) == ["42"])
        // The lease of a hub that knew nothing of owners runs out as it would have.
        #expect(try await store.jobs.lease(.process, owner: "serve", seconds: 60, now: now)?.id.rawValue == "j")
        #expect(try await Store.migrations(of: test.location).missing.isEmpty)
        await store.close()
    }

    @Test(arguments: TestDatabase.kinds) func `processes that start at once wait for each other's migrations`(kind: TestDatabase.Kind) async throws {
        let test = try await oldDatabase(kind)
        let stores = try await withThrowingTaskGroup { group in
            for _ in 0..<4 { group.addTask { try await Store.open(test.location) } }
            return try await group.reduce(into: [Store]()) { $0.append($1) }
        }
        for store in stores { await store.close() }
        #expect(try await Store.migrations(of: test.location).applied.count == Migrations.all.count)
    }
}
