// What a value of the API may be (JSON Schema 2020-12, as OpenAPI 3.1 has it).

import Domain
import Runtime

struct Schema: Sendable {
    indirect enum Kind: Sendable {
        case any
        case null
        case boolean
        case integer(ClosedRange<Int64>?)
        case number(ClosedRange<Double>?)
        /// Lengths in code points.
        case string(length: ClosedRange<Int>?, pattern: String?, format: String?)
        /// One of them.
        case words([String])
        case list(Schema, count: ClosedRange<Int>?)
        /// `isClosed`: what is not named here is refused.
        case object([(name: String, value: Schema)], isClosed: Bool)
        /// Any fields.
        case fields
        case oneOf([Schema])
        case anyOf([Schema])
        /// Described once, below `components`.
        case named(String, Schema)
        /// A body that is no JSON.
        case bytes
    }

    let kind: Kind
    /// May be `null`.
    private(set) var isNullable = false
    /// Has to be there, as a field of an object.
    private(set) var isRequired = true
    private(set) var summary: String?

    init(_ kind: Kind) { self.kind = kind }

    /// Always there, without a value `null`.
    var orNull: Schema { changed { $0.isNullable = true } }
    /// May be left out, but is not `null`.
    var orAbsent: Schema { changed { $0.isRequired = false } }
    /// May be left out or `null`, as the optional fields of a request's body.
    var optional: Schema { orNull.orAbsent }

    func about(_ summary: String) -> Schema { changed { $0.summary = summary } }

    private func changed(_ change: (inout Schema) -> Void) -> Schema {
        var schema = self
        change(&schema)
        return schema
    }

    // MARK: - Kinds

    static let any = Schema(.any)
    /// A field that may be there as long as it says nothing.
    static let nothing = Schema(.null).orAbsent
    static let boolean = Schema(.boolean)
    static let integer = Schema(.integer(nil))
    static let count = Schema(.integer(0...Int64.max))
    static let number = Schema(.number(nil))
    static let string = Schema(.string(length: nil, pattern: nil, format: nil))
    static let fields = Schema(.fields)
    static let bytes = Schema(.bytes)

    static func integer(_ range: ClosedRange<Int64>) -> Schema { Schema(.integer(range)) }
    static func number(_ range: ClosedRange<Double>) -> Schema { Schema(.number(range)) }
    static func string(_ length: ClosedRange<Int>? = nil, pattern: String? = nil, format: String? = nil) -> Schema {
        Schema(.string(length: length, pattern: pattern, format: format))
    }
    static func words(_ words: [String]) -> Schema { Schema(.words(words)) }
    static func words<Word: CaseIterable & RawRepresentable>(_ type: Word.Type) -> Schema where Word.RawValue == String {
        .words(type.allCases.map(\.rawValue))
    }
    static func list(_ of: Schema, _ count: ClosedRange<Int>? = nil) -> Schema { Schema(.list(of, count: count)) }
    static func object(_ fields: KeyValuePairs<String, Schema>, isClosed: Bool = false) -> Schema {
        Schema(.object(fields.map { (name: $0.key, value: $0.value) }, isClosed: isClosed))
    }
    static func anyOf(_ schemas: [Schema]) -> Schema { Schema(.anyOf(schemas)) }
    static func oneOf(_ schemas: [Schema]) -> Schema { Schema(.oneOf(schemas)) }
    static func named(_ name: String, _ schema: Schema) -> Schema { Schema(.named(name, schema)) }

    /// The fields of this object and some more.
    func with(_ more: KeyValuePairs<String, Schema>) -> Schema {
        switch kind {
        case .named(_, let schema): schema.with(more)
        case .object(let fields, let isClosed): Schema(.object(fields + more.map { (name: $0.key, value: $0.value) }, isClosed: isClosed))
        default: self
        }
    }

    // MARK: - What comes up everywhere

    /// `Identifier`, as `init?(_:)` reads it.
    static let identifier = Schema.string(1...64, pattern: "^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
    /// A text for people, as `Fields.text` reads it: no control characters, and something to see.
    static func text(_ maximum: Int) -> Schema {
        .string(1...maximum, pattern: #"^[^\x00-\x08\x0b-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x08\x0b-\x1f\x7f]*$"#)
    }
    /// A text of one line, as `Fields.name` reads it.
    static let name = Schema.string(
        1...80,
        pattern: #"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\s\x00-\x1f\x7f-\x9f\u2028\u2029][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"#)
    static let email = Schema.string(3...254, pattern: #"^[!-?A-~]+@[!-?A-~]+$"#)
    static let time = Schema.string(format: "date-time")
    static let address = Schema.string(format: "uri-reference")
}
