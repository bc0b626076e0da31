// HTTP exchanges on a libcurl easy handle.

internal import CCurl
import Runtime

/// Makes exchanges one after another, on connections that are kept; used from one thread at a time.
final class CurlEasy {
    private let handle = CurlHandle()

    /// Makes one exchange. Blocks.
    ///
    /// - Throws: `HTTPClientError`, `CancellationError`.
    func perform(_ request: HTTPClientRequest, _ cancellation: CancellationFlag) throws -> HTTPClientResponse {
        if cancellation.isRaised { throw CancellationError() }
        do {
            return try exchange(request, cancellation)
        } catch let error as CurlError {
            throw HTTPClientError.invalidRequest(error.words)
        }
    }

    private func exchange(_ request: HTTPClientRequest, _ cancellation: CancellationFlag) throws -> HTTPClientResponse {
        handle.reset()
        let transfer = CurlTransfer(limit: request.maximumResponseBytes, cancellation: cancellation)
        let addressGuard = request.addressRule.map { CurlAddressGuard(rule: $0) }
        try configure(request)
        let headers = CurlList(try headerLines(request.headers))
        try handle.set(CURLOPT_HTTPHEADER, headers.head)
        let code = try withExtendedLifetime((transfer, addressGuard, headers)) {
            try transfer.install(on: handle)
            try addressGuard?.install(on: handle)
            return try performWithBody(request)
        }
        try judge(code, request, transfer, addressGuard)
        return HTTPClientResponse(status: handle.responseCode, headers: handle.responseHeaders, body: transfer.body)
    }

    private func configure(_ request: HTTPClientRequest) throws(CurlError) {
        try handle.setCommon(protocols: "http,https", timeoutSeconds: request.timeoutSeconds)
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_USERAGENT, "pingwatch")
        // A long upload may be slow, but not stand still.
        try handle.set(CURLOPT_LOW_SPEED_LIMIT, 1)
        try handle.set(CURLOPT_LOW_SPEED_TIME, 60)
        // When a kept connection closes without an answer, libcurl sends the request again by itself: nobody would know of a message that
        // arrived twice.
        if request.method != .get { try handle.set(CURLOPT_FRESH_CONNECT, 1) }
        try handle.set(CURLOPT_URL, request.url.value)
    }

    private func headerLines(_ headers: [(name: String, value: String)]) throws(HTTPClientError) -> [String] {
        // Without this libcurl waits up to a second for "100 Continue" before it sends a larger body.
        var lines = ["Expect:"]
        for (name, value) in headers {
            guard !(name + value).utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                throw .invalidRequest("a header field holds control characters")
            }
            lines.append("\(name): \(value)")
        }
        return lines
    }

    /// Sets method and body, and runs the transfer while the body's memory is there.
    private func performWithBody(_ request: HTTPClientRequest) throws -> CURLcode {
        switch request.body {
        case .none:
            switch request.method {
            case .get: try handle.set(CURLOPT_HTTPGET, 1)
            case .post, .put, .delete:
                try handle.set(CURLOPT_COPYPOSTFIELDS, "")
                try handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            }
            return handle.perform()
        case .bytes(var bytes):
            try handle.set(CURLOPT_POSTFIELDSIZE, bytes.count)
            // Not copied by libcurl, and a null pointer would mean something else.
            if bytes.isEmpty { bytes = [0] }
            return try bytes.withUnsafeMutableBytes { memory in
                try handle.set(CURLOPT_POSTFIELDS, memory.baseAddress)
                try handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
                return handle.perform()
            }
        case .multipart(let parts):
            let form = try makeForm(parts)
            return try withExtendedLifetime(form) {
                try handle.set(CURLOPT_MIMEPOST, UnsafeMutableRawPointer(form.raw))
                try handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
                return handle.perform()
            }
        }
    }

    private func makeForm(_ parts: [HTTPClientRequest.Part]) throws -> CurlMime {
        let form = CurlMime(handle)
        for part in parts {
            let field = form.addPart()
            try field.setName(part.name)
            switch part.content {
            case .bytes(let bytes): try field.setContent(bytes)
            case .file(let path):
                do { try field.setContent(ofFile: path) } catch { throw HTTPClientError.unreadableFile }
            }
            // After the file, which sets a name of its own.
            if let filename = part.filename { try field.setFilename(filename) }
            if let type = part.type { try field.setType(type) }
        }
        return form
    }

    /// Turns the end of a transfer into an error of ours.
    private func judge(
        _ code: CURLcode, _ request: HTTPClientRequest, _ transfer: CurlTransfer, _ addressGuard: CurlAddressGuard?
    ) throws {
        if code != CURLE_OK, addressGuard?.isReasonOfFailure == true { throw HTTPClientError.refusedAddress }
        switch code {
        case CURLE_OK: return
        case CURLE_ABORTED_BY_CALLBACK: throw CancellationError()
        case CURLE_WRITE_ERROR where transfer.isTooLarge:
            if !request.cutsLongResponse { throw HTTPClientError.responseTooLarge }
        case CURLE_OPERATION_TIMEDOUT: throw HTTPClientError.timedOut
        case CURLE_READ_ERROR: throw HTTPClientError.unreadableFile
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: throw HTTPClientError.invalidRequest(CurlError.words(code))
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION:
            throw HTTPClientError.notConnected(CurlError.words(code))
        default: throw HTTPClientError.unreachable(CurlError.words(code))
        }
    }
}
