// Who asks, and what they may do.

/// What one person is in one account.
public enum Role: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Watches.
    case viewer
    /// Lives there: devices and events are theirs to work with.
    case member
    /// Decides who else may.
    case admin
    /// May hand over or delete the account itself.
    case owner

    public static func < (a: Role, b: Role) -> Bool { a.rank < b.rank }
    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    public var permissions: Set<Permission> {
        switch self {
        case .viewer: [.view, .profile]
        case .member: [.view, .profile, .control, .pair, .summarize]
        case .admin: [.view, .profile, .control, .pair, .summarize, .administer]
        case .owner: [.view, .profile, .control, .pair, .summarize, .administer, .own]
        }
    }
}

extension Role {
    /// Whether who has this one decides on people who have, or get, the other: owners on all, admins on all but owners.
    public func maySet(_ role: Role) -> Bool { permissions.contains(.administer) && (role < .owner || self == .owner) }
}

/// What a route, a method or a channel asks for.
public enum Permission: String, Hashable, Sendable, CaseIterable {
    /// Devices, events, clips and live pictures.
    case view
    /// Settings, commands, watching, uploads, feedback, and who gets alerts.
    case control
    /// Adding, naming and removing devices.
    case pair
    /// Writing what an event shows.
    case summarize
    /// People, invitations, keys, codes and the audit log.
    case administer
    /// Handing over and deleting the account.
    case own
    /// One's own user: any signed-in person.
    case profile
    /// What a camera does for itself.
    case sense

    /// What a key for an integration may be given.
    public static let forKeys: Set<Permission> = [.view, .control, .pair, .summarize]
}

/// Which devices of an account are meant.
public enum DeviceAccess: Hashable, Sendable {
    case all
    case only(Set<DeviceID>)

    public func contains(_ device: DeviceID) -> Bool {
        switch self {
        case .all: true
        case .only(let devices): devices.contains(device)
        }
    }
}

/// The account on whose behalf a repository is asked, and which of its devices. There is no query for somebody's data without one.
public struct AccountScope: Hashable, Sendable {
    public let account: AccountID
    public let devices: DeviceAccess

    public init(_ account: AccountID, devices: DeviceAccess = .all) {
        self.account = account
        self.devices = devices
    }

    /// All of the account: for what the hub itself does, and for telling accounts apart.
    public var whole: AccountScope { AccountScope(account) }
    public var isWhole: Bool { devices == .all }
}

/// Whoever a credential stands for.
public struct Principal: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// - Parameter signIn: which of the person's sign-ins; `nil` where no sign-in is required.
        case user(User, Role, signIn: SignInID?)
        /// A camera's own token.
        case device(DeviceID)
        case key(APIKeyID)
        /// A process that describes events, of any account.
        case worker
    }

    public let kind: Kind
    public let scope: AccountScope
    public let permissions: Set<Permission>

    /// A person in an account. Who sees some devices only can add none, since they would not see it.
    public init(_ user: User, role: Role, devices: DeviceAccess = .all, signIn: SignInID?) {
        kind = .user(user, role, signIn: signIn)
        scope = AccountScope(user.account, devices: devices)
        permissions = devices == .all ? role.permissions : role.permissions.subtracting([.pair])
    }

    public init(_ device: DeviceID, of account: AccountID) {
        kind = .device(device)
        scope = AccountScope(account, devices: .only([device]))
        permissions = [.sense]
    }

    public init(_ key: APIKeyID, permissions: Set<Permission>, of account: AccountID) {
        kind = .key(key)
        scope = AccountScope(account)
        self.permissions = permissions.intersection(Permission.forKeys)
    }

    /// The worker's token names no account: the event that it describes does.
    public static let worker = Principal(kind: .worker, scope: AccountScope(AccountID(trusted: ""), devices: .only([])), permissions: [.summarize])

    /// Nobody: for what anybody may ask.
    public static let nobody = Principal(kind: .worker, scope: AccountScope(AccountID(trusted: ""), devices: .only([])), permissions: [])

    private init(kind: Kind, scope: AccountScope, permissions: Set<Permission>) {
        self.kind = kind
        self.scope = scope
        self.permissions = permissions
    }

    public func may(_ permission: Permission) -> Bool { permissions.contains(permission) }

    public var user: User? { if case .user(let user, _, _) = kind { user } else { nil } }
    public var role: Role? { if case .user(_, let role, _) = kind { role } else { nil } }
    public var signIn: SignInID? { if case .user(_, _, let signIn) = kind { signIn } else { nil } }
    /// Of a camera's own token.
    public var device: DeviceID? { if case .device(let device) = kind { device } else { nil } }

    /// Signed links are given to who may look; and to workers, which could not describe what they do not see.
    public var getsLinks: Bool { may(.view) || kind == .worker && may(.summarize) }

    /// Whose `user:` channel its connections hear; a key has one of its own. `nil` for who may not look: the channel shows all of the account.
    public var listener: UserID? {
        guard may(.view) else { return nil }
        return switch kind {
        case .user(let user, _, _): user.id
        case .key(let key): UserID(trusted: key.rawValue)
        case .device, .worker: nil
        }
    }

    /// Whose connections and attempts are counted together.
    public var subject: String {
        switch kind {
        case .user(let user, _, _): "user:\(user.id)"
        case .key(let key): "key:\(key)"
        case .device(let device): "device:\(scope.account)/\(device)"
        case .worker: "worker"
        }
    }
}
