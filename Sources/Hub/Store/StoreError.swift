// Why the store did not do what was asked.

/// `description` may be shown to an operator; it holds no row's content.
public enum StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk is full (SQLITE_FULL, ENOSPC).
    case storageFull
    /// A `cursor` that no page gave out.
    case invalidCursor
    /// The file was written by a newer version of the hub.
    case newerSchema(found: Int, known: Int)
    /// The file is no SQLite database, or is damaged.
    case unusableFile(path: String, reason: String)
    /// The database is damaged (SQLITE_CORRUPT, XX001).
    case corrupt(path: String, reason: String)
    /// The database does not answer. Whether a change was made is not known when `mayHaveHappened`.
    case unavailable(String, mayHaveHappened: Bool)
    /// Several transactions were in each other's way, more often than is reasonable.
    case contention
    /// Anything else that the database says: its result code or SQLSTATE, and its words.
    case database(code: String, message: String)
    /// A row holds what this version cannot have written.
    case unreadableRow(table: String, column: String)
    /// Somebody else is writing the file.
    case inUse(path: String)
    /// A file operation failed: strerror(3) and what was tried.
    case file(operation: String, errno: Int32, reason: String)

    /// Nobody's fault, and over sooner or later: a full disk, a database that is away or busy.
    public var isPassing: Bool {
        switch self {
        case .storageFull, .unavailable, .contention, .inUse: true
        case .invalidCursor, .newerSchema, .unusableFile, .corrupt, .database, .unreadableRow, .file: false
        }
    }

    public var description: String {
        switch self {
        case .storageFull: "the disk is full"
        case .invalidCursor: "this is not a cursor of the hub"
        case .newerSchema(let found, let known):
            "the database is of a newer version of the hub (schema \(found); this version knows \(known)): run that version"
        case .unusableFile(let path, let reason): "the database \(path) cannot be used: \(reason)"
        case .corrupt(let path, let reason):
            "the database \(path) is damaged: \(reason). Stop the hub, keep a copy of the file, and bring back a backup or repair it "
                + "(docs/RELIABILITY.md, \"A damaged database\")"
        case .unavailable(let reason, _): "the database does not answer: \(reason)"
        case .contention: "the database is too busy"
        case .database(let code, let message): "the database failed (\(code)): \(message)"
        case .unreadableRow(let table, let column): "a row of \(table) cannot be read: column \(column)"
        case .inUse(let path): "\(path) is being written by somebody else"
        case .file(let operation, _, let reason): "\(operation): \(reason)"
        }
    }
}
