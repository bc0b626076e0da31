// Who may make whom what in an account.

/// What is wanted of a person's membership.
public enum MembershipChange: Hashable, Sendable {
    /// Somebody else's role or devices; `nil` leaves them as they are.
    case assign(role: Role?, devices: DeviceAccess?)
    /// Somebody else's end.
    case remove
    /// One's own end.
    case leave

    public enum Refusal: Error, Hashable, Sendable {
        /// The role is too low.
        case forbidden
        /// Nobody decides on their own role; they can leave.
        case own
        /// An account has an owner.
        case lastOwner
        /// Owners and admins see all devices.
        case restrictedAdmin
    }

    /// What the membership becomes; `nil`: it ends. Only an owner ends an owner's and nobody their own, so that one always stays; but for leaving.
    ///
    /// - Parameters:
    ///   - actor: who wants it; the same as `target` for `leave`.
    ///   - owners: how many the account has now.
    public func applied(to target: Membership, by actor: Membership, owners: Int) throws(Refusal) -> Membership? {
        let isOwn = actor.user.id == target.user.id
        switch self {
        case .leave:
            if target.role == .owner, owners <= 1 { throw .lastOwner }
            return nil
        case .remove:
            try require(isOwn: isOwn, actor, above: target.role)
            return nil
        case .assign(let role, let devices):
            try require(isOwn: isOwn, actor, above: max(target.role, role ?? target.role))
            let role = role ?? target.role
            var changed = target
            changed.role = role
            if role >= .admin {
                if let devices, devices != .all { throw .restrictedAdmin }
                changed.devices = .all
            } else if let devices {
                changed.devices = devices
            }
            return changed
        }
    }

    private func require(isOwn: Bool, _ actor: Membership, above role: Role) throws(Refusal) {
        if isOwn { throw .own }
        guard actor.role.maySet(role) else { throw .forbidden }
    }
}
