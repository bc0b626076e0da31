// A blocking TCP client that speaks just enough HTTP and WebSocket to see what really comes out of the socket.

import Runtime

#if canImport(Glibc)
import Glibc
#endif

/// Used on a thread of `pool`, never on the cooperative pool.
struct RawClient: ~Copyable {
    private let fd: Int32
    private var buffered: [UInt8] = []

    static let pool = ThreadPool(name: "client", threads: 16)

    struct Failure: Error { let reason: String }

    init(port: Int) throws {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0 else { throw Failure(reason: "connect: \(errno)") }
    }

    deinit { close(fd) }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// `false` at the end of the stream.
    private mutating func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(fd, &chunk, chunk.count, 0)
        guard count >= 0 else {
            if errno == ECONNRESET { return false }
            throw Failure(reason: "recv: \(errno)")
        }
        buffered += chunk.prefix(count)
        return count > 0
    }

    mutating func read(_ count: Int) throws -> [UInt8] {
        while buffered.count < count { guard try fill() else { throw Failure(reason: "the stream ended early") } }
        defer { buffered.removeFirst(count) }
        return Array(buffered.prefix(count))
    }

    /// Whether the peer has closed and sent nothing more.
    mutating func isAtEnd() throws -> Bool { try buffered.isEmpty && !fill() }

    struct Response {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    mutating func readResponse(hasBody: Bool = true) throws -> Response {
        let end = Array("\r\n\r\n".utf8)
        var split: Int?
        while split == nil {
            split = buffered.indices.first { index in buffered[index...].starts(with: end) }
            if split == nil { guard try fill() else { throw Failure(reason: "no head") } }
        }
        let head = String(decoding: try read(split! + 4), as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let status = Int(head[0].split(separator: " ")[1])!
        return Response(status: status, headers: headers, body: hasBody ? try read(Int(headers["content-length"] ?? "0")!) : [])
    }

    // MARK: - WebSocket

    func writeHandshake(path: String = "/socket", subprotocol: String? = nil, headers: String = "") {
        write(Self.handshake(path: path, subprotocol: subprotocol, headers: headers))
    }

    static func handshake(path: String = "/socket", subprotocol: String? = nil, headers: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + (subprotocol.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? "")
            + headers + "\r\n"
    }

    /// A masked frame (RFC 6455, section 5.2).
    func writeFrame(opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ..<65_536: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: bytes += [0x80 | 127] + stride(from: 56, through: 0, by: -8).map { UInt8(payload.count >> $0 & 255) }
        }
        let mask: [UInt8] = [1, 2, 3, 4]
        bytes += mask
        bytes += payload.enumerated().map { $1 ^ mask[$0 & 3] }
        write(bytes)
    }

    mutating func readFrame() throws -> (opcode: UInt8, payload: [UInt8]) {
        let head = try read(2)
        var length = Int(head[1] & 127)
        if length == 126 {
            length = try read(2).reduce(0) { $0 << 8 | Int($1) }
        } else if length == 127 {
            length = try read(8).reduce(0) { $0 << 8 | Int($1) }
        }
        return (head[0] & 15, try read(length))
    }

    /// The code of the close frame that comes next.
    mutating func readCloseCode() throws -> Int {
        while true {
            let (opcode, payload) = try readFrame()
            if opcode == 8 { return payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } }
        }
    }
}

/// A `RawClient` after its handshake, for collections.
final class RawSocket: @unchecked Sendable {
    // @unchecked: used on the thread that made it.
    var client: RawClient

    init(port: Int) throws {
        client = try RawClient(port: port)
        client.writeHandshake()
        guard try client.readResponse().status == 101 else { throw RawClient.Failure(reason: "handshake") }
    }
}
