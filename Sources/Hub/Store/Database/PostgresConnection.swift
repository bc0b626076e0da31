// The owner of a libpq connection (PQconnectdbParams).

internal import CPQ
internal import Runtime

/// Blocks; used on one thread: that of the `DatabaseWorker` that owns it.
final class PostgresConnection: SQLConnection {
    private let handle: OpaquePointer
    private var statements: [Statement: String] = [:]
    /// What the session is set to.
    private var reach: Database.Reach?

    private struct Statement: Hashable {
        let sql: String
        let types: [Oid]
    }

    /// OIDs of pg_type that never change.
    private enum Types {
        static let bigint: Oid = 20, smallint: Oid = 21, integer: Oid = 23, text: Oid = 25
        static let real: Oid = 700, double: Oid = 701, numeric: Oid = 1700
    }

    /// Ours first, since the address may say otherwise. A server that does not answer must not hold a thread for longer than a request lasts.
    private static let settings = [
        ("connect_timeout", "5"), ("tcp_user_timeout", "15000"), ("keepalives_idle", "30"), ("fallback_application_name", "pingwatch"),
        ("client_encoding", "UTF8"),
        ("options", "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"),
    ]

    /// - Parameter url: `postgres://…` or a connection string (libpq, "Connection Strings").
    /// - Throws: `StoreError.unavailable`.
    init(url: Secret) throws(StoreError) {
        try Self.check(url)
        let names = Self.settings.map(\.0) + ["dbname"], values = Self.settings.map(\.1) + [url.value]
        let handle = withCStrings(names) { names in withCStrings(values) { values in PQconnectdbParams(names, values, 1) } }
        guard let handle else { throw .unavailable("out of memory", mayHaveHappened: false) }
        guard PQstatus(handle) == CONNECTION_OK else {
            let reason = Self.words(PQerrorMessage(handle))
            PQfinish(handle)
            throw .unavailable(reason, mayHaveHappened: false)
        }
        self.handle = handle
        // What the server remarks is not an error.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { PQfinish(handle) }

    /// PQconninfoParse(3). What it says of a mistake quotes the address, and with it perhaps the password.
    private static func check(_ url: Secret) throws(StoreError) {
        var words: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url.value, &words)
        PQfreemem(words)
        guard let options else {
            throw .database(
                code: "DATABASE_URL", message: "this is not an address of a Postgres server; mind that %, @, / and : in a password are percent-encoded")
        }
        PQconninfoFree(options)
    }

    var dialect: Dialect { .postgres }

    var isUsable: Bool { PQstatus(handle) == CONNECTION_OK }

    /// For waiting on the socket (`PostgresListener`).
    var socket: Int32 { PQsocket(handle) }

    func reach(_ reach: Database.Reach) throws(StoreError) {
        guard reach != self.reach else { return }
        try query("SELECT set_config('pingwatch.account', $1, false)", [.text(reach.setting)], table: "")
        self.reach = reach
    }

    func execute(_ sql: String) throws(StoreError) {
        let result = PQexec(handle, sql)
        defer { PQclear(result) }
        try check(result, committing: sql == "COMMIT")
    }

    @discardableResult
    func query(_ sql: String, _ parameters: [SQLValue], table: String) throws(StoreError) -> [Row] {
        let name = try prepared(sql, parameters.map(Self.type))
        let texts: [String?] = parameters.map { value in
            switch value {
            case .null: nil
            case .integer(let number): String(number)
            case .real(let number): String(number)
            case .text(let text): text
            }
        }
        let result = withCStrings(texts) { PQexecPrepared(handle, name, Int32(texts.count), $0, nil, nil, 0) }
        defer { PQclear(result) }
        try check(result)
        return rows(of: result, table: table)
    }

    /// Takes what the server has sent since (PQconsumeInput, PQnotifies).
    ///
    /// - Returns: the payloads of the notifications in it.
    func notifications() throws(StoreError) -> [String] {
        guard PQconsumeInput(handle) == 1 else { throw failure(nil, committing: false) }
        var payloads: [String] = []
        while let notification = PQnotifies(handle) {
            payloads.append(String(cString: notification.pointee.extra))
            PQfreemem(notification)
        }
        return payloads
    }

    private static func type(of value: SQLValue) -> Oid {
        switch value.kind {
        case .integer: Types.bigint
        case .real: Types.double
        case .text: Types.text
        }
    }

    private func prepared(_ sql: String, _ types: [Oid]) throws(StoreError) -> String {
        let statement = Statement(sql: sql, types: types)
        if let name = statements[statement] { return name }
        let name = "s\(statements.count)"
        let result = PQprepare(handle, name, sql, Int32(types.count), types)
        defer { PQclear(result) }
        try check(result)
        statements[statement] = name
        return name
    }

    private func rows(of result: OpaquePointer?, table: String) -> [Row] {
        let columns = (0..<PQnfields(result)).map { (index: $0, name: String(cString: PQfname(result, $0)), type: PQftype(result, $0)) }
        return (0..<PQntuples(result)).map { row in
            var values: [String: SQLValue] = [:]
            for column in columns { values[column.name] = Self.value(result, row, column.index, column.type) }
            return Row(table: table, values: values)
        }
    }

    /// The text format of the types that the schema uses.
    private static func value(_ result: OpaquePointer?, _ row: Int32, _ column: Int32, _ type: Oid) -> SQLValue {
        let isNull = PQgetisnull(result, row, column) == 1
        let text = isNull ? "" : String(cString: PQgetvalue(result, row, column))
        switch type {
        case Types.bigint, Types.integer, Types.smallint: return isNull ? .null(.integer) : Int64(text).map { .integer($0) } ?? .text(text)
        case Types.double, Types.real, Types.numeric: return isNull ? .null(.real) : Double(text).map { .real($0) } ?? .text(text)
        default: return isNull ? .null(.text) : .text(text)
        }
    }

    private func check(_ result: OpaquePointer?, committing: Bool = false) throws(StoreError) {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return
        default: throw failure(result, committing: committing)
        }
    }

    /// Of the five letters of SQLSTATE ("PostgreSQL Error Codes") the first two are the class.
    private func failure(_ result: OpaquePointer?, committing: Bool) -> StoreError {
        let state = PQresultErrorField(result, PW_PG_SQLSTATE).map { String(cString: $0) } ?? ""
        let words = Self.words(PQresultErrorField(result, PW_PG_MESSAGE) ?? PQerrorMessage(handle))
        if !isUsable { return .unavailable(words, mayHaveHappened: committing) }
        switch state {
        // A unique violation (23505) is another transaction that did the same at the same time: the repositories look before they insert.
        case "40001", "40P01", "23505": return .contention
        case "53100": return .storageFull
        // The schema was changed under a prepared statement, or the statement is gone: a new connection prepares anew.
        case "0A000", "26000": return .unavailable(words, mayHaveHappened: false)
        // It took too long (statement_timeout, lock_timeout): not again at once.
        case "57014", "55P03": return .unavailable(words, mayHaveHappened: true)
        case let state where state.hasPrefix("53") || state.hasPrefix("08") || state.hasPrefix("57P"):
            return .unavailable(words, mayHaveHappened: committing)
        case "XX001", "XX002": return .corrupt(path: "of Postgres", reason: words)
        default: return .database(code: state, message: words)
        }
    }

    /// One line, since libpq writes several.
    private static func words(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "no reason was given" }
        return String(cString: text).split(whereSeparator: \.isNewline).map { String($0.drop(while: \.isWhitespace)) }.joined(separator: "; ")
    }
}

/// Runs `body` with C strings that live as long as it runs; `nil` becomes a null pointer, and so does the end of the array.
private func withCStrings<Result>(
    _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    // One buffer for all, each string behind its terminating zero.
    var bytes: [CChar] = []
    var offsets: [Int?] = []
    for text in texts {
        offsets.append(text == nil ? nil : bytes.count)
        if let text { bytes.append(contentsOf: text.utf8CString) }
    }
    bytes.append(0)
    return bytes.withUnsafeBufferPointer { buffer in
        let pointers = offsets.map { offset in offset.map { buffer.baseAddress! + $0 } } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
