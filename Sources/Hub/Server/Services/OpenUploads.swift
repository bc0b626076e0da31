// Which clips are being uploaded over HTTP right now.

import Domain
import Runtime

/// One body per event at a time; and an event whose body is coming is not given up.
final class OpenUploads: Sendable {
    private struct Key: Hashable {
        let account: AccountID
        let event: EventID
    }

    private let open = LockedValue<Set<Key>>([])

    /// `false` when one is open already. `end` must follow otherwise.
    func begin(_ event: EventID, in scope: AccountScope) -> Bool {
        open.withLock { $0.insert(Key(account: scope.account, event: event)).inserted }
    }

    func end(_ event: EventID, in scope: AccountScope) {
        open.withLock { _ = $0.remove(Key(account: scope.account, event: event)) }
    }

    func isOpen(_ event: EventID, in scope: AccountScope) -> Bool {
        open.withLock { $0.contains(Key(account: scope.account, event: event)) }
    }
}
