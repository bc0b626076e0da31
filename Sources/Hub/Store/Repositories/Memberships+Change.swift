// Changing who belongs to an account, and everything that hangs on it.

public import Domain

extension Memberships {
    public enum Change: Hashable, Sendable {
        /// - Parameter changed: as it is now; `nil`: it has ended.
        case done(before: Membership, changed: Membership?)
        case unknown
        /// One of the devices is not the account's.
        case unknownDevice
        case refused(MembershipChange.Refusal)
    }

    /// Somebody's membership becomes another one, or ends. Where it ends, so do their sign-ins in the account; the mail that they get of cameras which
    /// they may not see any more, and the invitations that they may not make any more, end in every case.
    ///
    /// - Parameter actor: who wants it; read again here, since what they may do could have changed meanwhile.
    public func change(
        _ user: UserID, _ change: MembershipChange, by actor: UserID, in scope: AccountScope, now: Timestamp
    ) async throws -> Change {
        try await database.write(in: scope) { session in
            // One after another: two owners who make each other members at once would leave none.
            try Accounts.lock(scope, session)
            guard let before = try Self.find(user, in: scope, session) else { return .unknown }
            guard let actor = try Self.find(actor, in: scope, session) else { return .refused(.forbidden) }
            if case .assign(_, let devices?) = change, try Devices.known(devices, in: scope, session) != devices { return .unknownDevice }
            let changed: Membership?
            do {
                changed = try change.applied(to: before, by: actor, owners: try Self.owners(in: scope, session))
            } catch let refusal as MembershipChange.Refusal {
                return .refused(refusal)
            }
            let key: [SQLValue] = [.text(scope.account.rawValue), .text(user.rawValue)]
            if let changed {
                try session.query(
                    "UPDATE memberships SET role = $3, all_devices = $4 WHERE account_id = $1 AND user_id = $2",
                    key + [.text(changed.role.rawValue), .integer(changed.devices == .all ? 1 : 0)])
                try Self.setDevices(changed.devices, of: changed.user, session)
            } else {
                _ = try SignIns.endAll(of: user, account: scope.account, session)
                try Self.setDevices(.all, of: before.user, session)
                try session.query("DELETE FROM memberships WHERE account_id = $1 AND user_id = $2", key)
                try Pairings.removeOpen(of: user, in: scope, session)
            }
            try Invitations.removeBeyond(changed?.role, of: user, in: scope, session)
            try AlertTargets.removeMailbox(before.user.email, but: changed?.devices ?? .only([]), in: scope, now: now, session)
            return .done(before: before, changed: changed)
        }
    }

    private static func owners(in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Int {
        try session.query(
            "SELECT user_id FROM memberships WHERE account_id = $1 AND role = 'owner'", [.text(scope.account.rawValue)], table: "memberships"
        ).count
    }
}
