// The owner of a libcurl easy handle.

internal import CCurl

/// One easy handle (libcurl-easy(3)) with its connections; used from one thread at a time.
final class CurlHandle {
    let raw: UnsafeMutableRawPointer

    /// curl_global_init(3) must run once, before anything else.
    private static let isReady = curl_global_init(PW_CURL_GLOBAL_DEFAULT) == CURLE_OK

    init() {
        precondition(Self.isReady, "curl_global_init failed")
        guard let raw = curl_easy_init() else { preconditionFailure("out of memory") }
        self.raw = raw
    }

    deinit { curl_easy_cleanup(raw) }

    /// Forgets all options, and keeps connections, TLS sessions and names: curl_easy_reset(3).
    func reset() { curl_easy_reset(raw) }

    func set(_ option: CURLoption, _ value: Int) throws(CurlError) { try CurlError.check(pw_curl_set_long(raw, option, value)) }

    func set(_ option: CURLoption, _ value: String) throws(CurlError) { try CurlError.check(pw_curl_set_string(raw, option, value)) }

    /// The memory must be there until the transfer ends.
    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) throws(CurlError) {
        try CurlError.check(pw_curl_set_pointer(raw, option, value))
    }

    /// What is the same for every protocol: no signals, certificates that are verified, a limit of time, and one connection that is kept for the
    /// next transfer; libcurl would keep five.
    func setCommon(protocols: String, timeoutSeconds: Double) throws(CurlError) {
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_MAXCONNECTS, 1)
        try set(CURLOPT_PROTOCOLS_STR, protocols)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_CONNECTTIMEOUT_MS, Int(min(timeoutSeconds, 10) * 1000))
        try set(CURLOPT_TIMEOUT_MS, Int(timeoutSeconds * 1000))
    }

    /// Blocks: curl_easy_perform(3).
    func perform() -> CURLcode { curl_easy_perform(raw) }

    /// The last status or reply code of the transfer, 0 if there was none.
    var responseCode: Int {
        var code = 0
        return pw_curl_get_long(raw, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK ? code : 0
    }

    /// Header fields of the last answer, in their order: curl_easy_nextheader(3).
    var responseHeaders: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        var header = curl_easy_nextheader(raw, UInt32(CURLH_HEADER), -1, nil)
        while let current = header {
            // Of an empty value libcurl leaves the end of the line.
            let value = String(cString: current.pointee.value)
            headers.append((String(cString: current.pointee.name), value.unicodeScalars.allSatisfy { $0.value <= 0x20 } ? "" : value))
            header = curl_easy_nextheader(raw, UInt32(CURLH_HEADER), -1, current)
        }
        return headers
    }
}

/// What libcurl refuses before it begins. Its words are constant texts; libcurl's error buffer might hold parts of the URL.
struct CurlError: Error {
    let code: CURLcode

    /// curl_easy_strerror(3).
    var words: String { Self.words(code) }

    static func words(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }

    static func check(_ code: CURLcode) throws(CurlError) {
        guard code == CURLE_OK else { throw CurlError(code: code) }
    }
}

/// A list of lines, such as header fields: curl_slist_append(3).
final class CurlList {
    private(set) var head: UnsafeMutablePointer<curl_slist>?

    init(_ lines: [String]) {
        for line in lines {
            guard let longer = curl_slist_append(head, line) else { preconditionFailure("out of memory") }
            head = longer
        }
    }

    deinit { curl_slist_free_all(head) }
}
