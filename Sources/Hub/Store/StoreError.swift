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
    /// Anything else that the database says: its result code and words.
    case database(code: Int32, message: String)
    /// A row holds what this version cannot have written.
    case unreadableRow(table: String, column: String)
    /// A file operation failed: strerror(3) and what was tried.
    case file(operation: String, errno: Int32, reason: String)

    public var description: String {
        switch self {
        case .storageFull: "the disk is full"
        case .invalidCursor: "this is not a cursor of the hub"
        case .newerSchema(let found, let known):
            "the database is of a newer version of the hub (schema \(found); this version knows \(known)): run that version"
        case .unusableFile(let path, let reason): "the database \(path) cannot be used: \(reason)"
        case .database(let code, let message): "the database failed (\(code)): \(message)"
        case .unreadableRow(let table, let column): "a row of \(table) cannot be read: column \(column)"
        case .file(let operation, _, let reason): "\(operation): \(reason)"
        }
    }
}
