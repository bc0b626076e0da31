// Reading the fields of a request, with errors that name them.

import Domain
import Runtime

/// The fields of a JSON object that a client sent.
struct Fields {
    private let fields: [String: JSON]

    init(_ json: JSON) throws(APIError) {
        guard case .object(let fields) = json else {
            throw APIError(status: 400, code: "invalid_json", message: "a JSON object is expected")
        }
        self.fields = fields
    }

    init(body: [UInt8]) throws(APIError) {
        guard let json = JSON(parsing: body) else {
            throw APIError(status: 400, code: "invalid_json", message: "the body is not JSON")
        }
        try self.init(json)
    }

    private func value(_ name: String) -> JSON? {
        guard let value = fields[name], value != .null else { return nil }
        return value
    }

    func json(_ name: String) throws(APIError) -> JSON {
        guard let value = value(name) else { throw .missing(name) }
        return value
    }

    /// Whether it is there, and says that there is no value.
    func isNull(_ name: String) -> Bool { fields[name] == .null }

    func optionalJSON(_ name: String) -> JSON? { value(name) }

    /// A string of at most `maximum` code points (a character may have any number of them) without control characters; trimmed, and not empty then.
    func text(_ name: String, maximum: Int) throws(APIError) -> String {
        guard let text = try optionalText(name, maximum: maximum) else { throw .missing(name) }
        return text
    }

    func optionalText(_ name: String, maximum: Int) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw .invalid(name, "a string is expected") }
        guard text.unicodeScalars.count <= maximum else { throw .invalid(name, "at most \(maximum) characters are allowed") }
        var scalars = Substring(text).unicodeScalars
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        let trimmed = String(Substring(scalars))
        guard !trimmed.isEmpty else { throw .invalid(name, "it is empty") }
        guard !trimmed.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\t" || $0.value == 0x7f }) else {
            throw .invalid(name, "control characters are not allowed")
        }
        return trimmed
    }

    /// What somebody or something is called: a text of one line, which may stand in a mail, a list or a log.
    func name(_ field: String) throws(APIError) -> String {
        guard let name = try optionalName(field) else { throw .missing(field) }
        return name
    }

    func optionalName(_ field: String) throws(APIError) -> String? {
        if let text = value(field)?.stringValue, text.unicodeScalars.contains(where: \.isControl) {
            throw .invalid(field, "line breaks, tabs and other control characters are not allowed")
        }
        return try optionalText(field, maximum: 80)
    }

    /// A password: as it was typed, spaces and all, of at most `maximum` characters.
    func password(_ name: String, maximum: Int = 1024) throws(APIError) -> String {
        guard let password = try optionalPassword(name, maximum: maximum) else { throw .missing(name) }
        return password
    }

    func optionalPassword(_ name: String, maximum: Int = 1024) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw .invalid(name, "a string is expected") }
        guard !text.isEmpty else { throw .invalid(name, "it is empty") }
        guard text.unicodeScalars.count <= maximum else { throw .invalid(name, "at most \(maximum) characters are allowed") }
        return text
    }

    func identifier<Kind>(_ name: String, _ type: Identifier<Kind>.Type = Identifier<Kind>.self) throws(APIError) -> Identifier<Kind> {
        guard let identifier = try optionalIdentifier(name, type) else { throw .missing(name) }
        return identifier
    }

    func optionalIdentifier<Kind>(_ name: String, _ type: Identifier<Kind>.Type = Identifier<Kind>.self) throws(APIError) -> Identifier<Kind>? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue, let identifier = Identifier<Kind>(text) else {
            throw .invalid(name, "1 to 64 characters of A–Z a–z 0–9 _ - . are expected")
        }
        return identifier
    }

    func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Double {
        guard let number = try optionalNumber(name, in: range) else { throw .missing(name) }
        return number
    }

    func optionalNumber(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.numberValue, number.isFinite else { throw .invalid(name, "a number is expected") }
        guard range.contains(number) else { throw .invalid(name, "it must be from \(range.lowerBound) to \(range.upperBound)") }
        return number
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(APIError) -> Int64 {
        guard let integer = try optionalInteger(name, in: range) else { throw .missing(name) }
        return integer
    }

    func optionalInteger(_ name: String, in range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let integer = value.integerValue else { throw .invalid(name, "a whole number is expected") }
        guard range.contains(integer) else { throw .invalid(name, "it must be from \(range.lowerBound) to \(range.upperBound)") }
        return integer
    }

    func optionalBool(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let bool) = value else { throw .invalid(name, "true or false is expected") }
        return bool
    }

    func optionalStrings(_ name: String, maximumCount: Int, maximumLength: Int) throws(APIError) -> [String]? {
        guard let value = value(name) else { return nil }
        guard case .array(let values) = value, values.count <= maximumCount else {
            throw .invalid(name, "a list of at most \(maximumCount) strings is expected")
        }
        var strings: [String] = []
        for value in values {
            guard let text = value.stringValue, text.unicodeScalars.count <= maximumLength else {
                throw .invalid(name, "strings of at most \(maximumLength) characters are expected")
            }
            strings.append(text)
        }
        return strings
    }

    func triggerType(_ name: String) throws(APIError) -> String {
        guard let value = value(name) else { throw .missing(name) }
        guard let type = value.stringValue, Trigger.isValidType(type) else {
            throw .invalid(name, "motion, sound, manual or another word of a–z and _ is expected")
        }
        return type
    }

    func object(_ name: String) throws(APIError) -> Fields {
        guard let value = value(name) else { throw .missing(name) }
        guard case .object = value else { throw .invalid(name, "an object is expected") }
        return try Fields(value)
    }

    func objects(_ name: String, maximumCount: Int) throws(APIError) -> [Fields] {
        guard let value = value(name) else { throw .missing(name) }
        guard case .array(let values) = value, (1...maximumCount).contains(values.count) else {
            throw .invalid(name, "a list of 1 to \(maximumCount) objects is expected")
        }
        var objects: [Fields] = []
        for value in values {
            guard case .object = value else { throw .invalid(name, "objects are expected") }
            objects.append(try Fields(value))
        }
        return objects
    }
}
