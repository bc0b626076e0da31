import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct PeopleStoreTests {
    private func owner(_ f: StoreFixture) async throws -> User { try await f.store.users.findOrCreate(email: "we@example.org", now: f.now) }
    private func guest(_ f: StoreFixture, _ name: String = "guest") async throws -> User {
        try await f.store.users.findOrCreate(email: "\(name)@example.org", now: f.now)
    }

    private func invited(
        _ f: StoreFixture, _ hash: String, _ role: Role = .member, _ devices: DeviceAccess = .all, email: String? = nil, by user: User? = nil
    ) async throws -> Invitation {
        let inviter = if let user { user } else { try await owner(f) }
        let invitation = Invitation(
            id: InvitationID(trusted: "i \(hash)"), role: role, devices: devices, email: email, invitedBy: inviter.id, inviter: "We",
            createdAt: f.now, expiresAt: f.at(600))
        #expect(try await f.store.invitations.insert(invitation, hash: hash, in: f.ours) == .stored)
        return invitation
    }

    private func joined(_ f: StoreFixture, _ name: String, _ role: Role, _ devices: DeviceAccess = .all, by user: User? = nil) async throws -> User {
        _ = try await invited(f, "h \(name)", role, devices, by: user)
        guard case .joined(let membership) = try await f.store.invitations.redeem(hash: "h \(name)", for: try await guest(f, name), now: f.at(1)) else {
            throw NotJoined()
        }
        return membership.user
    }

    private struct NotJoined: Error {}

    @Test(arguments: TestDatabase.kinds) func `an invitation makes one person a member`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), invitations = f.store.invitations
        let invitation = try await invited(f, "h", .viewer, .only([f.device]))
        #expect(try await invitations.list(in: f.ours, now: f.now) == [invitation])
        #expect(try await invitations.list(in: f.theirs, now: f.now).isEmpty)
        let look = try #require(try await invitations.look(hash: "h", now: f.now))
        #expect(look.invitation == invitation && look.account.id == f.ours.account)
        var users: [User] = []
        for number in 0..<8 { users.append(try await guest(f, "guest\(number)")) }
        let people = users
        let joined = try await withThrowingTaskGroup(of: Membership?.self) { group in
            for user in people {
                group.addTask {
                    if case .joined(let membership) = try await invitations.redeem(hash: "h", for: user, now: f.at(1)) { membership } else { nil }
                }
            }
            return try await group.reduce(into: [Membership]()) { list, membership in if let membership { list.append(membership) } }
        }
        #expect(joined.count == 1)
        let membership = try #require(joined.first)
        #expect(membership.role == .viewer && membership.devices == .only([f.device]) && membership.user.account == f.ours.account)
        #expect(try await f.store.memberships.list(in: f.ours).count == 2)
        #expect(try await f.store.memberships.find(membership.user.id, in: f.ours) == membership)
        #expect(try await invitations.list(in: f.ours, now: f.now).isEmpty)
        #expect(try await invitations.look(hash: "h", now: f.now) == nil)
    }

    @Test(arguments: TestDatabase.kinds) func `an invitation that is not good changes nothing`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), invitations = f.store.invitations, user = try await guest(f)
        _ = try await invited(f, "named", email: "somebody@example.org")
        #expect(try await invitations.redeem(hash: "named", for: user, now: f.now) == .otherAddress)
        let expiring = try await invited(f, "late")
        #expect(try await invitations.redeem(hash: "late", for: user, now: f.at(600)) == .unknown)
        #expect(try await invitations.look(hash: "late", now: f.at(600)) == nil)
        #expect(try await invitations.redeem(hash: "late", for: try await owner(f), now: f.now) == .alreadyMember)
        #expect(try await invitations.remove(expiring.id, in: f.theirs) == nil)
        #expect(try await invitations.remove(expiring.id, in: f.ours) == expiring)
        #expect(try await invitations.redeem(hash: "late", for: user, now: f.now) == .unknown)
        #expect(try await f.store.memberships.list(in: f.ours).count == 1)
        let other = Invitation(
            id: InvitationID(trusted: "x"), role: .viewer, devices: .only([f.device, DeviceID(trusted: "nothing")]), email: nil,
            invitedBy: try await owner(f).id, inviter: "We", createdAt: f.now, expiresAt: f.at(60))
        #expect(try await invitations.insert(other, hash: "x", in: f.ours) == .unknownDevice)
    }

    @Test(arguments: TestDatabase.kinds) func `who may not invite any more, or so many, does not`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), store = f.store, owner = try await owner(f), admin = try await joined(f, "admin", .admin)
        func invite(_ hash: String, _ role: Role, by user: User) async throws -> Invitations.Insertion {
            let invitation = Invitation(
                id: InvitationID(trusted: "i \(hash)"), role: role, devices: .all, email: nil, invitedBy: user.id, inviter: "We", createdAt: f.now,
                expiresAt: f.at(600))
            return try await store.invitations.insert(invitation, hash: hash, in: f.ours)
        }
        #expect(try await invite("a", .owner, by: admin) == .forbidden)
        #expect(try await invite("b", .admin, by: admin) == .stored)
        // They had asked, and were lowered before it was written.
        guard case .done = try await store.memberships.change(
            admin.id, .assign(role: .member, devices: nil), by: owner.id, in: f.ours, now: f.at(1))
        else { return #expect(Bool(false)) }
        #expect(try await invite("c", .viewer, by: admin) == .forbidden)
        #expect(try await invite("d", .viewer, by: try await guest(f)) == .forbidden)
        #expect(try await store.invitations.list(in: f.ours, now: f.now).isEmpty)
        // At once as well.
        for number in 0..<195 { #expect(try await invite("n \(number)", .viewer, by: owner) == .stored) }
        let answers = try await withThrowingTaskGroup(of: Invitations.Insertion.self) { group in
            for number in 0..<10 { group.addTask { try await invite("m \(number)", .viewer, by: owner) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == .stored } == 5 && answers.count { $0 == .tooMany } == 5)
    }

    @Test(arguments: TestDatabase.kinds) func `who is removed keeps nothing in the account`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), store = f.store, owner = try await owner(f), admin = try await joined(f, "admin", .admin)
        for account in [admin.account, try await guest(f, "admin").account] {
            let signIn = SignIn(
                id: SignInID(trusted: "s \(account)"), user: admin.id, account: account, createdAt: f.now, usedAt: f.now, address: nil, agent: nil,
                expiresAt: f.at(600))
            _ = try await store.signIns.begin(
                signIn, TokenPair(family: "f \(account)", access: "a \(account)", accessExpiresAt: f.at(60), refresh: "r \(account)", refreshExpiresAt: f.at(600)))
        }
        let target = AlertTarget(device: f.device, channel: .email, address: admin.email, createdAt: f.now)
        try await store.targets.link(target, in: f.ours, now: f.now)
        _ = try await invited(f, "by admin", by: admin)
        let pairing = Pairing(id: PairingID(trusted: "p"), maker: admin.id, now: f.now)
        #expect(try await store.pairings.insert(pairing, secretHash: "s", codeHash: "c", in: f.ours))
        guard case .done(let before, nil) = try await store.memberships.change(admin.id, .remove, by: owner.id, in: f.ours, now: f.at(2)) else {
            Issue.record("not removed")
            return
        }
        #expect(before.role == .admin)
        #expect(try await store.memberships.find(admin.id, in: f.ours) == nil)
        #expect(try await store.signIns.list(of: admin.id, now: f.now).map(\.account) == [try await guest(f, "admin").account])
        #expect(try await store.signIns.principal(accessHash: "a \(f.ours.account)", now: f.now) == .unknown)
        #expect(try await store.targets.list(device: f.device, in: f.ours).isEmpty)
        #expect(try await store.invitations.list(in: f.ours, now: f.now).isEmpty)
        #expect(try await store.pairings.find(pairing.id, in: f.ours) == nil)
        #expect(try await store.memberships.change(admin.id, .remove, by: owner.id, in: f.ours, now: f.at(3)) == .unknown)
    }

    @Test(arguments: TestDatabase.kinds) func `what somebody sees is changed, and their mail with it`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), store = f.store, owner = try await owner(f), other = DeviceID(trusted: "phone-2")
        _ = try await store.devices.register(other, label: "Door", in: f.ours, now: f.now)
        let member = try await joined(f, "member", .member)
        for device in [f.device, other] {
            try await store.targets.link(AlertTarget(device: device, channel: .email, address: member.email, createdAt: f.now), in: f.ours, now: f.now)
        }
        func change(_ change: MembershipChange) async throws -> Memberships.Change {
            try await store.memberships.change(member.id, change, by: owner.id, in: f.ours, now: f.at(2))
        }
        #expect(try await change(.assign(role: nil, devices: .only([DeviceID(trusted: "nothing")]))) == .unknownDevice)
        guard case .done(_, let changed?) = try await change(.assign(role: .viewer, devices: .only([other]))) else {
            Issue.record("not changed")
            return
        }
        #expect(try await store.memberships.find(member.id, in: f.ours) == changed)
        #expect(changed.role == .viewer && changed.devices == .only([other]))
        #expect(try await store.targets.list(device: f.device, in: f.ours).isEmpty)
        #expect(try await store.targets.list(device: other, in: f.ours).count == 1)
        guard case .done(_, let raised?) = try await change(.assign(role: .admin, devices: nil)) else {
            Issue.record("not changed")
            return
        }
        #expect(raised.devices == .all)
        #expect(try await store.memberships.find(member.id, in: f.ours)?.devices == .all)
    }

    @Test(arguments: TestDatabase.kinds) func `two owners who lower each other at once leave one`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), memberships = f.store.memberships, first = try await owner(f)
        let second = try await joined(f, "second", .owner)
        async let a = memberships.change(second.id, .assign(role: .member, devices: nil), by: first.id, in: f.ours, now: f.at(2))
        async let b = memberships.change(first.id, .assign(role: .member, devices: nil), by: second.id, in: f.ours, now: f.at(2))
        let answers = try await [a, b]
        #expect(answers.filter { $0 == .refused(.forbidden) }.count == 1)
        #expect(try await memberships.list(in: f.ours).filter { $0.role == .owner }.count == 1)
        // And two who leave.
        let left = try #require(try await memberships.list(in: f.ours).first { $0.role == .owner }).user
        let third = try await joined(f, "third", .owner, by: left), owners = try await memberships.list(in: f.ours).filter { $0.role == .owner }.map(\.user.id)
        #expect(owners.count == 2 && owners.contains(third.id))
        async let c = memberships.change(owners[0], .leave, by: owners[0], in: f.ours, now: f.at(3))
        async let d = memberships.change(owners[1], .leave, by: owners[1], in: f.ours, now: f.at(3))
        let leaving = try await [c, d]
        #expect(leaving.filter { $0 == .refused(.lastOwner) }.count == 1)
        #expect(try await memberships.list(in: f.ours).filter { $0.role == .owner }.count == 1)
    }

    @Test(arguments: TestDatabase.kinds) func `a device is renamed and gets its token in one`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), devices = f.store.devices
        #expect(try await devices.rename(f.device, to: "Door", in: f.ours, now: f.now)?.label == "Door")
        #expect(try await devices.rename(DeviceID(trusted: "nothing"), to: "Door", in: f.ours, now: f.now) == nil)
        #expect(try await devices.rename(f.device, to: "x", in: AccountScope(f.ours.account, devices: .only([])), now: f.now) == nil)
        #expect(try await devices.find(f.device, in: f.theirs)?.label == "Hall")
        _ = try await devices.register(f.device, label: "Door", tokenHash: "h1", in: f.ours, now: f.now)
        #expect(try await f.store.deviceTokens.contains(f.device, in: f.ours))
        #expect(try await !f.store.deviceTokens.contains(f.device, in: f.theirs))
        _ = try await devices.register(f.device, label: "Door", tokenHash: "h2", in: f.ours, now: f.now)
        #expect(try await f.store.deviceTokens.principal(hash: "h1") == nil)
        #expect(try await f.store.deviceTokens.principal(hash: "h2") != nil)
    }
}
