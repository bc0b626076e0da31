@testable import Loop
import Testing

struct ReceiveBuffersTests {
    @Test func `each buffer is one's own, as large as was asked for, and is given again`() throws {
        let buffers = ReceiveBuffers(bytes: 10_000)
        #expect(buffers.bytes == 12_288)
        // More than one region.
        let taken = try (0..<600).map { _ in try #require(buffers.take()) }
        for (index, buffer) in taken.enumerated() {
            buffer.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: index), count: buffers.bytes)
        }
        for (index, buffer) in taken.enumerated() {
            let bytes = UnsafeRawBufferPointer(start: buffer, count: buffers.bytes)
            let isIntact = bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: index) }
            #expect(isIntact)
        }
        let last = taken[599]
        let isTakenBack = buffers.giveBack(last), again = buffers.take()
        #expect(isTakenBack && again == last)
    }

    @Test func `what is from elsewhere is left alone`() {
        let buffers = ReceiveBuffers(bytes: 10_000)
        _ = buffers.take()
        let own = UnsafeMutableRawPointer.allocate(byteCount: 8192, alignment: 4096)
        defer { own.deallocate() }
        #expect(!buffers.giveBack(own))
        #expect(!buffers.giveBack(own + 16))
    }
}
