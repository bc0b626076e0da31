import Domain
import Runtime
import Store
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

@testable import Store

@Suite(.mustEnd)
struct DatabaseFileTests {
    @Test(arguments: TestDatabase.kinds) func `what was written is there after the store is opened again`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let event = try await f.queued("e")
        await f.store.close()
        let again = try await Store.open(f.database.location)
        #expect(try await again.events.find(event.id, in: f.ours) == event)
        try await again.ping()
        await again.close()
        await #expect(throws: StoreError.self) { try await again.ping() }
    }

    @Test func `a file that is no database is refused and left as it is`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/hub.db"
        let bytes = Data(String(repeating: "no database. ", count: 200).utf8)
        try bytes.write(to: URL(filePath: path))
        await #expect(throws: StoreError.self) { try await Store.open(.sqlite(path: path)) }
        #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
    }

    @Test func `an address of Postgres that cannot be read is refused without quoting it`() async throws {
        for address in ["postgres://user:pa%zzS3cret@localhost/db", "postgres://user:S3cret@[::1/db", "postgres://user:S3cret@localhost:x/db"] {
            let error = await #expect(throws: StoreError.self) {
                try await Store.open(.postgres(url: Secret(address), connections: 1))
            }
            #expect(error?.description.contains("S3cret") == false)
        }
    }

    @Test func `a folder that is missing is a clear error`() async throws {
        let error = await #expect(throws: StoreError.self) { try await Store.open(.sqlite(path: "/nowhere/at/all/hub.db")) }
        #expect(error?.description.contains("/nowhere/at/all/hub.db") == true)
    }

    @Test func `a database of a newer version is refused`() async throws {
        let folder = try TemporaryFolder()
        let database = Database(.sqlite(path: folder.path + "/hub.db"))
        let future = Migrations.all + [.init(version: 99, name: "future", statements: ["CREATE TABLE future (id TEXT)"])]
        try await Migrations.run(on: database, future, now: 0)
        await database.close()
        await #expect(throws: StoreError.newerSchema(found: 99, known: Migrations.all.count)) {
            try await Store.open(.sqlite(path: folder.path + "/hub.db"))
        }
    }

    @Test(arguments: TestDatabase.kinds) func `a migration that fails leaves nothing behind, and the ones before it`(kind: TestDatabase.Kind) async throws {
        let test = try await TestDatabase(kind)
        let database = Database(test.location)
        let broken = [
            Migrations.Migration(version: 1, name: "good", statements: ["CREATE TABLE one (id TEXT)"]),
            Migrations.Migration(version: 2, name: "bad", statements: ["CREATE TABLE two (id TEXT)", "CREATE NONSENSE"]),
        ]
        await #expect(throws: StoreError.self) { try await Migrations.run(on: database, broken, now: 0) }
        let tables = try await database.read(reaching: .everybody) { session in
            try session.query(session.dialect.tables).map { try $0.text("name") }
        }
        #expect(tables == ["migrations", "one"])
    }

    @Test(arguments: TestDatabase.kinds) func `a transaction that throws leaves nothing behind`(kind: TestDatabase.Kind) async throws {
        struct Stop: Error {}
        let test = try await TestDatabase(kind)
        let database = Database(test.location)
        try await database.write(reaching: .everybody) { try $0.execute("CREATE TABLE one (id TEXT)") }
        await #expect(throws: Stop.self) {
            try await database.write(reaching: .everybody) { session in
                try session.query("INSERT INTO one (id) VALUES ($1)", [.text("a")])
                throw Stop()
            }
        }
        let count = try await database.read(reaching: .everybody) { try $0.query("SELECT COUNT(*) AS n FROM one", table: "one")[0].integer("n") }
        #expect(count == 0)
    }

    @Test func `versions go up by one`() {
        #expect(Migrations.all.map(\.version) == Array(1...Migrations.all.count))
    }
}
