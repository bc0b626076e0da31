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

    let port: UInt16
    private let listener: Int32
    private let connections: LockedValue<Set<Int32>>

    /// Listens on a free port.
    init(handler: @escaping Handler) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw Failure.socket(errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, address, &length) == 0
            }
        }
        guard status else { throw Failure.socket(errno) }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        connections = LockedValue([])
        startThread(name: "test-accept") { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                guard let self else {
                    close(connection)
                    break
                }
                _ = self.connections.withLock { $0.insert(connection) }
                startThread(name: "test-serve") { [weak self] in
                    serve(connection, handler)
                    self?.connections.withLock { _ = $0.remove(connection) }
                    close(connection)
                }
            }
            close(listener)
        }
    }

    enum Failure: Error { case socket(Int32) }

    deinit { stop() }

    /// Closes all connections and listens no more.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        connections.withLock { for connection in $0 { shutdown(connection, Int32(SHUT_RDWR)) } }
    }

    var baseURL: String { "http://127.0.0.1:\(port)" }
}

private func serve(_ connection: Int32, _ handler: LoopbackHTTPServer.Handler) {
    var buffer: [UInt8] = []
    while let request = readRequest(connection, &buffer) {
        switch handler(request) {
        case .answer(let status, let headers, let body):
            var head = "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.count)\r\n"
            for (name, value) in headers { head += "\(name): \(value)\r\n" }
            guard writeAll(connection, Array((head + "\r\n").utf8) + body) else { return }
        case .close: return
        case .hang:
            while readMore(connection, &buffer) {}
            return
        }
    }
}

private func readRequest(_ connection: Int32, _ buffer: inout [UInt8]) -> LoopbackHTTPServer.Request? {
    var request = LoopbackHTTPServer.Request()
    let separator = Array("\r\n\r\n".utf8)
    var end: Int?
    while true {
        end = indexOf(separator, in: buffer, from: 0)
        if end != nil { break }
        guard readMore(connection, &buffer) else { return nil }
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
    while buffer.count < length { guard readMore(connection, &buffer) else { return nil } }
    request.body = Array(buffer.prefix(length))
    buffer.removeFirst(length)
    return request
}

private func readMore(_ connection: Int32, _ buffer: inout [UInt8]) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(connection, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer.append(contentsOf: chunk[..<count])
    return true
}

private func writeAll(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        sent += count
    }
    return true
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
