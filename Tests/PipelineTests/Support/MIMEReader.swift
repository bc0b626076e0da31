// Reads mail as a mail program would: header fields, multiparts and their encodings (RFC 5322, 2045, 2046, 2047).

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

/// One part of a mail, or all of it.
struct MIMEPart {
    /// Unfolded, in order, names in lower case.
    var headers: [(name: String, value: String)] = []
    /// Decoded by its transfer encoding; empty where there are parts.
    var content: [UInt8] = []
    var parts: [MIMEPart] = []
    /// Lines of the head as they came.
    var rawHead: [String] = []

    init(_ bytes: [UInt8]) {
        let blank = Array("\r\n\r\n".utf8)
        let head = bytes.starts(with: [0x0d, 0x0a]) ? 0 : indexOf(blank, in: bytes, from: 0) ?? bytes.count
        rawHead = String(decoding: bytes[..<head], as: UTF8.self).components(of: "\r\n")
        for line in rawHead {
            if let first = line.first, first == " " || first == "\t", !headers.isEmpty {
                headers[headers.count - 1].value += line
            } else if let colon = line.firstIndex(of: ":") {
                headers.append((line[..<colon].lowercased(), line[line.index(after: colon)...].trimmed))
            }
        }
        let body = Array(bytes[min(head + (head == 0 ? 2 : 4), bytes.count)...])
        if let boundary = parameter("boundary") {
            parts = Self.split(body, boundary: boundary).map { MIMEPart($0) }
        } else {
            switch self["content-transfer-encoding"] {
            case "base64": content = Array(Data(base64Encoded: String(decoding: body.filter { $0 > 0x20 }, as: UTF8.self)) ?? Data())
            case "quoted-printable": content = Self.quotedPrintable(body)
            default: content = body
            }
        }
    }

    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }
    func count(of name: String) -> Int { headers.count { $0.name == name } }
    /// Without parameters.
    var type: String { String((self["content-type"] ?? "").prefix { $0 != ";" }) }
    var text: String { String(decoding: content, as: UTF8.self) }

    func parameter(_ name: String) -> String? {
        guard let type = self["content-type"], let mark = type.firstRange(of: "\(name)=") else { return nil }
        let rest = type[mark.upperBound...]
        return rest.first == "\"" ? String(rest.dropFirst().prefix { $0 != "\"" }) : String(rest.prefix { $0 != ";" && $0 != " " })
    }

    private static func split(_ body: [UInt8], boundary: String) -> [[UInt8]] {
        let mark = Array("\r\n--\(boundary)".utf8)
        let body = [0x0d, 0x0a] + body
        var parts: [[UInt8]] = []
        var position = indexOf(mark, in: body, from: 0)
        while let start = position.map({ $0 + mark.count }), let end = indexOf(mark, in: body, from: start) {
            parts.append(Array(body[(start + 2)..<end]))
            position = end
        }
        return parts
    }

    private static func quotedPrintable(_ body: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        var rest = body[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                decoded.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            rest = rest.dropFirst(2)
            // A soft line break is nothing.
            if let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) { decoded.append(value) }
        }
        return decoded
    }
}

/// A header value with its encoded words (RFC 2047) decoded; those of UTF-8 in base64, as the hub makes them.
func decodedWords(_ value: String) -> String {
    var decoded = ""
    var wasWord = false
    for piece in value.split(separator: " ", omittingEmptySubsequences: false) {
        let isWord = piece.hasPrefix("=?utf-8?B?") && piece.hasSuffix("?=")
        // Between two encoded words white space does not count.
        if !decoded.isEmpty, !(wasWord && isWord) { decoded += " " }
        decoded += isWord ? String(decoding: Data(base64Encoded: String(piece.dropFirst(10).dropLast(2))) ?? Data(), as: UTF8.self) : String(piece)
        wasWord = isWord
    }
    return decoded
}

extension String {
    fileprivate func components(of separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}

extension Substring {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
