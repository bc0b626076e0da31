// Outgoing HTTP by libcurl, on threads of its own.

import Runtime
import Synchronization

/// Sends requests, several at a time. Connections are kept and used again.
///
/// Redirects are not followed, certificates are verified, and only `http` and `https` are spoken.
public final class HTTPClient: Sendable {
    private let lanes: [Lane]
    /// How many requests each lane has.
    private let loads: LockedValue<[Int]>

    /// - Parameter threads: how many requests may be on their way at once; more wait.
    public init(threads: Int = 4) {
        lanes = (0..<threads).map { Lane(name: "http-\($0)") }
        loads = LockedValue([Int](repeating: 0, count: threads))
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// When the task is cancelled the exchange is broken off, unless all of the request has been sent: then the answer is waited for a
    /// few seconds more, so that what has been delivered is known to be.
    ///
    /// - Throws: `HTTPClientError`, `CancellationError`.
    public func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        // A shared queue would let a quick request wait behind a long upload while another thread is idle.
        let index = loads.withLock { loads in
            let index = loads.indices.min { loads[$0] < loads[$1] }!
            loads[index] += 1
            return index
        }
        defer { loads.withLock { $0[index] -= 1 } }
        let cancellation = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await lanes[index].perform(request, cancellation)
        } onCancel: {
            cancellation.raise()
        }
    }

    /// One thread with one easy handle.
    private actor Lane {
        private nonisolated let executor: ThreadExecutor
        private let curl = CurlEasy()

        init(name: String) { executor = ThreadExecutor(name: name) }

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func perform(_ request: HTTPClientRequest, _ cancellation: CancellationFlag) throws -> HTTPClientResponse {
            try curl.perform(request, cancellation)
        }
    }
}

/// Tells a transfer on another thread that its answer is not wanted any more.
final class CancellationFlag: Sendable {
    private let raised = Atomic<Bool>(false)
    func raise() { raised.store(true, ordering: .relaxed) }
    var isRaised: Bool { raised.load(ordering: .relaxed) }
}
