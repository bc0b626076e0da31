// Reading JSON values with Jansson. Foundation's decoder tells what a value is by trying one type after the other, and each wrong guess is an
// error that it makes: six times slower for a `connect`.

internal import CJansson

extension JSON {
    /// Reads one value (`json_loadb`); `nil` if the bytes are not JSON, not UTF-8, or nested deeper than 2048. Of members with one name the last
    /// counts. Whole numbers beyond `Int64` become the nearest `Double`.
    public init?(parsing bytes: some Sequence<UInt8>) {
        let root = bytes.withContiguousStorageIfAvailable { Self.load(UnsafeRawBufferPointer($0)) } ?? Array(bytes).withUnsafeBytes { Self.load($0) }
        guard let root else { return nil }
        defer { json_decref(root) }
        self.init(root)
    }

    /// Names of members are hashed with a seed, which is better not made by several threads at once.
    private static let seeded: Void = json_object_seed(0)

    private static func load(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<json_t>? {
        _ = seeded
        let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
        var error = json_error_t()
        if let root = json_loadb(bytes.baseAddress, bytes.count, flags, &error) { return root }
        guard json_error_code(&error) == json_error_numeric_overflow else { return nil }
        return json_loadb(bytes.baseAddress, bytes.count, flags | Int(JSON_DECODE_INT_AS_REAL), nil)
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
