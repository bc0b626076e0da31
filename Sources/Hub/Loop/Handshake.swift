// What RFC 6455 wants of a WebSocket handshake beyond what libwebsockets looks at, and what is answered to one that lacks it.

extension HTTPHead {
    /// The answer to a handshake that RFC 6455, section 4.2.1, does not allow; `nil` for one that may go on.
    ///
    /// libwebsockets 4.1.6 takes any key, and hangs up without a word on another version.
    var handshakeRefusal: HTTPResponse? {
        guard method == .get, header("host") != nil, names("upgrade", in: "connection"), hasWebSocketKey else { return HTTPResponse(status: 400) }
        guard header("sec-websocket-version")?.trimmed == "13" else {
            // Sections 4.2.2 and 4.4; RFC 9110, section 15.5.22, wants the first two.
            return HTTPResponse(status: 426, headers: [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")])
        }
        return nil
    }

    /// Whether it is the base64 of 16 bytes. White space behind it libwebsockets would take for a part of it.
    private var hasWebSocketKey: Bool {
        guard let key = header("sec-websocket-key")?.utf8, key.count == 24, key.suffix(2).elementsEqual("==".utf8) else { return false }
        return key.dropLast(2).allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }

    /// Whether a field that is a list of tokens has this one.
    private func names(_ token: String, in field: String) -> Bool {
        header(field)?.split(separator: ",").contains { $0.trimmed.lowercased() == token } ?? false
    }
}

extension StringProtocol {
    /// Without the white space of RFC 9110, section 5.6.3, at both ends.
    fileprivate var trimmed: String {
        func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
        return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
