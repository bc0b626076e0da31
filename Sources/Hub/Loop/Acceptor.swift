// The listening sockets, and who is let in.

internal import CUV
internal import CWebsockets
import Runtime
import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

/// A connection that was accepted and is nobody's yet.
struct AcceptedSocket: Sendable {
    let fd: Int32
    let peer: PeerAddress
    let isOnPlainPort: Bool
    var awaited: Awaited?
}

/// Counts connections, from any thread.
final class Admissions: Sendable {
    private struct State {
        var statistics = AcceptStatistics()
        var byNetwork: [PeerAddress: Int] = [:]
    }

    private let limits: AcceptLimits
    private let state = LockedValue(State())

    init(_ limits: AcceptLimits) { self.limits = limits }

    /// Counts one more, if there may be one. `release` must follow then.
    func admit(_ peer: PeerAddress) -> Bool {
        let isShared = limits.isShared(peer)
        return state.withLock { state in
            guard state.statistics.open < limits.connections else {
                state.statistics.refusedByHub += 1
                return false
            }
            let count = state.byNetwork[peer.network, default: 0]
            guard isShared || count < limits.connectionsPerAddress else {
                state.statistics.refusedByAddress += 1
                return false
            }
            state.byNetwork[peer.network] = count + 1
            state.statistics.open += 1
            state.statistics.accepted += 1
            return true
        }
    }

    func release(_ peer: PeerAddress) {
        state.withLock { state in
            state.statistics.open -= 1
            let count = state.byNetwork[peer.network, default: 0] - 1
            state.byNetwork[peer.network] = count > 0 ? count : nil
        }
    }

    func noteDelay() { state.withLock { $0.statistics.delays += 1 } }

    func noteTimeout(_ what: Awaited.What) {
        state.withLock { state in
            switch what {
            case .head: state.statistics.lateHeads += 1
            case .body: state.statistics.lateBodies += 1
            }
        }
    }

    var statistics: AcceptStatistics { state.withLock { $0.statistics } }
}

/// Accepts on one thread for all of them; each connection goes to the one that has the fewest. After `init` all is done on that thread.
final class Acceptor: @unchecked Sendable {
    // @unchecked: set up before the thread starts, used on it afterwards.

    private struct Listener {
        let fd: Int32
        let isPlain: Bool
        let poll: UnsafeMutablePointer<uv_poll_t>
    }

    private let threads: [LoopThread]
    private let limits: AcceptLimits
    private let admissions: Admissions
    private var listeners: [Listener] = []
    private let timer: UnsafeMutablePointer<uv_timer_t>
    private var tokens: Double
    private var refilledAt: UInt64
    private var isWaiting = false
    private var isStopped = false

    /// How many are taken before others have their turn.
    private static let batch = 256
    /// Milliseconds until it is tried again, when there was no room for another connection.
    private static let pause: UInt64 = 20
    /// What the kernel may hold unsent for one connection; it doubles this for its own needs (socket(7), SO_SNDBUF).
    private static let unsentBytes: Int32 = 256 << 10

    /// What it may hold unread, which it doubles as well; as much as a line of 100 ms has on its way at 40 Mbit/s.
    static let unreadBytes: Int32 = 512 << 10

    init(threads: [LoopThread], limits: AcceptLimits, admissions: Admissions) {
        self.threads = threads
        self.limits = limits
        self.admissions = admissions
        tokens = limits.perSecond
        timer = .allocate(capacity: 1)
        uv_timer_init(threads[0].uv, timer)
        refilledAt = uv_hrtime()
    }

    /// Binds and listens, before the threads start.
    ///
    /// - Returns: the port.
    func listen(host: String, port: Int, isPlain: Bool) throws(LoopError) -> Int {
        guard let fd = makeListener(host: host, port: port) else { throw .cannotListen(host: host, port: port) }
        let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
        uv_poll_init(threads[0].uv, poll, fd)
        poll.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        listeners.append(Listener(fd: fd, isPlain: isPlain, poll: poll))
        return boundPort(fd)
    }

    /// Lets in whoever comes, once the thread runs.
    func begin(on thread: LoopThread) {
        timer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        thread.post(.perform { self.setPolling(true) })
    }

    /// Refuses new connections from here on.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        for listener in listeners {
            uv_close(UnsafeMutableRawPointer(listener.poll).assumingMemoryBound(to: uv_handle_t.self)) { $0?.deallocate() }
            close(listener.fd)
        }
        listeners = []
        uv_close(UnsafeMutableRawPointer(timer).assumingMemoryBound(to: uv_handle_t.self)) { $0?.deallocate() }
    }

    private func setPolling(_ isPolling: Bool) {
        for listener in listeners {
            if isPolling {
                uv_poll_start(listener.poll, Int32(UV_READABLE.rawValue)) { handle, _, _ in
                    guard let handle, let owner = handle.pointee.data else { return }
                    Unmanaged<Acceptor>.fromOpaque(owner).takeUnretainedValue().readable(handle)
                }
            } else {
                uv_poll_stop(listener.poll)
            }
        }
    }

    private func readable(_ poll: UnsafeMutablePointer<uv_poll_t>) {
        guard let listener = listeners.first(where: { $0.poll == poll }) else { return }
        var accepted = [[AcceptedSocket]](repeating: [], count: threads.count)
        for _ in 0..<Self.batch {
            guard takeToken() else {
                wait()
                break
            }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let fd = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    pw_accept(listener.fd, $0, &length)
                }
            }
            guard fd >= 0 else {
                tokens += 1
                // Without descriptors it would be tried for ever.
                if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { wait() }
                break
            }
            guard let peer = PeerAddress(storage), admissions.admit(peer) else {
                close(fd)
                continue
            }
            pw_prepare_socket(fd, Self.unsentBytes)
            let thread = threads.min { $0.load.load(ordering: .relaxed) < $1.load.load(ordering: .relaxed) }!
            thread.load.add(1, ordering: .relaxed)
            accepted[thread.index].append(AcceptedSocket(fd: fd, peer: peer, isOnPlainPort: listener.isPlain))
        }
        for (index, sockets) in accepted.enumerated() where !sockets.isEmpty { threads[index].post(.adopt(sockets)) }
    }

    private func takeToken() -> Bool {
        let now = uv_hrtime()
        tokens = min(tokens + Double(now - refilledAt) / 1e9 * limits.perSecond, max(limits.perSecond, 1))
        refilledAt = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// The kernel keeps those who come meanwhile.
    private func wait() {
        guard !isWaiting, !isStopped else { return }
        isWaiting = true
        admissions.noteDelay()
        setPolling(false)
        uv_timer_start(
            timer,
            { handle in
                guard let owner = handle?.pointee.data else { return }
                let acceptor = Unmanaged<Acceptor>.fromOpaque(owner).takeUnretainedValue()
                acceptor.isWaiting = false
                acceptor.setPolling(true)
            }, Self.pause, 0)
    }
}

/// A listening socket on a numeric address, or on all of them; `nil` where it cannot be.
private func makeListener(host: String, port: Int) -> Int32? {
    func attempt(_ family: Int32, _ fill: (UnsafeMutablePointer<sockaddr_storage>) -> (isValid: Bool, length: Int)) -> Int32? {
        let fd = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard fd >= 0 else { return nil }
        var one: Int32 = 1, zero: Int32 = 0
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        // Who says nothing stays with the kernel (tcp(7)): in HTTP and in TLS the client speaks first.
        var silenceSeconds: Int32 = 10
        setsockopt(fd, Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT, &silenceSeconds, socklen_t(MemoryLayout<Int32>.size))
        // What is accepted has it from here, for the window's scale is settled by the first packet (tcp(7), SO_RCVBUF); it would grow to megabytes.
        var unreadBytes = Acceptor.unreadBytes
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &unreadBytes, socklen_t(MemoryLayout<Int32>.size))
        if family == AF_INET6 { setsockopt(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &zero, socklen_t(MemoryLayout<Int32>.size)) }
        var storage = sockaddr_storage()
        let (isValid, length) = fill(&storage)
        let isBound = isValid && withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, socklen_t(length)) == 0 }
        }
        guard isBound, listen(fd, SOMAXCONN) == 0 else {
            close(fd)
            return nil
        }
        return fd
    }
    func version4(_ storage: UnsafeMutablePointer<sockaddr_storage>) -> (isValid: Bool, length: Int) {
        storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
            address.pointee.sin_family = sa_family_t(AF_INET)
            address.pointee.sin_port = in_port_t(port).bigEndian
            let isValid = host.isEmpty || inet_pton(AF_INET, host, &address.pointee.sin_addr) == 1
            return (isValid, MemoryLayout<sockaddr_in>.size)
        }
    }
    func version6(_ storage: UnsafeMutablePointer<sockaddr_storage>) -> (isValid: Bool, length: Int) {
        storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
            address.pointee.sin6_family = sa_family_t(AF_INET6)
            address.pointee.sin6_port = in_port_t(port).bigEndian
            let isValid = host.isEmpty || inet_pton(AF_INET6, host, &address.pointee.sin6_addr) == 1
            return (isValid, MemoryLayout<sockaddr_in6>.size)
        }
    }
    if host.isEmpty { return attempt(AF_INET6, version6) ?? attempt(AF_INET, version4) }
    return host.contains(":") ? attempt(AF_INET6, version6) : attempt(AF_INET, version4)
}

private func boundPort(_ fd: Int32) -> Int {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
    }
    // The port is at the same place in both families.
    return withUnsafeBytes(of: &storage) { Int(UInt16(bigEndian: $0.load(as: sockaddr_in.self).sin_port)) }
}
