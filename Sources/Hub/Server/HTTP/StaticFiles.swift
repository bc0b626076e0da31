// The web page's files, read once at start, compressed once.

internal import CZlib
import FoundationEssentials
import Loop
import Runtime

/// Everything below one folder by path. Nothing outside it can be reached: a request is a look-up in a table.
struct StaticFiles: Sendable {
    private struct File: Sendable {
        let type: String
        let etag: String
        let bytes: [UInt8]
        let compressed: [UInt8]?
    }

    private let files: [String: File]

    private static let types: [String: String] = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "json": "application/json", "webmanifest": "application/manifest+json", "svg": "image/svg+xml", "png": "image/png",
        "ico": "image/x-icon", "txt": "text/plain; charset=utf-8", "woff2": "font/woff2",
    ]

    struct MissingFolder: Error, CustomStringConvertible {
        let folder: String
        var description: String { "PUBLIC_DIR: \(folder) has no index.html" }
    }

    init(folder: String) throws {
        var files: [String: File] = [:]
        let manager = FileManager.default
        for path in try manager.subpathsOfDirectory(atPath: folder) {
            guard !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
                let ending = path.split(separator: ".").last.map(String.init), let type = Self.types[ending],
                let data = manager.contents(atPath: folder + "/" + path)
            else { continue }
            let bytes = [UInt8](data)
            let compressed = gzip(bytes).flatMap { $0.count < bytes.count * 9 / 10 ? $0 : nil }
            files["/" + path] = File(
                type: type, etag: String(Crypto.hex(Crypto.sha256(bytes)).prefix(32)), bytes: bytes, compressed: compressed)
        }
        guard let index = files["/index.html"] else { throw MissingFolder(folder: folder) }
        files["/"] = index
        self.files = files
    }

    /// The answer for `GET` or `HEAD` of a file; `nil` if there is none.
    func response(for head: HTTPHead) -> HTTPResponse? {
        // The pages of help are filled in first: `page`.
        guard head.method == .get || head.method == .head, !head.path.hasPrefix("/help/"), let file = files[head.path] else { return nil }
        var headers: [(name: String, value: String)] = [
            ("Content-Type", file.type), ("ETag", "\"\(file.etag)\""),
            // Modules import each other by plain names, so each is asked for again; the answer is a 304.
            ("Cache-Control", "no-cache"), ("Vary", "Accept-Encoding"),
        ]
        headers += SecurityHeaders.forPages
        if matchesEntityTag(head.header("if-none-match"), file.etag) { return HTTPResponse(status: 304, headers: headers) }
        if let compressed = file.compressed, acceptsGzip(head.header("accept-encoding")) {
            headers.append(("Content-Encoding", "gzip"))
            return HTTPResponse(status: 200, headers: headers, body: .bytes(compressed))
        }
        return HTTPResponse(status: 200, headers: headers, body: .bytes(file.bytes))
    }

    /// A page with a word put in. `nil` if there is none at `path`.
    func page(_ path: String, replacing placeholder: String, with text: String) -> HTTPResponse? {
        guard let file = files[path] else { return nil }
        let page = String(decoding: file.bytes, as: UTF8.self).replacing(placeholder, with: text)
        return HTTPResponse(
            status: 200, headers: [("Content-Type", file.type), ("Cache-Control", "no-store")] + SecurityHeaders.forPages,
            body: .bytes(Array(page.utf8)))
    }

    private func acceptsGzip(_ header: String?) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { item in
            let parts = item.filter { $0 != " " }.split(separator: ";")
            return parts.first == "gzip" && !parts.dropFirst().contains("q=0")
        }
    }
}

/// RFC 1952 by zlib's deflate; `nil` when zlib has no memory.
private func gzip(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    guard pw_deflate_init_gzip(&stream) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
    let capacity = output.count
    let status = input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(capacity)
            return deflate(&stream, Z_FINISH)
        }
    }
    guard status == Z_STREAM_END else { return nil }
    return Array(output.prefix(capacity - Int(stream.avail_out)))
}
