// The owner of a libcurl mime structure.

internal import CCurl

/// Parts of a form or of a mail: curl_mime_init(3). Files are opened when they are sent, and read piece by piece.
final class CurlMime {
    let raw: OpaquePointer
    /// Nothing of it may be used once its handle is gone.
    private let handle: CurlHandle
    private var isOwned = true

    init(_ handle: CurlHandle) {
        guard let raw = curl_mime_init(handle.raw) else { preconditionFailure("out of memory") }
        self.raw = raw
        self.handle = handle
    }

    deinit { if isOwned { curl_mime_free(raw) } }

    /// Lasts as long as this structure.
    func addPart() -> CurlMimePart {
        guard let part = curl_mime_addpart(raw) else { preconditionFailure("out of memory") }
        return CurlMimePart(raw: part)
    }

    /// Makes `parts` the content of a part of this structure, which owns them from then on: curl_mime_subparts(3).
    func add(_ parts: CurlMime, type: String) throws(CurlError) {
        let part = addPart()
        try CurlError.check(curl_mime_subparts(part.raw, parts.raw))
        parts.isOwned = false
        try part.setType(type)
    }
}

/// One part: curl_mime_addpart(3).
struct CurlMimePart {
    let raw: OpaquePointer

    /// Copied: curl_mime_data(3).
    func setContent(_ bytes: [UInt8]) throws(CurlError) {
        let code = bytes.withUnsafeBytes { memory in
            // A null pointer would mean that there is no content yet.
            guard let start = memory.baseAddress, !memory.isEmpty else { return curl_mime_data(raw, "", 0) }
            return curl_mime_data(raw, start.assumingMemoryBound(to: CChar.self), memory.count)
        }
        try CurlError.check(code)
    }

    /// Sets a file name of its own as well: curl_mime_filedata(3).
    func setContent(ofFile path: String) throws(CurlError) { try CurlError.check(curl_mime_filedata(raw, path)) }

    func setName(_ name: String) throws(CurlError) { try CurlError.check(curl_mime_name(raw, name)) }

    /// `nil` for none: curl_mime_filename(3).
    func setFilename(_ name: String?) throws(CurlError) { try CurlError.check(curl_mime_filename(raw, name)) }

    func setType(_ type: String) throws(CurlError) { try CurlError.check(curl_mime_type(raw, type)) }

    /// "base64" or "quoted-printable": curl_mime_encoder(3).
    func setEncoder(_ name: String) throws(CurlError) { try CurlError.check(curl_mime_encoder(raw, name)) }

    /// Header fields besides those that libcurl makes: curl_mime_headers(3).
    func setHeaders(_ lines: [String]) throws(CurlError) {
        var head: UnsafeMutablePointer<curl_slist>?
        for line in lines { head = curl_slist_append(head, line) ?? head }
        // 1: libcurl frees the list.
        try CurlError.check(curl_mime_headers(raw, head, 1))
    }
}
