import Domain
import TestSupport
import Testing

@Suite(.mustEnd)
struct MembershipChangeTests {
    private func member(_ id: String, _ role: Role, _ devices: DeviceAccess = .all) -> Membership {
        let start = Timestamp(milliseconds: 0)
        let user = User(id: UserID(trusted: id), account: AccountID(trusted: "a"), email: "\(id)@example.org", createdAt: start)
        return Membership(user: user, role: role, devices: devices, createdAt: start)
    }

    private func refusal(_ change: MembershipChange, of target: Role, by actor: Role, owners: Int = 2) -> MembershipChange.Refusal? {
        do throws(MembershipChange.Refusal) {
            _ = try change.applied(to: member("t", target), by: member("x", actor), owners: owners)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Role.allCases, Role.allCases) func `owners change everybody, admins all but owners, others nobody`(actor: Role, target: Role) {
        let may = actor == .owner || actor == .admin && target != .owner
        #expect(refusal(.remove, of: target, by: actor) == (may ? nil : .forbidden))
        #expect(refusal(.assign(role: .viewer, devices: nil), of: target, by: actor) == (may ? nil : .forbidden))
        #expect(refusal(.assign(role: nil, devices: .all), of: target, by: actor) == (may ? nil : .forbidden))
        #expect(refusal(.assign(role: .owner, devices: nil), of: target, by: actor) == (actor == .owner ? nil : .forbidden))
    }

    @Test(arguments: Role.allCases) func `nobody changes themselves, but may leave`(role: Role) throws {
        let me = member("x", role)
        for change in [MembershipChange.remove, .assign(role: .viewer, devices: nil), .assign(role: nil, devices: .only([]))] {
            #expect(throws: MembershipChange.Refusal.own) { try change.applied(to: me, by: me, owners: 2) }
        }
        #expect(try MembershipChange.leave.applied(to: me, by: me, owners: 2) == nil)
    }

    @Test func `the last owner stays`() throws {
        let owner = member("x", .owner), admin = member("y", .admin)
        #expect(throws: MembershipChange.Refusal.lastOwner) { try MembershipChange.leave.applied(to: owner, by: owner, owners: 1) }
        #expect(try MembershipChange.leave.applied(to: admin, by: admin, owners: 1) == nil)
    }

    @Test func `cameras are shared with members and viewers; who becomes an admin sees all`() throws {
        let some = DeviceAccess.only([DeviceID(trusted: "d")]), owner = member("x", .owner)
        let shared = try MembershipChange.assign(role: nil, devices: some).applied(to: member("t", .viewer), by: owner, owners: 1)
        #expect(shared?.devices == some && shared?.role == .viewer)
        let raised = try MembershipChange.assign(role: .admin, devices: nil).applied(to: member("t", .viewer, some), by: owner, owners: 1)
        #expect(raised?.devices == .all && raised?.role == .admin)
        let lowered = try MembershipChange.assign(role: .member, devices: some).applied(to: member("t", .admin), by: owner, owners: 1)
        #expect(lowered?.devices == some && lowered?.role == .member)
        #expect(refusal(.assign(role: .admin, devices: some), of: .viewer, by: .owner) == .restrictedAdmin)
        #expect(refusal(.assign(role: nil, devices: some), of: .admin, by: .owner) == .restrictedAdmin)
        let same = try MembershipChange.assign(role: nil, devices: nil).applied(to: member("t", .viewer, some), by: owner, owners: 1)
        #expect(same == member("t", .viewer, some))
    }
}
