// Where libwebsockets keeps a buffer for each WebSocket.

internal import CWebsockets
import Runtime

#if canImport(Glibc)
internal import Glibc
#endif

/// libwebsockets 4.1 allocates `rx_buffer_size` bytes for every WebSocket, although it writes hardly anything there: payload is unmasked where
/// it was read, and only pings and closes are put together in it. On the heap such a buffer keeps small allocations apart, and a page or two
/// of memory go with each connection. Here the buffers lie side by side in memory that the kernel only provides when it is written to (mmap).
final class ReceiveBuffers: Sendable {
    private static let shared = ReceiveBuffers()

    private struct State {
        /// Addresses of buffers that nobody has.
        var free: [UInt] = []
        var regions: [Range<UInt>] = []
    }

    private let state = LockedValue(State())
    private static let pageBytes = 4096
    private static let regionCount = 256

    let bytes: Int

    init(bytes: Int = LoopThread.rxBufferSize + PW_LWS_PRE + 64) {
        self.bytes = (bytes + Self.pageBytes - 1) / Self.pageBytes * Self.pageBytes
    }

    /// Has libwebsockets take its buffers from here (lws_set_allocator), and all else from the heap. Before its first context.
    static func install() { _ = isInstalled }

    private static let isInstalled: Bool = {
        _ = shared
        lws_set_allocator(reallocate)
        return true
    }()

    /// realloc(3); `reason` is libwebsockets' own word for what it wants.
    private static let reallocate: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafePointer<CChar>?) -> UnsafeMutableRawPointer? = {
        pointer, size, reason in
        guard let pointer else {
            if size <= shared.bytes, let reason, strcmp(reason, "rx_ubuf") == 0 { return shared.take() }
            return size > 0 ? malloc(size) : nil
        }
        if shared.giveBack(pointer) {
            // It is freed, never made larger.
            precondition(size == 0, "libwebsockets changes the size of a receive buffer")
            return nil
        }
        if size > 0 { return realloc(pointer, size) }
        free(pointer)
        return nil
    }

    /// `nil` when the system has no memory.
    func take() -> UnsafeMutableRawPointer? {
        state.withLock { state in
            if state.free.isEmpty {
                let size = bytes * Self.regionCount
                guard let region = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), region != MAP_FAILED
                else { return nil }
                let start = UInt(bitPattern: region)
                state.regions.append(start..<start + UInt(size))
                // The last first, so that those at the beginning are used up first.
                state.free = (0..<Self.regionCount).reversed().map { start + UInt($0 * bytes) }
            }
            return state.free.popLast().flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
        }
    }

    /// `false` for memory that is not from here.
    func giveBack(_ pointer: UnsafeMutableRawPointer) -> Bool {
        let address = UInt(bitPattern: pointer)
        // What the heap gives has its own bookkeeping before it, and does not begin a page.
        guard address.isMultiple(of: UInt(Self.pageBytes)) else { return false }
        return state.withLock { state in
            guard state.regions.contains(where: { $0.contains(address) }) else { return false }
            state.free.append(address)
            return true
        }
    }
}
