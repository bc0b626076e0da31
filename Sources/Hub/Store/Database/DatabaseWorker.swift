// One connection on a thread of its own.

import Runtime

/// A transaction is one uninterrupted turn of the actor. A connection that is lost is opened again, as `Reconnection` allows.
actor DatabaseWorker {
    typealias Opening = @Sendable () throws(StoreError) -> any SQLConnection
    typealias Ringing = @Sendable (Set<Database.Signal>) -> Void

    private nonisolated let executor: ThreadExecutor
    private nonisolated let open: Opening
    private nonisolated let ring: Ringing
    private nonisolated let reconnection: Reconnection
    private var connection: (any SQLConnection)?
    private var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// How often a transaction is begun again that the database itself asked to repeat (deadlock, serialization failure).
    private static let maximumRepeats = 5

    /// - Parameter reconnection: shared by the connections to one database.
    init(name: String, reconnection: Reconnection, ring: @escaping Ringing, open: @escaping Opening) {
        self.ring = ring
        executor = ThreadExecutor(name: name)
        self.open = open
        self.reconnection = reconnection
    }

    func connect() throws(StoreError) { connection = try open() }

    func close() {
        connection = nil
        isClosed = true
    }

    func read<Value: Sendable>(_ reach: Database.Reach, _ body: @Sendable (borrowing Database.Session) throws -> Value) throws -> Value {
        try repeating { connection in
            try connection.reach(reach)
            return try body(Database.Session(connection: connection))
        }
    }

    /// All or nothing: what `body` wrote is undone when it throws. It may run more than once.
    func write<Value: Sendable>(_ reach: Database.Reach, _ body: @Sendable (borrowing Database.Session) throws -> Value) throws -> Value {
        try repeating { connection in
            let signals = LockedValue<Set<Database.Signal>>([])
            // Before the transaction: an end without COMMIT would undo it.
            try connection.reach(reach)
            try connection.execute(connection.dialect.begin)
            do {
                let value = try body(Database.Session(connection: connection, signals: signals))
                let raised = signals.withLock { $0 }
                for signal in raised { if let notify = connection.dialect.notify(signal) { try connection.execute(notify) } }
                try connection.execute("COMMIT")
                ring(raised)
                return value
            } catch {
                // Some errors (SQLITE_FULL) have rolled back already; a second time is an error without consequence.
                if connection.isUsable { try? connection.execute("ROLLBACK") }
                throw error
            }
        }
    }

    private func repeating<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value {
        var repeats = 0
        while true {
            let current = try usableConnection()
            do {
                return try body(current)
            } catch StoreError.contention where repeats < Self.maximumRepeats {
                repeats += 1
            } catch StoreError.unavailable(let reason, let mayHaveHappened) {
                connection = nil
                // The server may have been restarted since the last statement, which is no failure yet; and it undoes what was not
                // committed. Only a COMMIT without an answer is not repeated.
                guard repeats == 0, !mayHaveHappened else { throw StoreError.unavailable(reason, mayHaveHappened: mayHaveHappened) }
                repeats += Self.maximumRepeats
            }
        }
    }

    private func usableConnection() throws(StoreError) -> any SQLConnection {
        if let connection { return connection }
        guard !isClosed else { throw .database(code: "closed", message: "the database is closed") }
        if let failure = reconnection.reasonToWait { throw failure }
        let successes = reconnection.successes
        do {
            let opened = try open()
            connection = opened
            reconnection.succeeded()
            return opened
        } catch {
            reconnection.failed(error, since: successes)
            throw error
        }
    }
}
