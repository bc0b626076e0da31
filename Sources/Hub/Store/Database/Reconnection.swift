// When a database that is away is tried again.

import Runtime

/// Shared by the connections to one database: where one cannot be opened the others cannot either, and as soon as one is open again the
/// others need not wait any more.
final class Reconnection: Sendable {
    private struct State {
        var successes = 0
        var failures = 0
        var nextAttemptAt: Int64 = 0
        var reason: StoreError?
    }

    private let state = LockedValue(State())
    private let clock: MonotonicClock

    init(clock: MonotonicClock = .system) { self.clock = clock }

    /// Why there is no use in trying now; `nil` when it may be tried.
    var reasonToWait: StoreError? {
        let now = clock.milliseconds
        return state.withLock { now < $0.nextAttemptAt ? $0.reason : nil }
    }

    /// Names what was known when an attempt began, for `failed`.
    var successes: Int { state.withLock { $0.successes } }

    func succeeded() { state.withLock { $0 = State(successes: $0.successes + 1) } }

    /// Pauses grow from 0.2 s to 6.4 s, the upper half at random.
    func failed(_ reason: StoreError, since successes: Int) {
        let now = clock.milliseconds
        state.withLock { state in
            // Those that tried at the same time failed once together, and one that failed says nothing against another that did not.
            guard state.successes == successes, state.reason == nil || now >= state.nextAttemptAt else { return }
            state.failures = min(state.failures + 1, 6)
            let ceiling = Double(100 << state.failures)
            state.nextAttemptAt = now + Int64(ceiling / 2 + Crypto.randomFraction() * ceiling / 2)
            state.reason = reason
        }
    }
}
