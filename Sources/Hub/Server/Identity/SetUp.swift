// The first person of a hub.

import Credentials
import Domain
import Runtime
import Store

/// There is no default password: whoever has the link that the hub prints makes the owner.
struct SetUp: Sendable {
    let store: Store
    let signIns: SignInService
    let passwords: Passwords
    let attempts: AttemptGuard
    let clock: WallClock

    /// A new secret while there is nobody; those of before are of no use any more.
    static func open(_ store: Store) async throws -> Secret? {
        let secret = Crypto.randomToken()
        return try await store.users.openSetUp(secretHash: Authentication.hash(secret)) ? Secret(secret) : nil
    }

    func finish(
        secret: String, email: String, password: String, name: String?, accountName: String?, by caller: Caller
    ) async throws -> SignInService.Session {
        try Passwords.check(password, email: email)
        let attempt = try attempts.attempt(.setup, by: caller)
        // Not to be had for a secret that is wrong: hashing a password is dear.
        guard try await store.users.isEmpty() else { throw Self.done }
        let hash = Authentication.hash(secret)
        guard try await store.settings.value(Users.setupSecret).map({ Crypto.constantTimeEquals($0.utf8, hash.utf8) }) == true else {
            throw APIError.notFound("set-up")
        }
        attempt.succeeded()
        let new = NewUser(email: email, name: name, passwordHash: try await passwords.hash(password), accountName: accountName, isVerified: false)
        switch try await store.users.setUp(new, secretHash: hash, now: Timestamp(milliseconds: clock.milliseconds)) {
        case .done(let user): return try await signIns.begin(for: user, by: caller, how: "set-up of the hub")
        case .wrongSecret: throw APIError.notFound("set-up")
        case .over: throw Self.done
        }
    }

    private static let done = APIError(status: 404, code: "setup_done", message: "this hub has an owner already; sign in instead")
}
