// The owner of a SQLite connection (sqlite3_open_v2).

internal import CSQLite

/// Used on one thread: that of the `Database` actor that owns it.
final class SQLiteConnection: SQLConnection {
    private let path: String
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// - Throws: `StoreError.unusableFile` for a file that is no database.
    init(path: String) throws(StoreError) {
        var handle: OpaquePointer?
        let status = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
        guard status == SQLITE_OK, let handle else {
            let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw .unusableFile(path: path, reason: reason)
        }
        self.handle = handle
        self.path = path
        sqlite3_busy_timeout(handle, 5000)
        do {
            // Readers go on while one writes; and a commit is on the disk before it is acknowledged.
            try execute("PRAGMA journal_mode = WAL")
            try execute("PRAGMA synchronous = FULL")
            try execute("PRAGMA foreign_keys = ON")
            try checkIntegrity()
        } catch {
            // The owner is complete, so deinit closes.
            if case .corrupt = error { throw error }
            throw .unusableFile(path: path, reason: error.description)
        }
    }

    /// Damage that is found at start has not been added to yet. `PRAGMA quick_check` reads all of the file, so that very large ones are
    /// left to the errors that they give.
    private func checkIntegrity() throws(StoreError) {
        let pages = try query("SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()", [], table: "")
        guard try pages[0].integer("bytes") <= 256 << 20 else { return }
        let answer = try query("PRAGMA quick_check(1)", [], table: "")[0].text("quick_check")
        guard answer == "ok" else { throw .corrupt(path: path, reason: answer.replacing("\n", with: " ")) }
    }

    var dialect: Dialect { .sqlite }

    /// A file does not go away.
    var isUsable: Bool { true }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs statements without parameters, for their effect.
    /// A file has no wall of its own; the repositories' conditions are the only one.
    func reach(_ reach: Database.Reach) {}

    func execute(_ sql: String) throws(StoreError) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    /// Runs a statement whose parameters are `$1`, `$2`, …
    ///
    /// - Parameter table: for error messages.
    func query(_ sql: String, _ parameters: [SQLValue], table: String) throws(StoreError) -> [Row] {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (number, value) in parameters.enumerated() {
            // By name, since SQLite numbers `$n` by first appearance. One that a statement does not use is left out.
            let index = sqlite3_bind_parameter_index(statement, "$\(number + 1)")
            guard index > 0 else { continue }
            let status =
                switch value {
                case .null: sqlite3_bind_null(statement, index)
                case .integer(let number): sqlite3_bind_int64(statement, index, number)
                case .real(let number): sqlite3_bind_double(statement, index, number)
                case .text(let text): sqlite3_bind_text(statement, index, text, Int32(text.utf8.count), PW_SQLITE_TRANSIENT)
                }
            guard status == SQLITE_OK else { throw failure() }
        }
        var rows: [Row] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: rows.append(Row(table: table, values: values(of: statement)))
            case SQLITE_DONE: return rows
            default: throw failure()
            }
        }
    }

    private func values(of statement: OpaquePointer) -> [String: SQLValue] {
        var values: [String: SQLValue] = [:]
        for column in 0..<sqlite3_column_count(statement) {
            let name = String(cString: sqlite3_column_name(statement, column))
            values[name] =
                switch sqlite3_column_type(statement, column) {
                case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
                case SQLITE_FLOAT: .real(sqlite3_column_double(statement, column))
                case SQLITE_TEXT:
                    .text(
                        String(
                            decoding: UnsafeBufferPointer(
                                start: sqlite3_column_text(statement, column), count: Int(sqlite3_column_bytes(statement, column))),
                            as: UTF8.self))
                default: .null(.text)
                }
        }
        return values
    }

    private func prepared(_ sql: String) throws(StoreError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        let status = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard status == SQLITE_OK, let statement else { throw failure() }
        statements[sql] = statement
        return statement
    }

    private func failure() -> StoreError {
        let code = sqlite3_extended_errcode(handle)
        let message = String(cString: sqlite3_errmsg(handle))
        switch code & 0xff {
        case SQLITE_FULL: return .storageFull
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt(path: path, reason: message)
        case SQLITE_BUSY: return .contention
        default: return .database(code: String(code), message: message)
        }
    }
}
