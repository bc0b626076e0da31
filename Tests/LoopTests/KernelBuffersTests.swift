// What the kernel may hold of a connection.

import Testing
import TestSupport

@testable import Loop

#if canImport(Glibc)
import Glibc
#endif

@Suite(.mustEnd)
struct KernelBuffersTests {
    @Test func `the kernel holds so much unread of a connection that was accepted`() async throws {
        let sizes = try await withLoop { port in
            var client = try RawClient(port: port)
            client.write("GET /x HTTP/1.1\r\nHost: hub\r\n\r\n")
            _ = try client.readResponse()
            return accepted(on: port).map { option($0, SO_RCVBUF) }
        }
        // socket(7): doubled, and never above the system's own bound.
        #expect(sizes == [2 * min(Int(Acceptor.unreadBytes), try systemMaximum())])
    }
}

/// The hub's ends of the connections to a port of this process.
private func accepted(on port: Int) -> [Int32] {
    (0..<getdtablesize()).filter { fd in
        var local = sockaddr_in(), remote = sockaddr_in()
        var localLength = socklen_t(MemoryLayout<sockaddr_in>.size), remoteLength = localLength
        let hasNames =
            withUnsafeMutablePointer(to: &local) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &localLength) == 0 }
            }
            && withUnsafeMutablePointer(to: &remote) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(fd, $0, &remoteLength) == 0 }
            }
        return hasNames && Int32(local.sin_family) == AF_INET && Int(in_port_t(bigEndian: local.sin_port)) == port
    }
}

private func option(_ fd: Int32, _ name: Int32) -> Int {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? Int(value) : 0
}

private func systemMaximum() throws -> Int {
    let file = try #require(fopen("/proc/sys/net/core/rmem_max", "r"))
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 32)
    try #require(fgets(&text, 32, file) != nil)
    return Int(strtol(text, nil, 10))
}
