// JSON that people read, too: objects keep the order in which they were written down.

import Domain
import Runtime

indirect enum OrderedJSON: Sendable {
    case value(JSON)
    case array([OrderedJSON])
    case object([(name: String, value: OrderedJSON)])

    static func string(_ text: String) -> OrderedJSON { .value(.string(text)) }
    static func strings(_ texts: [String]) -> OrderedJSON { .array(texts.map { .string($0) }) }

    /// Adds a field to an object.
    mutating func add(_ name: String, _ value: OrderedJSON?) {
        guard let value, case .object(var fields) = self else { return }
        fields.append((name, value))
        self = .object(fields)
    }

    var text: String {
        switch self {
        case .value(let value): value.text
        case .array(let values): "[\(values.map(\.text).joined(separator: ","))]"
        case .object(let fields): "{\(fields.map { "\(JSON.string($0.name).text):\($0.value.text)" }.joined(separator: ","))}"
        }
    }
}

extension OrderedJSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(stringLiteral value: String) { self = .value(.string(value)) }
    init(booleanLiteral value: Bool) { self = .value(.bool(value)) }
    init(arrayLiteral elements: OrderedJSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, OrderedJSON)...) { self = .object(elements.map { (name: $0.0, value: $0.1) }) }
}
