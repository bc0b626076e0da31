import Domain
import Testing

struct PrincipalTests {
    private let account = AccountID(trusted: "a")

    @Test(arguments: Permission.forKeys) func `a key hears, and gets links, where it may look`(permission: Permission) {
        let key = Principal(APIKeyID(trusted: "k"), permissions: [permission], of: account)
        #expect((key.listener != nil) == (permission == .view))
        #expect(key.getsLinks == (permission == .view))
    }

    @Test func `a camera hears nothing of people, and neither does a worker, which gets links`() {
        let camera = Principal(DeviceID(trusted: "d"), of: account)
        #expect(camera.listener == nil && !camera.getsLinks)
        #expect(Principal.worker.listener == nil && Principal.worker.getsLinks)
        #expect(Principal.nobody.listener == nil && !Principal.nobody.getsLinks)
    }

    @Test(arguments: Role.allCases) func `a person hears whatever the role`(role: Role) {
        let user = User(id: UserID(trusted: "u"), account: account, email: "u@example.org", createdAt: Timestamp(milliseconds: 0))
        let person = Principal(user, role: role, signIn: nil)
        #expect(person.listener == user.id && person.getsLinks)
    }
}
