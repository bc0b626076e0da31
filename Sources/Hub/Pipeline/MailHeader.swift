// Texts in the form that header fields of mail need.

import Domain
import Runtime

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

enum MailHeader {
    /// Longer texts are encoded too, so that they can be folded. With its field's name such a line has less than 78 characters.
    private static let longestPlain = 60
    /// Of UTF-8 in one encoded word, which has 12 characters besides, and is behind a field's name: RFC 2047, section 2, has 76 for the line.
    private static let bytesPerWord = 39

    /// Unstructured text such as a subject (RFC 5322, section 2.2.1): plain if it can be, in encoded words (RFC 2047) otherwise.
    static func text(_ text: String) -> String {
        // So nothing begins a field of its own.
        let line = oneLine(text)
        return isPlain(line) ? line : encodedWords(line)
    }

    /// `"name" <address>` (RFC 5322, section 3.4).
    static func address(_ address: MailAddress) -> String {
        let name = oneLine(cutText(address.name ?? "", toUTF16Units: 100))
        if name.isEmpty { return "<\(address.address)>" }
        guard isPlain(name) else { return "\(encodedWords(name))\r\n <\(address.address)>" }
        var quoted = ""
        for character in name {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return "\"\(quoted)\"\r\n <\(address.address)>"
    }

    /// `Sat, 21 Nov 2026 04:05:06 +0000` (RFC 5322, section 3.3), for years 1970 to 9999.
    static func date(_ time: Timestamp) -> String {
        let milliseconds = min(max(time.milliseconds, 0), 253_402_300_799_999)
        let parts = formatISO8601(milliseconds: milliseconds).split { "-T.".contains($0) }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // 1970 began on a Thursday.
        let day = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(milliseconds / 86_400_000 % 7)]
        return "\(day), \(parts[2]) \(months[Int(parts[1])! - 1]) \(parts[0]) \(parts[3]) +0000"
    }

    /// The inside of `<…>` for Message-ID and Content-ID (RFC 5322, section 3.6.4).
    static func id(_ id: String) throws(MailError) -> String {
        let parts = id.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, id.utf8.count <= 200, MailAddress.isDotAtom(parts[0]), MailAddress.isDotAtom(parts[1]) else {
            throw .invalidMessage("an id is not of the form name@host")
        }
        return id
    }

    private static func isPlain(_ line: String) -> Bool {
        line.utf8.count <= longestPlain && line.utf8.allSatisfy { (0x20...0x7e).contains($0) } && !line.contains("=?")
            && line.first != " " && line.last != " "
    }

    private static func encodedWords(_ line: String) -> String {
        var chunks: [[UInt8]] = [[]]
        for scalar in line.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // A word holds whole characters.
            if chunks[chunks.count - 1].count + bytes.count > bytesPerWord { chunks.append([]) }
            chunks[chunks.count - 1] += bytes
        }
        return chunks.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
