// JSON that was sent, in a form that tests can compare.

/// A JSON value as text: scalars plainly, a list of scalars with commas, anything else as compact JSON with sorted keys.
struct JSONText: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        text = if case .list(let list) = value, let scalars = list.map(\.scalar) as? [String] {
            scalars.joined(separator: ",")
        } else {
            value.scalar ?? value.json
        }
    }
}

indirect enum JSONValue: Decodable {
    case string(String), number(Int64), flag(Bool), null, list([JSONValue]), object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Int64.self) {
            self = .number(number)
        } else if let list = try? value.decode([JSONValue].self) {
            self = .list(list)
        } else if let object = try? value.decode([String: JSONValue].self) {
            self = .object(object)
        } else {
            self = .null
        }
    }

    var scalar: String? {
        switch self {
        case .string(let string): string
        case .number(let number): String(number)
        case .flag(let flag): String(flag)
        case .null, .list, .object: nil
        }
    }

    var json: String {
        switch self {
        case .string(let string): "\"" + string.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        case .number, .flag: scalar!
        case .null: "null"
        case .list(let list): "[" + list.map(\.json).joined(separator: ",") + "]"
        case .object(let object):
            "{" + object.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }
}
