// Reading JSON values with Jansson. Foundation's decoder tells what a value is by trying one type after the other, and each wrong guess is an
// error that it makes: six times slower for a `connect`. It reads the little that Jansson cannot keep.

internal import CJansson
internal import FoundationEssentials

extension JSON {
    /// Reads one value (`json_loadb`); `nil` if the bytes are not JSON, not UTF-8, or nested too deep: at least 512 are not. Of members with one
    /// name the last counts (what Foundation reads: the first). Whole numbers beyond `Int64` become the nearest `Double`.
    public init?(parsing bytes: some Sequence<UInt8>) {
        let read = bytes.withContiguousStorageIfAvailable { JSON(reading: UnsafeRawBufferPointer($0)) }
        guard let value = read ?? Array(bytes).withUnsafeBytes({ JSON(reading: $0) }) else { return nil }
        self = value
    }

    /// Names of members are hashed with a seed, which is better not made by several threads at once.
    private static let seeded: Void = json_object_seed(0)

    private init?(reading bytes: UnsafeRawBufferPointer) {
        _ = Self.seeded
        var error = json_error_t()
        if let root = json_loadb(bytes.baseAddress, bytes.count, Int(JSON_DECODE_ANY | JSON_ALLOW_NUL), &error) {
            defer { json_decref(root) }
            self.init(root)
            return
        }
        switch json_error_code(&error) {
        case json_error_numeric_overflow, json_error_null_byte_in_key:
            guard let value = try? JSONDecoder().decode(JSON.self, from: Data(bytes)) else { return nil }
            self = value
        default: return nil
        }
    }

    private init(_ node: UnsafeMutablePointer<json_t>) {
        switch pw_json_type(node) {
        case JSON_OBJECT:
            var fields: [String: JSON] = [:]
            fields.reserveCapacity(json_object_size(node))
            var place = json_object_iter(node)
            while let member = place {
                fields[String(cString: json_object_iter_key(member))] = JSON(json_object_iter_value(member))
                place = json_object_iter_next(node, member)
            }
            self = .object(fields)
        case JSON_ARRAY: self = .array((0..<json_array_size(node)).map { JSON(json_array_get(node, $0)) })
        case JSON_STRING:
            self = .string(String(decoding: UnsafeRawBufferPointer(start: json_string_value(node), count: json_string_length(node)), as: UTF8.self))
        case JSON_INTEGER: self = .integer(json_integer_value(node))
        case JSON_REAL: self = .number(json_real_value(node))
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        default: self = .null
        }
    }
}

extension JSON: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // What is most of it first.
        if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([String: JSON].self) {
            self = .object(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if container.decodeNil() {
            self = .null
        } else {
            self = .array(try container.decode([JSON].self))
        }
    }
}
