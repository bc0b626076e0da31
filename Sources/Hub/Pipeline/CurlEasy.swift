// The owner of a libcurl easy handle.

internal import CCurl
import Runtime

/// One easy handle (libcurl-easy(3)) with its connections; used from one thread at a time.
final class CurlEasy {
    private let handle: UnsafeMutableRawPointer

    /// curl_global_init(3) must run once, before anything else.
    private static let isReady = curl_global_init(PW_CURL_GLOBAL_DEFAULT) == CURLE_OK

    init() {
        precondition(Self.isReady, "curl_global_init failed")
        guard let handle = curl_easy_init() else { preconditionFailure("out of memory") }
        self.handle = handle
    }

    deinit { curl_easy_cleanup(handle) }

    /// Makes one exchange. Blocks.
    func perform(_ request: HTTPClientRequest, _ cancellation: CancellationFlag) throws -> HTTPClientResponse {
        if cancellation.isRaised { throw CancellationError() }
        // Keeps connections, TLS sessions and names.
        curl_easy_reset(handle)
        let exchange = CurlExchange(limit: request.maximumResponseBytes, cancellation: cancellation)
        try configure(request)
        let headers = try HeaderList(request.headers)
        try check(pw_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers.head))
        let code = try withExtendedLifetime((exchange, headers)) {
            let user = Unmanaged.passUnretained(exchange).toOpaque()
            try check(pw_curl_set_write(handle, CURLOPT_WRITEFUNCTION, receiveBody))
            try check(pw_curl_set_pointer(handle, CURLOPT_WRITEDATA, user))
            try check(pw_curl_set_progress(handle, watchProgress))
            try check(pw_curl_set_pointer(handle, CURLOPT_XFERINFODATA, user))
            return try performWithBody(request)
        }
        try judge(code, exchange)
        var status = 0
        try check(pw_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status))
        return HTTPClientResponse(status: status, body: exchange.body)
    }

    private func configure(_ request: HTTPClientRequest) throws {
        try check(pw_curl_set_long(handle, CURLOPT_NOSIGNAL, 1))
        try check(pw_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"))
        try check(pw_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0))
        try check(pw_curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1))
        try check(pw_curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2))
        try check(pw_curl_set_long(handle, CURLOPT_NOPROGRESS, 0))
        try check(pw_curl_set_string(handle, CURLOPT_USERAGENT, "pingwatch"))
        try check(pw_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(min(request.timeoutSeconds, 10) * 1000)))
        try check(pw_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(request.timeoutSeconds * 1000)))
        // A long upload may be slow, but not stand still.
        try check(pw_curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1))
        try check(pw_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, 60))
        try check(pw_curl_set_string(handle, CURLOPT_URL, request.url.value))
    }

    /// Sets method and body, and runs curl_easy_perform(3) while the body's memory is there.
    private func performWithBody(_ request: HTTPClientRequest) throws -> CURLcode {
        switch request.body {
        case .none:
            switch request.method {
            case .get: try check(pw_curl_set_long(handle, CURLOPT_HTTPGET, 1))
            case .post, .put, .delete:
                try check(pw_curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, ""))
                try check(pw_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
            }
            return curl_easy_perform(handle)
        case .bytes(var bytes):
            try check(pw_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, bytes.count))
            // Not copied by libcurl, and a null pointer would mean something else.
            if bytes.isEmpty { bytes = [0] }
            return try bytes.withUnsafeMutableBytes { memory in
                try check(pw_curl_set_pointer(handle, CURLOPT_POSTFIELDS, memory.baseAddress))
                try check(pw_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
                return curl_easy_perform(handle)
            }
        case .multipart(let parts):
            let form = try MultipartForm(parts, handle: handle)
            return try withExtendedLifetime(form) {
                try check(pw_curl_set_pointer(handle, CURLOPT_MIMEPOST, UnsafeMutableRawPointer(form.mime)))
                try check(pw_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue))
                return curl_easy_perform(handle)
            }
        }
    }

    /// Turns the end of a transfer into an error of ours. curl_easy_strerror(3) gives constant texts; libcurl's error buffer might
    /// hold parts of the URL.
    private func judge(_ code: CURLcode, _ exchange: CurlExchange) throws {
        switch code {
        case CURLE_OK: return
        case CURLE_ABORTED_BY_CALLBACK: throw CancellationError()
        case CURLE_WRITE_ERROR where exchange.isTooLarge: throw HTTPClientError.responseTooLarge
        case CURLE_OPERATION_TIMEDOUT: throw HTTPClientError.timedOut
        case CURLE_READ_ERROR: throw HTTPClientError.unreadableFile
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: throw HTTPClientError.invalidRequest(String(cString: curl_easy_strerror(code)))
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION:
            throw HTTPClientError.notConnected(String(cString: curl_easy_strerror(code)))
        default: throw HTTPClientError.unreachable(String(cString: curl_easy_strerror(code)))
        }
    }
}

private func check(_ code: CURLcode) throws(HTTPClientError) {
    guard code == CURLE_OK else { throw .invalidRequest(String(cString: curl_easy_strerror(code))) }
}

/// What the callbacks of one transfer need.
private final class CurlExchange {
    private let limit: Int
    private let cancellation: CancellationFlag
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private var cancelledAt: Int64?

    init(limit: Int, cancellation: CancellationFlag) {
        self.limit = limit
        self.cancellation = cancellation
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        isTooLarge = body.count + bytes.count > limit
        if !isTooLarge { body.append(contentsOf: bytes) }
        return !isTooLarge
    }

    /// Whether to break off, given how much of the request was sent.
    func mustStop(uploaded: Int64, of total: Int64) -> Bool {
        guard cancellation.isRaised else { return false }
        if total == 0 || uploaded < total { return true }
        let now = WallClock.system.milliseconds
        let since = cancelledAt ?? now
        cancelledAt = since
        return now - since > 5000
    }
}

/// CURLOPT_WRITEFUNCTION(3).
private func receiveBody(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?) -> Int {
    let exchange = Unmanaged<CurlExchange>.fromOpaque(user!).takeUnretainedValue()
    return exchange.receive(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}

/// CURLOPT_XFERINFOFUNCTION(3); called at least once a second.
private func watchProgress(
    _ user: UnsafeMutableRawPointer?, _ downloadTotal: Int, _ downloaded: Int, _ uploadTotal: Int, _ uploaded: Int
) -> CInt {
    let exchange = Unmanaged<CurlExchange>.fromOpaque(user!).takeUnretainedValue()
    return exchange.mustStop(uploaded: Int64(uploaded), of: Int64(uploadTotal)) ? 1 : 0
}

/// curl_slist_append(3).
private final class HeaderList {
    private(set) var head: UnsafeMutablePointer<curl_slist>?

    init(_ headers: [(name: String, value: String)]) throws(HTTPClientError) {
        // Without this libcurl waits up to a second for "100 Continue" before it sends a larger body.
        head = curl_slist_append(nil, "Expect:")
        for (name, value) in headers {
            guard !(name + value).utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                throw .invalidRequest("a header field holds control characters")
            }
            head = curl_slist_append(head, "\(name): \(value)") ?? head
        }
    }

    deinit { curl_slist_free_all(head) }
}

/// curl_mime_init(3). Files are opened when they are sent, and read piece by piece.
private final class MultipartForm {
    let mime: OpaquePointer

    init(_ parts: [HTTPClientRequest.Part], handle: UnsafeMutableRawPointer) throws(HTTPClientError) {
        guard let mime = curl_mime_init(handle) else { preconditionFailure("out of memory") }
        self.mime = mime
        for part in parts {
            let field = curl_mime_addpart(mime)
            try check(curl_mime_name(field, part.name))
            switch part.content {
            case .bytes(let bytes) where bytes.isEmpty: try check(curl_mime_data(field, "", 0))
            case .bytes(let bytes):
                try check(bytes.withUnsafeBytes { curl_mime_data(field, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) })
            case .file(let path):
                guard curl_mime_filedata(field, path) == CURLE_OK else { throw .unreadableFile }
            }
            // After curl_mime_filedata, which sets a name of its own.
            if let filename = part.filename { try check(curl_mime_filename(field, filename)) }
            if let type = part.type { try check(curl_mime_type(field, type)) }
        }
    }

    deinit { curl_mime_free(mime) }
}
