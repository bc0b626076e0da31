// What is done when the answer has been given.

import Runtime

/// Work whose duration must tell the asker nothing (whether somebody has an address), and which is not forgotten: failures are logged, and the end of
/// the hub waits for it to end.
final class Afterwards: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var last = 0
        var isOver = false
    }

    private static let maximum = 256
    private let state = LockedValue(State())
    private let log = Log("sign-in")

    /// - Parameter what: for the log.
    /// - Throws: 503 where so much waits already that more would pile up.
    func run(_ what: String, _ body: @escaping @Sendable () async throws -> Void) throws(APIError) {
        let isTaken = state.withLock { state in
            guard state.tasks.count < Self.maximum, !state.isOver else { return false }
            state.last += 1
            let number = state.last
            state.tasks[number] = Task {
                do {
                    try await body()
                } catch is CancellationError {
                    self.log.warning("what was to be done after an answer was not done before the end", ["what": what])
                } catch {
                    self.log.error("what was to be done after an answer failed", ["what": what, "error": String(describing: error)])
                }
                self.state.withLock { $0.tasks[number] = nil }
            }
            return true
        }
        guard isTaken else { throw .overloaded }
    }

    /// What has not ended is broken off, which is logged.
    func finish() async {
        let tasks = state.withLock { state in
            state.isOver = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
