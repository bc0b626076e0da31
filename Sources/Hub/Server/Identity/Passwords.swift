// What is done with passwords: rules, hashes, and asking for them again.

import Credentials
import Domain
import Runtime
import Store

struct Passwords: Sendable {
    let store: Store
    let hasher: PasswordHasher
    let attempts: AttemptGuard

    /// - Throws: 400 where somebody would guess it soon.
    static func check(_ password: String, field: String = "password", email: String) throws(APIError) {
        if let refusal = PasswordPolicy.refusal(of: password, email: email) { throw .invalid(field, refusal.description) }
    }

    func hash(_ password: String) async throws -> String { try await hasher.hash(password).phc }

    /// Whether it is the one of `phc`. Without one it takes as long to say no.
    func matches(_ password: String, _ phc: String?) async throws -> Bool {
        guard let phc else {
            try await hasher.verifyNothing(password)
            return false
        }
        return try await hasher.verify(password, against: try PasswordHash(phc: phc))
    }

    /// Once a password has shown to be right: a hash with today's parameters in the place of one with others.
    func refreshHash(_ password: String, _ phc: String, of user: UserID) async throws {
        guard try PasswordHash(phc: phc).needsRehash(hasher.parameters) else { return }
        try await store.users.replaceHash(phc, with: try await hash(password), of: user)
    }

    /// Asks a person who is signed in for the password again: a phone that lies around unlocked shall not be enough.
    ///
    /// - Parameter password: `nil` where none was given, which is right for who has none.
    /// - Returns: what they sign in with.
    func confirm(_ password: String?, _ field: String, of user: User, by caller: Caller) async throws -> UserCredentials {
        guard let credentials = try await store.users.credentials(of: user.id) else { throw APIError.invalidToken }
        guard let phc = credentials.passwordHash else { return credentials }
        guard let password else { throw APIError.missing(field) }
        let attempt = try attempts.attempt(.signIn, by: caller, on: user.email)
        do {
            guard try await matches(password, phc) else { throw APIError.wrongPassword(field) }
        } catch {
            if !(error is APIError) { attempt.withdraw() }
            throw error
        }
        attempt.succeeded()
        return credentials
    }
}
