// What is the same for everybody as long as the hub runs: hashed and compressed once.

import Loop
import Runtime

struct StaticFile: Sendable {
    private let type: String
    private let hash: String
    private let bodies: [ContentCoding: [UInt8]]

    init(_ bytes: [UInt8], type: String) {
        self.type = type
        hash = Self.hash(bytes)
        var bodies = [ContentCoding.identity: bytes]
        for (coding, body) in [(ContentCoding.gzip, Compression.gzip(bytes)), (.brotli, Compression.brotli(bytes))] {
            if let body, body.count < bytes.count * 9 / 10 { bodies[coding] = body }
        }
        self.bodies = bodies
    }

    static func hash(_ bytes: [UInt8]) -> String { String(Crypto.hex(Crypto.sha256(bytes)).prefix(32)) }

    /// Each coding is a representation of its own (RFC 9110, section 8.8.3.3).
    private func etag(_ coding: ContentCoding) -> String { coding == .identity ? hash : "\(hash)-\(coding.rawValue)" }

    /// The answer for `GET` or `HEAD`.
    func response(for head: HTTPHead, cacheControl: String) -> HTTPResponse {
        let coding = AcceptEncoding(head.header("accept-encoding")).best(of: Array(bodies.keys))
        let etag = etag(coding)
        var headers: [(name: String, value: String)] = [
            ("Content-Type", type), ("ETag", "\"\(etag)\""), ("Cache-Control", cacheControl), ("Vary", "Accept-Encoding"),
        ]
        headers += SecurityHeaders.forPages
        if matchesEntityTag(head.header("if-none-match"), etag) { return HTTPResponse(status: 304, headers: headers) }
        if coding != .identity { headers.append(("Content-Encoding", coding.rawValue)) }
        return HTTPResponse(status: 200, headers: headers, body: .bytes(bodies[coding] ?? []))
    }

    /// The same as a page with a word put in.
    func page(replacing placeholder: String, with text: String) -> HTTPResponse {
        let page = String(decoding: bodies[.identity] ?? [], as: UTF8.self).replacing(placeholder, with: text)
        return HTTPResponse(
            status: 200, headers: [("Content-Type", type), ("Cache-Control", "no-store")] + SecurityHeaders.forPages, body: .bytes(Array(page.utf8)))
    }
}
