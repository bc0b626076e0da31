import Domain
import TestSupport
import Testing

@testable import Store

/// The second wall: Postgres keeps accounts apart by itself.
@Suite(.mustEnd, .enabled(if: TestDatabase.kinds.contains(.postgres)))
struct RowSecurityTests {
    @Test func `a statement that forgets its condition sees one account's rows`() async throws {
        let f = try await StoreFixture(.postgres)
        let database = Database(f.database.location)
        try await database.connect()
        func accounts(_ reach: Database.Reach) async throws -> Set<String> {
            try await database.read(reaching: reach) { session in
                Set(try session.query("SELECT account_id FROM devices", table: "devices").map { try $0.text("account_id") })
            }
        }
        #expect(try await accounts(.account(f.ours.account)) == [f.ours.account.rawValue])
        #expect(try await accounts(.account(f.theirs.account)) == [f.theirs.account.rawValue])
        #expect(try await accounts(.everybody) == [f.ours.account.rawValue, f.theirs.account.rawValue])
        #expect(try await accounts(.account(AccountID(trusted: "nobody"))).isEmpty)
        // Neither can it change or make rows of others.
        let changed = try await database.write(in: f.ours) { session in
            try session.query("UPDATE devices SET label = 'ours' RETURNING account_id", table: "devices").map { try $0.text("account_id") }
        }
        #expect(changed == [f.ours.account.rawValue])
        await #expect(throws: StoreError.self) {
            try await database.write(in: f.ours) { session in
                _ = try session.query(
                    "INSERT INTO devices (account_id, id, label, created_at) VALUES ($1, 'x', 'x', 0)", [.text(f.theirs.account.rawValue)])
            }
        }
        await database.close()
    }

    @Test func `a connection to which nothing was said sees nothing`() async throws {
        let f = try await StoreFixture(.postgres)
        guard case .postgres(let url, _) = f.database.location else { return }
        let connection = try PostgresConnection(url: url)
        #expect(try connection.query("SELECT id FROM devices", [], table: "devices").isEmpty)
        #expect(try await f.store.hasRowSecurity() == true)
    }

    @Test func `every table of an account is behind the wall`() async throws {
        let f = try await StoreFixture(.postgres)
        guard case .postgres(let url, _) = f.database.location else { return }
        let connection = try PostgresConnection(url: url)
        let open = try connection.query(
            """
            SELECT c.table_name::text AS name FROM information_schema.columns AS c
            JOIN pg_class ON pg_class.oid = (quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))::regclass
            WHERE c.table_schema = current_schema() AND c.column_name = 'account_id' AND NOT (pg_class.relrowsecurity AND pg_class.relforcerowsecurity)
            """, [], table: "columns"
        ).map { try $0.text("name") }
        #expect(open == [])
        let walled = try connection.query("SELECT tablename::text AS name FROM pg_policies WHERE schemaname = current_schema()", [], table: "pg_policies")
        #expect(try Set(walled.map { try $0.text("name") }).isSuperset(of: ["accounts", "devices", "events", "sessions", "memberships", "audit"]))
    }
}
