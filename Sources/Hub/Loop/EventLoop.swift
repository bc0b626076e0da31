// The loop as the layers above see it: ports, an executor, and no word of how many threads there are.

import Runtime
import Synchronization

/// Serves HTTP and WebSocket on `LoopConfiguration.threads` threads behind one acceptor.
///
/// Actors that name it as their executor run on the first of them, and the handler's calls about sockets come there, so that they reach
/// those actors by `assumeIsolated`. The other threads do the socket's work: reading, TLS, frames, writing.
public final class EventLoop: Sendable {
    private struct State {
        var port = 0
        var plainPort: Int?
        var acceptor: Acceptor?
    }

    private let configuration: LoopConfiguration
    private let admissions: Admissions
    private let threads: [LoopThread]
    private let state = LockedValue(State())

    /// The port that `start` returned; 0 before. For the handler.
    public var port: Int { state.withLock { $0.port } }
    /// The port that speaks plain HTTP beside the other; known after `start`.
    public var plainPort: Int? { state.withLock { $0.plainPort } }
    public var statistics: AcceptStatistics { admissions.statistics }

    public init(_ configuration: LoopConfiguration) {
        self.configuration = configuration
        let admissions = Admissions(configuration.limits)
        self.admissions = admissions
        threads = (0..<max(1, configuration.threads)).map { LoopThread(index: $0, configuration: configuration, admissions: admissions) }
    }

    deinit { for thread in threads { thread.finish() } }

    /// Binds the ports and starts serving. The loop keeps itself alive until `stop()`.
    ///
    /// - Returns: the port that is listened on.
    public func start(handler: any LoopHandler) throws(LoopError) -> Int {
        let acceptor = Acceptor(threads: threads, limits: configuration.limits, admissions: admissions)
        let port: Int
        do {
            port = try acceptor.listen(host: configuration.host, port: configuration.port, isPlain: false)
            let plainPort = try configuration.plainPort.map { wanted throws(LoopError) in
                try acceptor.listen(host: configuration.host, port: wanted, isPlain: true)
            }
            for thread in threads { try thread.open(handler: handler, threads: threads) }
            state.withLock { $0 = State(port: port, plainPort: plainPort, acceptor: acceptor) }
        } catch {
            acceptor.stop()
            for thread in threads { thread.close() }
            throw error
        }
        for thread in threads { thread.start() }
        acceptor.begin(on: threads[0])
        return port
    }

    /// Refuses new connections, closes the open sockets with 1001, and ends the context once they are gone or `seconds` have passed.
    /// Jobs for actors of this loop still run afterwards.
    public func stop(within seconds: Double = 2) async {
        guard let acceptor = state.withLock({ $0.acceptor }) else { return }
        await threads[0].perform { acceptor.stop() }
        for thread in threads {
            await thread.perform {
                for socket in thread.sockets.values { socket.beginClose(code: 1001, reason: "the hub is going away", discarding: false) }
            }
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline, await hasSockets { try? await Task.sleep(for: .milliseconds(10)) }
        // The first at last: it hears what the others close, which they tell at the end of their turns.
        for thread in threads.dropFirst() { await thread.perform { thread.close() } }
        for thread in threads.dropFirst() { await thread.perform {} }
        await threads[0].perform { [self] in threads[0].close() }
        state.withLock { $0.acceptor = nil }
    }

    // MARK: - Executor

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { threads[0].asUnownedSerialExecutor() }

    /// Runs `body` on the executor.
    public func perform(_ body: @escaping @Sendable () -> Void) async { await threads[0].perform(body) }

    /// Whether a WebSocket is open.
    public var hasSockets: Bool {
        get async {
            for thread in threads where await thread.perform({ !thread.sockets.isEmpty }) { return true }
            return false
        }
    }
}
