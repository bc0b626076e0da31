// Listening on the loopback interface, for servers in tests: one thread a connection.

import Runtime

#if canImport(Glibc)
import Glibc
#endif

/// Serves connections to 127.0.0.1 until it is stopped.
final class LoopbackListener: Sendable {
    let port: UInt16
    /// Of both threads and owner. A socket is closed and shut down with the lock held, as its number may be another's right after.
    private let state: LockedValue<State>

    private struct State {
        /// `nil` once it was shut down; then its thread closes it.
        var listener: Int32?
        var connections: Set<Int32> = []
        var accepted = 0
    }

    enum Failure: Error { case socket(Int32) }

    /// Listens on a free port.
    ///
    /// - Parameter serve: called on a thread of its own; the connection is closed when it returns.
    init(serve: @escaping @Sendable (LoopbackConnection) -> Void) throws {
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
        port = UInt16(bigEndian: address.sin_port)
        let state = LockedValue(State(listener: listener))
        self.state = state
        startThread(name: "test-accept") {
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                state.withLock { state in
                    state.accepted += 1
                    state.connections.insert(connection)
                    if state.listener == nil { shutdown(connection, Int32(SHUT_RDWR)) }
                }
                startThread(name: "test-serve") {
                    serve(LoopbackConnection(socket: connection))
                    state.withLock { state in
                        state.connections.remove(connection)
                        close(connection)
                    }
                }
            }
            close(listener)
        }
    }

    deinit { stop() }

    /// Closes all connections and listens no more.
    func stop() {
        state.withLock { state in
            if let listener = state.listener { shutdown(listener, Int32(SHUT_RDWR)) }
            state.listener = nil
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    /// How many connections there were.
    var accepted: Int { state.withLock { $0.accepted } }
    /// How many there are now.
    var open: Int { state.withLock { $0.connections.count } }
}

/// One connection, for blocking use.
struct LoopbackConnection: Sendable {
    fileprivate let socket: Int32

    /// Adds what comes next; `false` when nothing comes any more.
    func read(into buffer: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer.append(contentsOf: chunk[..<count])
        return true
    }

    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
