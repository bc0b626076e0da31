// A database of its own for each test.

public import Store
import Runtime
public import Testing

@testable import Store

#if canImport(Glibc)
import Glibc
#endif

/// SQLite in a folder, or a schema of its own on the Postgres server that PINGWATCH_TEST_POSTGRES names (`scripts/with-postgres`).
public final class TestDatabase: Sendable {
    public enum Kind: String, Sendable, CustomTestStringConvertible {
        case sqlite, postgres
        public var testDescription: String { rawValue }
    }

    /// What store tests run against; without a Postgres server only SQLite, which is said once.
    public static let kinds: [Kind] = {
        if server != nil { return [.sqlite, .postgres] }
        print("PINGWATCH_TEST_POSTGRES is not set: the tests of Postgres are skipped (scripts/with-postgres sets it)")
        return [.sqlite]
    }()

    private static let server = getenv("PINGWATCH_TEST_POSTGRES").map { String(cString: $0) }

    public let location: Store.Location
    private let folder: TemporaryFolder?

    public init(_ kind: Kind) async throws {
        switch kind {
        case .sqlite:
            let folder = try TemporaryFolder()
            self.folder = folder
            location = .sqlite(path: folder.path + "/hub.db")
        case .postgres:
            folder = nil
            guard let server = Self.server else { preconditionFailure("there is no Postgres server to test with") }
            let schema = "t" + Crypto.hex(Crypto.randomBytes(8))
            let database = Database(.postgres(url: Secret(server), connections: 1))
            try await database.write(reaching: .everybody) { try $0.execute("CREATE SCHEMA \(schema)") }
            await database.close()
            let separator = server.contains("?") ? "&" : "?"
            location = .postgres(url: Secret("\(server)\(separator)options=-csearch_path%3D\(schema)"), connections: 4)
        }
    }
}
