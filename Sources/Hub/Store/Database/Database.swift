// One connection on a thread of its own.

import Runtime

/// Every statement of the hub goes through here; a transaction is one uninterrupted turn of the actor.
actor Database {
    private nonisolated let executor: ThreadExecutor
    private var connection: SQLiteConnection?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What is possible inside a turn of the actor.
    struct Session: ~Copyable {
        fileprivate let connection: SQLiteConnection

        /// Runs a statement with parameters `$1`, `$2`, …
        @discardableResult
        func query(_ sql: String, _ parameters: [SQLValue] = [], table: String = "") throws(StoreError) -> [Row] {
            try connection.query(sql, parameters, table: table)
        }

        func execute(_ sql: String) throws(StoreError) { try connection.execute(sql) }
    }

    init() { executor = ThreadExecutor(name: "sqlite") }

    func open(path: String) throws(StoreError) { connection = try SQLiteConnection(path: path) }

    func close() { connection = nil }

    func read<Value: Sendable>(_ body: @Sendable (borrowing Session) throws -> Value) throws -> Value {
        try body(try session())
    }

    /// All or nothing: what `body` wrote is undone when it throws.
    func write<Value: Sendable>(_ body: @Sendable (borrowing Session) throws -> Value) throws -> Value {
        let session = try session()
        try session.execute("BEGIN IMMEDIATE")
        do {
            let value = try body(session)
            try session.execute("COMMIT")
            return value
        } catch {
            // Some errors (SQLITE_FULL) have rolled back already; a second time is an error without consequence.
            try? session.execute("ROLLBACK")
            throw error
        }
    }

    private func session() throws(StoreError) -> Session {
        guard let connection else { throw .database(code: 0, message: "the database is closed") }
        return Session(connection: connection)
    }
}
