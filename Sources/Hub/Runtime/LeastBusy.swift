// Which of several equal workers is to do the next piece of work.

/// A shared queue would let quick work wait behind slow work while another worker is idle.
public final class LeastBusy: Sendable {
    /// How much each worker has.
    private let loads: LockedValue<[Int]>

    public init(count: Int) { loads = LockedValue([Int](repeating: 0, count: count)) }

    /// Runs `body` with the number of the first of the least busy, so that few serve what is little.
    public func pick<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: (Int) async throws -> Value
    ) async rethrows -> Value {
        let index = loads.withLock { loads in
            let index = loads.indices.min { loads[$0] < loads[$1] }!
            loads[index] += 1
            return index
        }
        defer { loads.withLock { $0[index] -= 1 } }
        return try await body(index)
    }
}
