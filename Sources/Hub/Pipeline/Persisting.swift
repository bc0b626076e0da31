// Writing down what was done, whatever the database does meanwhile.

import Store

/// Repeats `body` while the database is away or the disk is full, so that what was done is not done again for want of a row. It must be
/// harmless to repeat, since a commit may have happened although its answer was lost.
///
/// - Throws: what `body` throws and does not pass; `CancellationError` when the task is cancelled before it has passed.
func persisting<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    var pause = 50
    while true {
        do {
            return try await body()
        } catch let error as StoreError where error.isPassing {
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, 1000)
        }
    }
}
