// Outgoing HTTP by libcurl, on threads of its own.

import Runtime
import Synchronization

/// Sends requests, several at a time. Connections are kept and used again.
///
/// Redirects are not followed, certificates are verified, and only `http` and `https` are spoken.
public final class HTTPClient: Sendable {
    private let lanes: [Lane]
    private let balance: LeastBusy

    /// - Parameter threads: how many requests may be on their way at once; more wait.
    public init(threads: Int = 4) {
        lanes = (0..<threads).map { Lane(name: "http-\($0)") }
        balance = LeastBusy(count: threads)
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// When the task is cancelled the exchange is broken off, unless all of the request has been sent: then the answer is waited for a
    /// few seconds more, so that what has been delivered is known to be.
    ///
    /// - Throws: `HTTPClientError`, `CancellationError`.
    public func send(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        let cancellation = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await balance.pick { try await lanes[$0].perform(request, cancellation) }
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
