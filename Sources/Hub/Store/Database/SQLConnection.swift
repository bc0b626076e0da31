// What the repositories ask of a database, and the few places where databases differ.

/// One connection; used on one thread, that of the `DatabaseWorker` that owns it.
protocol SQLConnection: AnyObject {
    var dialect: Dialect { get }

    /// Runs a statement whose parameters are `$1`, `$2`, …
    ///
    /// - Parameter table: for error messages.
    func query(_ sql: String, _ parameters: [SQLValue], table: String) throws(StoreError) -> [Row]

    /// Runs statements without parameters, for their effect.
    func execute(_ sql: String) throws(StoreError)

    /// From now on statements see and change these rows only, where the database itself can see to that.
    func reach(_ reach: Database.Reach) throws(StoreError)

    /// Whether the connection can go on after an error.
    var isUsable: Bool { get }
}

/// How one database says what the other says otherwise. Everything else is written once, in what both understand.
enum Dialect: Hashable, Sendable {
    case sqlite
    case postgres

    /// Begins a transaction that writes. SQLite has one writer; Postgres locks rows.
    var begin: String {
        switch self {
        case .sqlite: "BEGIN IMMEDIATE"
        case .postgres: "BEGIN"
        }
    }

    /// Behind a SELECT whose rows are about to be changed.
    var forUpdate: String {
        switch self {
        case .sqlite: ""
        case .postgres: "FOR UPDATE"
        }
    }

    /// Behind a SELECT that takes what no other worker has.
    var skipLocked: String {
        switch self {
        case .sqlite: ""
        case .postgres: "FOR UPDATE SKIP LOCKED"
        }
    }

    /// A statement of the schema, written in SQLite's words.
    func schema(_ statement: String) -> String {
        switch self {
        case .sqlite: statement
        case .postgres:
            statement
                .replacing("INTEGER PRIMARY KEY AUTOINCREMENT", with: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
                // Text is ordered by its bytes, as SQLite does.
                .replacing(" TEXT", with: " TEXT COLLATE \"C\"")
        }
    }

    /// Tells other processes of a signal, when the transaction is committed.
    func notify(_ signal: Database.Signal) -> String? {
        switch self {
        case .sqlite: nil
        case .postgres: "NOTIFY \(PostgresListener.channel), '\(signal.rawValue)'"
        }
    }

    /// Lists the names of all tables.
    var tables: String {
        switch self {
        case .sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        case .postgres: "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
        }
    }

    /// Makes those who lease in one lane wait for each other, so that they see each other's leases.
    var leaseLock: String? {
        switch self {
        case .sqlite: nil
        case .postgres: "SELECT pg_advisory_xact_lock(7037469, hashtext($1))"
        }
    }

    /// Makes migrations of several processes wait for each other, until the transaction ends.
    var migrationLock: String? {
        switch self {
        case .sqlite: nil
        // Any number will do that nobody else uses in this database.
        case .postgres: "SELECT pg_advisory_xact_lock(7037468)"
        }
    }
}
