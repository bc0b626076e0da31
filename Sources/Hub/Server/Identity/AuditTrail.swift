// What people do to their own way in, for the audit logs of their accounts.

import Domain
import Runtime
import Store

struct AuditTrail: Sendable {
    let store: Store
    let clock: WallClock

    /// Writes into the log of the account that `user` acts in.
    ///
    /// - Parameter detail: for people; never a secret.
    nonisolated(nonsending) func note(_ action: String, of user: User, by caller: Caller, subject: String? = nil, detail: String? = nil) async throws {
        let entry = AuditEntry(
            at: Timestamp(milliseconds: clock.milliseconds), actorKind: "user", actorID: user.id.rawValue, actorName: user.email, action: action,
            subject: subject, address: caller.address, detail: detail)
        try await store.audit.add(entry, in: AccountScope(user.account))
    }

    /// The same, in all accounts that the person belongs to: what concerns how they get in concerns each.
    nonisolated(nonsending) func noteEverywhere(_ action: String, of user: UserID, by caller: Caller, detail: String? = nil) async throws {
        for membership in try await store.memberships.all(of: user) {
            try await note(action, of: membership.user, by: caller, detail: detail)
        }
    }

    /// An attempt of somebody who is not known to be this person.
    nonisolated(nonsending) func noteFailure(_ action: String, at user: UserID, by caller: Caller, detail: String) async throws {
        for membership in try await store.memberships.all(of: user) {
            let entry = AuditEntry(
                at: Timestamp(milliseconds: clock.milliseconds), actorKind: "nobody", actorID: nil, actorName: nil, action: action,
                subject: membership.user.email, address: caller.address, detail: detail)
            try await store.audit.add(entry, in: AccountScope(membership.user.account))
        }
    }
}
