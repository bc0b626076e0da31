// Lets idle workers sleep until there is work.

/// A signal that is not lost when it comes between looking for work and going to sleep.
public final class WakeBell: Sendable {
    public init() {}

    private struct State {
        var rings: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = LockedValue(State())

    /// How often it rang. Read it before looking for work, and pass it to `wait`.
    public var rings: UInt64 { state.withLock { $0.rings } }

    /// Wakes everybody.
    public func ring() {
        let waiters = state.withLock { state in
            state.rings += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for continuation in waiters.values { continuation.resume() }
    }

    /// Returns when it rang after `rings` was read, after `milliseconds`, or when the task is cancelled.
    public func wait(since rings: UInt64, milliseconds: Int64) async {
        await withTaskGroup { group in
            group.addTask { try? await Task.sleep(for: .milliseconds(milliseconds)) }
            group.addTask { await self.wait(since: rings) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait(since rings: UInt64) async {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    // The task may have been cancelled before the continuation was there to be found.
                    guard state.rings == rings, !Task.isCancelled else { return false }
                    state.waiters[waiter] = continuation
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume()
        }
    }
}
