// URLs as libcurl reads them, so that what is checked is what is asked.

internal import CCurl

/// An absolute URL, parsed: libcurl-url(3).
final class CurlURL {
    private let raw: OpaquePointer

    /// `nil` for what is no absolute URL, or has a scheme that libcurl does not speak.
    init?(_ text: String) {
        guard let raw = curl_url() else { preconditionFailure("out of memory") }
        self.raw = raw
        guard curl_url_set(raw, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
    }

    deinit { curl_url_cleanup(raw) }

    /// Where a reference leads that was found at this URL (RFC 3986, section 5). `nil` if it is none.
    func resolving(_ reference: String) -> CurlURL? {
        guard let text, let target = CurlURL(text), curl_url_set(target.raw, CURLUPART_URL, reference, 0) == CURLUE_OK else { return nil }
        return target
    }

    /// The whole of it.
    var text: String? { part(CURLUPART_URL) }

    /// Scheme, host and port in one form (RFC 6454, section 6.1), whether or not the port was given.
    var origin: String? {
        guard let scheme, let host = part(CURLUPART_HOST), let port else { return nil }
        return "\(scheme)://\(host.lowercased()):\(port)"
    }

    /// In lower case.
    var scheme: String? { part(CURLUPART_SCHEME)?.lowercased() }
    /// An IPv6 address is in brackets.
    var host: String? { part(CURLUPART_HOST) }
    /// The one that was given, or the scheme's.
    var port: Int? { part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap { Int($0) } }
    /// `nil` if none was.
    var givenPort: Int? { part(CURLUPART_PORT).flatMap { Int($0) } }
    /// As they were written, not percent-decoded.
    var user: String? { part(CURLUPART_USER) }
    var password: String? { part(CURLUPART_PASSWORD) }
    var options: String? { part(CURLUPART_OPTIONS) }
    var path: String? { part(CURLUPART_PATH) }
    var query: String? { part(CURLUPART_QUERY) }
    var fragment: String? { part(CURLUPART_FRAGMENT) }

    private func part(_ what: CURLUPart, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(raw, what, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
