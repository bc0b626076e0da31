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

    /// Behind a SELECT of what something that is about to be added refers to: it is not removed meanwhile.
    var forReference: String {
        switch self {
        case .sqlite: ""
        case .postgres: "FOR KEY SHARE"
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

    /// Puts the second wall around every table of an account that has none yet: the session sees rows of `pingwatch.account` alone, or of all where that
    /// is `*`; of none where nothing was said. It holds for the tables' owner as well, though not for a superuser.
    var rowSecurity: String? {
        switch self {
        case .sqlite: nil
        case .postgres:
            """
            DO $$
            DECLARE wall record;
            BEGIN
                FOR wall IN
                    SELECT c.table_name AS name, c.column_name AS key FROM information_schema.columns AS c
                    JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
                    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
                    AND (c.column_name = 'account_id' OR (c.table_name = 'accounts' AND c.column_name = 'id'))
                    AND NOT EXISTS (
                        SELECT 1 FROM pg_policies AS p
                        WHERE p.schemaname = c.table_schema AND p.tablename = c.table_name AND p.policyname = 'own_account')
                    ORDER BY c.table_name
                LOOP
                    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', wall.name);
                    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', wall.name);
                    EXECUTE format(
                        'CREATE POLICY own_account ON %I USING (%I = current_setting(''pingwatch.account'', true)'
                        ' OR current_setting(''pingwatch.account'', true) = ''*'')', wall.name, wall.key);
                END LOOP;
            END $$
            """
        }
    }

    /// Whether the role of the connection is one for whom row-level security does not hold, as `bypasses`.
    var bypassesRowSecurity: String? {
        switch self {
        case .sqlite: nil
        case .postgres: "SELECT CASE WHEN rolsuper OR rolbypassrls THEN 1 ELSE 0 END::bigint AS bypasses FROM pg_roles WHERE rolname = current_user"
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
