// The way of every statement of the hub.

import Domain
import Runtime

/// Connections, each on a thread of its own: one for SQLite, several for Postgres.
final class Database: Sendable {
    let dialect: Dialect
    /// Rung when a transaction that did such a thing was committed, here or by another process.
    let bells = Bells()
    private let workers: [DatabaseWorker]
    private let balance: LeastBusy

    /// What a transaction can make that others wait for.
    enum Signal: String, CaseIterable {
        case outbox, process, deliver
    }

    struct Bells: Sendable {
        let outbox = WakeBell()
        let process = WakeBell()
        let deliver = WakeBell()

        func ring(_ signal: Signal) {
            switch signal {
            case .outbox: outbox.ring()
            case .process: process.ring()
            case .deliver: deliver.ring()
            }
        }
    }

    /// Whose rows a turn may see and change. Repositories say it by their conditions; a Postgres server keeps to it by itself as well
    /// (row-level security), so that a forgotten condition shows nothing of others.
    enum Reach: Hashable, Sendable {
        case account(AccountID)
        /// For what the hub does for all accounts, and for finding out whose a credential is.
        case everybody

        /// `pingwatch.account` of the Postgres session.
        var setting: String {
            switch self {
            case .account(let account): account.rawValue
            case .everybody: "*"
            }
        }
    }

    /// What is possible inside a turn of a connection.
    struct Session: ~Copyable {
        private let connection: any SQLConnection
        private let signals: LockedValue<Set<Signal>>

        init(connection: any SQLConnection, signals: LockedValue<Set<Signal>> = LockedValue([])) {
            self.connection = connection
            self.signals = signals
        }

        /// Others are told when the transaction has been committed.
        func signal(_ signal: Signal) { signals.withLock { _ = $0.insert(signal) } }

        var dialect: Dialect { connection.dialect }

        /// Runs a statement with parameters `$1`, `$2`, …
        @discardableResult
        func query(_ sql: String, _ parameters: [SQLValue] = [], table: String = "") throws(StoreError) -> [Row] {
            try connection.query(sql, parameters, table: table)
        }

        func execute(_ sql: String) throws(StoreError) { try connection.execute(sql) }
    }

    init(_ location: Store.Location) {
        let bells = bells
        let ring: DatabaseWorker.Ringing = { signals in for signal in signals { bells.ring(signal) } }
        let reconnection = Reconnection()
        switch location {
        case .sqlite(let path):
            dialect = .sqlite
            workers = [
                DatabaseWorker(name: "sqlite", reconnection: reconnection, ring: ring) { () throws(StoreError) in try SQLiteConnection(path: path) }
            ]
        case .postgres(let url, let connections):
            dialect = .postgres
            workers = (0..<max(connections, 1)).map { number in
                DatabaseWorker(name: "postgres-\(number)", reconnection: reconnection, ring: ring) { () throws(StoreError) in
                    try PostgresConnection(url: url)
                }
            }
        }
        balance = LeastBusy(count: workers.count)
    }

    /// Opens the first connection; the others follow when they are needed.
    func connect() async throws { try await workers[0].connect() }

    func close() async {
        for worker in workers { await worker.close() }
    }

    // Where the caller runs: to the connection's thread and back, and not by way of the global pool.

    nonisolated(nonsending) func read<Value: Sendable>(
        in scope: AccountScope, _ body: @Sendable (borrowing Session) throws -> Value
    ) async throws -> Value {
        try await read(reaching: .account(scope.account), body)
    }

    nonisolated(nonsending) func read<Value: Sendable>(
        reaching reach: Reach, _ body: @Sendable (borrowing Session) throws -> Value
    ) async throws -> Value {
        try await balance.pick { try await workers[$0].read(reach, body) }
    }

    /// All or nothing: what `body` wrote is undone when it throws. It may run more than once, so that it must have no other effects.
    nonisolated(nonsending) func write<Value: Sendable>(
        in scope: AccountScope, _ body: @Sendable (borrowing Session) throws -> Value
    ) async throws -> Value {
        try await write(reaching: .account(scope.account), body)
    }

    nonisolated(nonsending) func write<Value: Sendable>(
        reaching reach: Reach, _ body: @Sendable (borrowing Session) throws -> Value
    ) async throws -> Value {
        try await balance.pick { try await workers[$0].write(reach, body) }
    }
}
