// A small HTTP/1.1 server on the loopback interface for tests: one thread a connection, no library of the hub in it.

import Runtime

#if canImport(Glibc)
import Glibc
#endif

final class LoopbackHTTPServer: Sendable {
    struct Request: Sendable {
        var method = ""
        var target = ""
        /// Names in lower case.
        var headers: [String: String] = [:]
        var body: [UInt8] = []
    }

    enum Response: Sendable {
        case answer(status: Int, headers: [String: String] = [:], body: [UInt8])
        /// Close the connection without a word.
        case close
        /// Say nothing until the other side goes away.
        case hang
    }

    typealias Handler = @Sendable (Request) -> Response

    private let listener: LoopbackListener

    /// Listens on a free port.
    init(handler: @escaping Handler) throws {
        listener = try LoopbackListener { serve($0, handler) }
    }

    deinit { listener.stop() }

    /// Closes all connections and listens no more.
    func stop() { listener.stop() }

    var port: UInt16 { listener.port }
    /// How many connections there were.
    var accepted: Int { listener.accepted }
    /// How many there are now.
    var open: Int { listener.open }
    var baseURL: String { "http://127.0.0.1:\(port)" }
}

private func serve(_ connection: LoopbackConnection, _ handler: LoopbackHTTPServer.Handler) {
    var buffer: [UInt8] = []
    while let request = readRequest(connection, &buffer) {
        switch handler(request) {
        case .answer(let status, let headers, let body):
            var head = "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.count)\r\n"
            for (name, value) in headers { head += "\(name): \(value)\r\n" }
            guard connection.write(Array((head + "\r\n").utf8) + body) else { return }
        case .close: return
        case .hang:
            while connection.read(into: &buffer) {}
            return
        }
    }
}

private func readRequest(_ connection: LoopbackConnection, _ buffer: inout [UInt8]) -> LoopbackHTTPServer.Request? {
    var request = LoopbackHTTPServer.Request()
    let separator = Array("\r\n\r\n".utf8)
    var end: Int?
    while true {
        end = indexOf(separator, in: buffer, from: 0)
        if end != nil { break }
        guard connection.read(into: &buffer) else { return nil }
    }
    let lines = String(decoding: buffer[..<end!], as: UTF8.self).split(separator: "\r\n")
    let first = lines[0].split(separator: " ")
    guard first.count == 3 else { return nil }
    request.method = String(first[0])
    request.target = String(first[1])
    for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        request.headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    buffer.removeFirst(end! + 4)
    let length = Int(request.headers["content-length"] ?? "0") ?? 0
    while buffer.count < length { guard connection.read(into: &buffer) else { return nil } }
    request.body = Array(buffer.prefix(length))
    buffer.removeFirst(length)
    return request
}

/// Where `needle` begins in `bytes`, at `start` or later.
func indexOf(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBytes { haystack in
        var position = start
        while position + needle.count <= haystack.count {
            let rest = haystack.count - needle.count + 1 - position
            guard let found = memchr(haystack.baseAddress! + position, Int32(needle[0]), rest) else { return nil }
            position = UnsafeRawPointer(found) - haystack.baseAddress!
            if memcmp(found, needle, needle.count) == 0 { return position }
            position += 1
        }
        return nil
    }
}
