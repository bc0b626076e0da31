// Where mail is handed in, as one URL says it.

public import Runtime

/// A server for mail submission (RFC 6409), with the login there and the sender.
public struct MailServer: Sendable {
    public enum Encryption: Hashable, Sendable {
        /// Everything in the clear, password included.
        case none
        /// STARTTLS (RFC 3207) before anything else; without it nothing is sent.
        case startTLS
        /// TLS from the first byte (RFC 8314).
        case implicit
    }

    public struct Login: Sendable {
        public let user: Secret
        public let password: Secret
    }

    /// A name, or a numeric address, IPv6 in brackets.
    public let host: String
    public let port: Int
    public let encryption: Encryption
    public let login: Login?
    public let sender: MailAddress

    /// Reads `smtp://user:password@host:port?from=camera@example.org`, or the same with `smtps`.
    ///
    /// User and password are percent-encoded (RFC 3986, section 2.1) and may be left out together. Without a port it is 587, or 465 for
    /// `smtps`. Without `from` the user is the sender. `smtp` means STARTTLS, except on the loopback interface; `tls=off` and
    /// `tls=starttls` say it outright.
    public init(parsing url: Secret) throws(ParseError) {
        let text = url.value
        let isImplicit = text.lowercased().hasPrefix("smtps://")
        guard isImplicit || text.lowercased().hasPrefix("smtp://") else { throw .scheme }
        let rest = text[text.firstRange(of: "://")!.upperBound...]
        let authority = rest.prefix { !"/?#".contains($0) }
        // Which @ ends the login is a matter of taste among parsers, so there is one at most.
        guard authority.count(where: { $0 == "@" }) <= 1 else { throw .reservedCharacter }
        // libcurl would not see what follows a zero byte.
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else { throw .malformed }
        guard let parsed = CurlURL(text), let host = parsed.host, !host.isEmpty else { throw .malformed }
        guard ["", "/"].contains(parsed.path ?? ""), parsed.fragment == nil, parsed.options == nil else { throw .reservedCharacter }
        self.host = host
        port = parsed.givenPort ?? (isImplicit ? 465 : 587)
        guard port > 0 else { throw .malformed }
        login = try Self.login(user: parsed.user, password: parsed.password)
        let options = try Options(query: parsed.query ?? "")
        switch (isImplicit, options.tls) {
        case (true, nil): encryption = .implicit
        case (false, nil): encryption = Self.isLoopback(host) ? .none : .startTLS
        case (false, "off"): encryption = .none
        case (false, "starttls"): encryption = .startTLS
        default: throw .tls
        }
        guard let sender = (options.from ?? login?.user.value).flatMap({ MailAddress($0) }) else { throw .sender }
        self.sender = sender
    }

    private static func login(user: String?, password: String?) throws(ParseError) -> Login? {
        if user == nil, password == nil { return nil }
        guard let user, let password, !user.isEmpty, !password.isEmpty else { throw .incompleteLogin }
        guard let plainUser = percentDecoded(user), let plainPassword = percentDecoded(password) else { throw .malformed }
        return Login(user: Secret(plainUser), password: Secret(plainPassword))
    }

    private static func isLoopback(_ host: String) -> Bool {
        if ["localhost", "[::1]"].contains(host.lowercased()) { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }

    /// What follows the question mark.
    private struct Options {
        var from: String?
        var tls: String?

        init(query: String) throws(ParseError) {
            for pair in query.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, let value = percentDecoded(String(parts[1])) else { throw .option }
                switch parts[0] {
                case "from" where from == nil: from = value
                case "tls" where tls == nil: tls = value
                default: throw .option
                }
            }
        }
    }

    /// What is wrong with a URL, in words that hold nothing of it.
    public enum ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        case scheme, malformed, reservedCharacter, incompleteLogin, option, tls, sender

        public var description: String {
            switch self {
            case .scheme: "it does not begin with smtp:// or smtps://"
            case .malformed: "it is not of the form smtp://user:password@host:port?from=camera@example.org"
            case .reservedCharacter:
                "after the host only ?from= and ?tls= may follow; in a login @ is written %40, / is %2F, ? is %3F, # is %23, ; is %3B"
            case .incompleteLogin: "a login needs both user and password"
            case .option: "only from=camera@example.org and tls=off or tls=starttls may follow the question mark, once each"
            case .tls: "tls is off or starttls, for smtp:// only"
            case .sender: "from is not a valid mail address, and neither is the user"
            }
        }
    }
}

/// RFC 3986, section 2.1. `nil` for a percent sign without two digits, and for what is no UTF-8 or holds control characters.
func percentDecoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else { return nil }
        bytes.append(high << 4 | low)
    }
    guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
}

private func hexValue(_ digit: UInt8) -> UInt8? { Character(UnicodeScalar(digit)).hexDigitValue.map { UInt8($0) } }
