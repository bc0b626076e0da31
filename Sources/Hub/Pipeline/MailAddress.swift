// Addresses of people and cameras in mail.

/// A mail address, with the name that a mail program shows for it.
///
/// Less is taken than RFC 5321 has: ASCII, no quotes, no comments, a domain of at least two labels. What passes can stand in an SMTP
/// command or a header field as it is.
public struct MailAddress: Hashable, Sendable {
    /// `local@domain`.
    public let address: String
    /// Any text; it is encoded when it is sent.
    public let name: String?

    /// `nil` for an address that is not valid.
    public init?(_ address: String, name: String? = nil) {
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, address.utf8.count <= 254, parts[0].utf8.count <= 64 else { return nil }
        guard Self.isDotAtom(parts[0]), Self.isDomain(parts[1]) else { return nil }
        self.address = address
        self.name = name
    }

    /// Words of `atext` with dots between (RFC 5322, section 3.2.3).
    static func isDotAtom(_ text: some StringProtocol) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { word in
            !word.isEmpty && word.unicodeScalars.allSatisfy { isLetterOrDigit($0) || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains($0) }
        }
    }

    /// Labels as host names have them (RFC 1123, section 2.1), the last of them no number.
    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let areValid = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.unicodeScalars.allSatisfy { isLetterOrDigit($0) || $0 == "-" }
                && label.first != "-" && label.last != "-"
        }
        return areValid && labels.count >= 2 && !labels.last!.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isLetterOrDigit(_ scalar: UnicodeScalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }
}
