// What goes into a statement and what comes out, the same for every database.

/// A value of one of the three types that all dialects share, or NULL.
enum SQLValue: Hashable, Sendable {
    /// NULL where a value of that type may be; Postgres wants to know.
    case null(Kind)
    case integer(Int64)
    case real(Double)
    case text(String)

    enum Kind: Hashable, Sendable { case integer, real, text }

    static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null(.text) }
    static func optional(_ number: Int64?) -> SQLValue { number.map { .integer($0) } ?? .null(.integer) }
    static func optional(_ number: Int?) -> SQLValue { number.map { .integer(Int64($0)) } ?? .null(.integer) }
    static func optional(_ number: Double?) -> SQLValue { number.map { .real($0) } ?? .null(.real) }

    var isNull: Bool { if case .null = self { true } else { false } }

    var kind: Kind {
        switch self {
        case .null(let kind): kind
        case .integer: .integer
        case .real: .real
        case .text: .text
        }
    }
}

/// One row of a result, by column name.
struct Row: Sendable {
    let table: String
    private let values: [String: SQLValue]

    init(table: String, values: [String: SQLValue]) {
        self.table = table
        self.values = values
    }

    func text(_ column: String) throws(StoreError) -> String {
        guard case .text(let text)? = values[column] else { throw unreadable(column) }
        return text
    }

    func optionalText(_ column: String) throws(StoreError) -> String? {
        try isNull(column) ? nil : text(column)
    }

    func integer(_ column: String) throws(StoreError) -> Int64 {
        guard case .integer(let number)? = values[column] else { throw unreadable(column) }
        return number
    }

    func optionalInteger(_ column: String) throws(StoreError) -> Int64? {
        try isNull(column) ? nil : integer(column)
    }

    func optionalReal(_ column: String) throws(StoreError) -> Double? {
        switch values[column] {
        case .null?: nil
        case .real(let number)?: number
        case .integer(let number)?: Double(number)
        default: throw unreadable(column)
        }
    }

    func isNull(_ column: String) throws(StoreError) -> Bool {
        guard let value = values[column] else { throw unreadable(column) }
        return value.isNull
    }

    func unreadable(_ column: String) -> StoreError { .unreadableRow(table: table, column: column) }
}
