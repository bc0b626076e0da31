// What a request says before its body.

internal import CWebsockets

public enum HTTPMethod: String, Sendable, Hashable {
    case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE", options = "OPTIONS"
}

public struct HTTPHead: Sendable {
    public let method: HTTPMethod
    /// Percent-decoded, with `.`, `..` and doubled slashes resolved by libwebsockets. Empty where that is not UTF-8.
    public let path: String
    /// Percent-decoded, in order.
    public let query: [(name: String, value: String)]
    /// Lower-case names; only those the hub looks at.
    public let headers: [String: String]

    /// Whether it came over TLS.
    public let isEncrypted: Bool
    /// Whether it came to `LoopConfiguration.plainPort`.
    public let isOnPlainPort: Bool
    /// Who is at the other end of the connection, which may be a proxy.
    public let peer: PeerAddress?
    /// The same, numeric; empty when it is not known.
    public var peerAddress: String { peer?.description ?? "" }

    public func header(_ name: String) -> String? { headers[name] }
    public func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// Declared size of the body in bytes; `nil` where none is declared or it is not a number.
    public var contentLength: Int64? {
        guard let text = headers["content-length"], text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// Whether something may follow the head that belongs to this request, by what it says or by its method.
    var mayHaveBody: Bool {
        if let length = headers["content-length"] { return length != "0" }
        return [.post, .put, .patch].contains(method) || headers["transfer-encoding"] != nil
    }
}

extension HTTPHead {
    private static let known: [(lws_token_indexes, String)] = [
        (WSI_TOKEN_HOST, "host"), (WSI_TOKEN_ORIGIN, "origin"), (WSI_TOKEN_HTTP_AUTHORIZATION, "authorization"),
        (WSI_TOKEN_HTTP_CONTENT_LENGTH, "content-length"), (WSI_TOKEN_HTTP_CONTENT_TYPE, "content-type"),
        (WSI_TOKEN_HTTP_RANGE, "range"), (WSI_TOKEN_HTTP_IF_NONE_MATCH, "if-none-match"), (WSI_TOKEN_HTTP_IF_RANGE, "if-range"),
        (WSI_TOKEN_HTTP_ACCEPT_ENCODING, "accept-encoding"), (WSI_TOKEN_HTTP_TRANSFER_ENCODING, "transfer-encoding"),
        (WSI_TOKEN_UPGRADE, "upgrade"), (WSI_TOKEN_CONNECTION, "connection"), (WSI_TOKEN_KEY, "sec-websocket-key"),
        (WSI_TOKEN_VERSION, "sec-websocket-version"), (WSI_TOKEN_X_FORWARDED_FOR, "x-forwarded-for"),
        (WSI_TOKEN_HTTP_USER_AGENT, "user-agent"),
    ]
    /// Those that libwebsockets has no token for; with the colon that it wants.
    private static let custom = ["x-telegram-bot-api-secret-token:", "sec-fetch-site:", "x-forwarded-proto:", "x-forwarded-host:", "forwarded:"]

    /// Reads the parsed headers of `wsi`. `nil` for a method that the hub does not know.
    init?(reading wsi: OpaquePointer, arrival: AcceptedSocket?) {
        var uri: UnsafeMutablePointer<CChar>?
        var length: Int32 = 0
        switch lws_http_get_uri_and_method(wsi, &uri, &length) {
        case Int32(LWSHUMETH_GET): method = .get
        case Int32(LWSHUMETH_HEAD): method = .head
        case Int32(LWSHUMETH_POST): method = .post
        case Int32(LWSHUMETH_PUT): method = .put
        case Int32(LWSHUMETH_PATCH): method = .patch
        case Int32(LWSHUMETH_DELETE): method = .delete
        case Int32(LWSHUMETH_OPTIONS): method = .options
        default: return nil
        }
        guard let uri else { return nil }
        path = String(validating: UnsafeRawBufferPointer(start: uri, count: Int(length)), as: UTF8.self) ?? ""

        var query: [(String, String)] = []
        var fragment: Int32 = 0
        while let piece = Self.copyFragment(wsi, WSI_TOKEN_HTTP_URI_ARGS, fragment) {
            query.append(Self.parameter(piece))
            fragment += 1
        }
        self.query = query

        var headers: [String: String] = [:]
        for (token, name) in Self.known {
            let length = lws_hdr_total_length(wsi, token)
            guard length > 0 else { continue }
            headers[name] = Self.text(length) { lws_hdr_copy(wsi, $0, length + 1, token) }
        }
        for field in Self.custom {
            let length = lws_hdr_custom_length(wsi, field, Int32(field.utf8.count))
            guard length > 0 else { continue }
            headers[String(field.dropLast())] = Self.text(length) { lws_hdr_custom_copy(wsi, $0, length + 1, field, Int32(field.utf8.count)) }
        }
        self.headers = headers
        isEncrypted = lws_get_ssl(wsi) != nil
        isOnPlainPort = arrival?.isOnPlainPort ?? false
        peer = arrival?.peer
    }

    /// A piece of the query, percent-decoded. By bytes: a combining character behind `=` would make another character of it.
    static func parameter(_ piece: String) -> (name: String, value: String) {
        guard let sign = piece.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (piece, "") }
        return (String(piece[..<sign]), String(piece[piece.utf8.index(after: sign)...]))
    }

    private static func copyFragment(_ wsi: OpaquePointer, _ token: lws_token_indexes, _ index: Int32) -> String? {
        let length = lws_hdr_fragment_length(wsi, token, index)
        guard length > 0 else { return nil }
        return text(length) { lws_hdr_copy_fragment(wsi, $0, length + 1, token, index) }
    }

    /// What `copy` writes, `length` bytes and a zero; `nil` when it fails.
    private static func text(_ length: Int32, _ copy: (UnsafeMutablePointer<CChar>) -> Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(length) + 1) { buffer in
            guard copy(buffer.baseAddress!) >= 0 else { return nil }
            return String(decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<Int(length)]), as: UTF8.self)
        }
    }
}
