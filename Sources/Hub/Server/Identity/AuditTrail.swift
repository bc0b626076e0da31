// Who did what, from where: into the audit logs of accounts.

import Domain
import Runtime
import Store

struct AuditTrail: Sendable {
    let store: Store
    let clock: WallClock

    /// Whoever did something, as they are called now.
    struct Actor: Sendable {
        let kind: String
        let id: String?
        let name: String?

        /// Somebody who is not known to be anyone.
        static let nobody = Actor(kind: "nobody", id: nil, name: nil)

        /// Whoever has the machine of the hub.
        static let `operator` = Actor(kind: "operator", id: nil, name: nil)

        private init(kind: String, id: String?, name: String?) {
            self.kind = kind
            self.id = id
            self.name = name
        }

        init(_ user: User) { self.init(kind: "user", id: user.id.rawValue, name: user.email) }

        /// A person of whom no more is known than this.
        init(_ user: UserID) { self.init(kind: "user", id: user.rawValue, name: nil) }

        init(_ principal: Principal) {
            switch principal.kind {
            case .user(let user, _, _): self.init(user)
            case .device(let device): self.init(kind: "device", id: device.rawValue, name: nil)
            case .key(let key): self.init(kind: "key", id: key.rawValue, name: nil)
            case .worker: self.init(kind: "worker", id: nil, name: nil)
            }
        }
    }

    /// - Parameter detail: for people; never a secret.
    nonisolated(nonsending) func add(
        _ action: String, by actor: Actor, from caller: Caller, subject: String? = nil, detail: String? = nil, in scope: AccountScope
    ) async throws {
        let entry = AuditEntry(
            at: Timestamp(milliseconds: clock.milliseconds), actorKind: actor.kind, actorID: actor.id, actorName: actor.name, action: action,
            subject: subject, address: caller.address, detail: detail)
        try await store.audit.add(entry, in: scope)
    }

    /// What a person did, in the account that they act in.
    nonisolated(nonsending) func note(_ action: String, of user: User, by caller: Caller, subject: String? = nil, detail: String? = nil) async throws {
        try await add(action, by: Actor(user), from: caller, subject: subject, detail: detail, in: AccountScope(user.account))
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
            try await add(
                action, by: .nobody, from: caller, subject: membership.user.email, detail: detail, in: AccountScope(membership.user.account))
        }
    }

    /// What was done for a person at the hub's machine.
    nonisolated(nonsending) func noteOperator(_ action: String, at user: UserID, detail: String) async throws {
        for membership in try await store.memberships.all(of: user) {
            try await add(
                action, by: .operator, from: Caller(address: nil, agent: nil), subject: membership.user.email, detail: detail,
                in: AccountScope(membership.user.account))
        }
    }
}
