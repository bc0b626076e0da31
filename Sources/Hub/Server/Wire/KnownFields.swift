// Reading JSON of which every field is known, with errors that name the path.

import Runtime

/// The fields of an object; `null` is as good as none. A path is such as `motion.regions[0].points`.
struct KnownFields {
    private let fields: [String: JSON]
    private let path: String

    /// - Parameters:
    ///   - path: of the object itself; empty for the outermost.
    ///   - names: all that it may have; `nil`: what is not known is passed over.
    init(_ json: JSON, at path: String, _ names: Set<String>? = nil) throws(APIError) {
        guard case .object(let fields) = json else {
            if path.isEmpty { throw APIError(status: 400, code: "invalid_json", message: "a JSON object is expected") }
            throw .invalid(path, "an object is expected")
        }
        self.path = path
        self.fields = fields
        guard let names, let unknown = fields.keys.filter({ !names.contains($0) }).min() else { return }
        throw .invalid(self.path(of: String(unknown.prefix(64))), "there is no such field; there are \(names.sorted().joined(separator: ", "))")
    }

    func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    func value(_ name: String) -> JSON? {
        guard let value = fields[name], value != .null else { return nil }
        return value
    }

    func required<Value>(_ name: String, _ value: Value?) throws(APIError) -> Value {
        guard let value else { throw .missing(path(of: name)) }
        return value
    }

    func bool(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let bool) = value else { throw .invalid(path(of: name), "true or false is expected") }
        return bool
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let integer = value.integerValue else { throw .invalid(path(of: name), "a whole number is expected") }
        guard range.contains(integer) else { throw .invalid(path(of: name), "it must be from \(range.lowerBound) to \(range.upperBound)") }
        return integer
    }

    func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        return try Self.number(value, at: path(of: name), in: range)
    }

    static func number(_ value: JSON, at path: String, in range: ClosedRange<Double>) throws(APIError) -> Double {
        guard let number = value.numberValue, number.isFinite else { throw .invalid(path, "a number is expected") }
        guard range.contains(number) else {
            throw .invalid(path, "it must be from \(JSON.short(range.lowerBound).text) to \(JSON.short(range.upperBound).text)")
        }
        return number
    }

    /// A string without control characters.
    func text(_ name: String, characters: ClosedRange<Int>) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw .invalid(path(of: name), "a string is expected") }
        // Code points: a character may have any number of them.
        guard characters.contains(text.unicodeScalars.count) else {
            throw .invalid(path(of: name), "\(characters.lowerBound) to \(characters.upperBound) characters are expected")
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
            throw .invalid(path(of: name), "control characters are not allowed")
        }
        return text
    }

    func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type = Word.self) throws(APIError) -> Word?
    where Word.RawValue == String {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue, let word = Word(rawValue: text) else {
            throw .invalid(path(of: name), "one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")) is expected")
        }
        return word
    }

    /// The entries of a list, each with its path.
    func list(_ name: String, count: ClosedRange<Int>, of what: String) throws(APIError) -> [(path: String, value: JSON)]? {
        guard let value = value(name) else { return nil }
        guard case .array(let values) = value, count.contains(values.count) else {
            throw .invalid(path(of: name), "a list of \(count.lowerBound) to \(count.upperBound) \(what) is expected")
        }
        return values.enumerated().map { ("\(path(of: name))[\($0)]", $1) }
    }
}

extension JSON {
    /// A number without a fraction that says nothing.
    static func short(_ number: Double) -> JSON { Int64(exactly: number).map { .integer($0) } ?? .number(number) }
}
