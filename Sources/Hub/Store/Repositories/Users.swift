// Users and their tokens, of which only hashes are kept.

public import Domain
import Runtime

public struct Users: Sendable {
    let database: Database

    public enum TokenState: Hashable, Sendable {
        case valid(User, expiresAt: Timestamp)
        case expired
        case unknown
    }

    /// The user of an address; a new one comes with an account of their own.
    ///
    /// - Parameter email: lower-cased.
    public nonisolated(nonsending) func findOrCreate(email: String, now: Timestamp) async throws -> User {
        try await database.write { session in
            if let row = try session.query("SELECT * FROM users WHERE email = $1", [.text(email)], table: "users").first {
                return try User(row)
            }
            let user = User(
                id: UserID(trusted: makeUUIDv7(milliseconds: now.milliseconds)),
                account: AccountID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), email: email, createdAt: now)
            try session.query(
                "INSERT INTO users (id, account_id, email, created_at) VALUES ($1, $2, $3, $4)",
                [.text(user.id.rawValue), .text(user.account.rawValue), .text(email), .integer(now.milliseconds)])
            return user
        }
    }

    /// Everybody who belongs to the account.
    public func list(in scope: AccountScope) async throws -> [User] {
        try await database.read { session in
            try session.query("SELECT * FROM users WHERE account_id = $1 ORDER BY created_at, id", [.text(scope.account.rawValue)], table: "users")
                .map { try User($0) }
        }
    }

    /// - Parameter hash: SHA-256 of the token, hexadecimal.
    public func issueToken(user: UserID, hash: String, now: Timestamp, expiresAt: Timestamp) async throws {
        try await database.write { session in
            // Long expired ones are of no use, not even for telling "expired" from "unknown".
            try session.query("DELETE FROM tokens WHERE expires_at < $1", [.integer(now.milliseconds - 30 * 86_400_000)])
            try session.query(
                "INSERT INTO tokens (hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
                [.text(hash), .text(user.rawValue), .integer(now.milliseconds), .integer(expiresAt.milliseconds)])
        }
    }

    public nonisolated(nonsending) func token(hash: String, now: Timestamp) async throws -> TokenState {
        try await database.read { session in
            let rows = try session.query(
                "SELECT users.*, tokens.expires_at FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.hash = $1", [.text(hash)],
                table: "tokens")
            guard let row = rows.first else { return .unknown }
            let expiresAt = Timestamp(milliseconds: try row.integer("expires_at"))
            return now < expiresAt ? .valid(try User(row), expiresAt: expiresAt) : .expired
        }
    }

    public func revokeToken(hash: String) async throws {
        try await database.write { session in _ = try session.query("DELETE FROM tokens WHERE hash = $1", [.text(hash)]) }
    }
}

extension User {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: UserID(trusted: try row.text("id")), account: AccountID(trusted: try row.text("account_id")), email: try row.text("email"),
            createdAt: Timestamp(milliseconds: try row.integer("created_at")))
    }
}
