// People. What they may see is in their memberships.

public import Domain
import Runtime

public struct Users: Sendable {
    let database: Database

    /// The person of an address, in the account that they joined first; a new one comes with an account of their own.
    ///
    /// - Parameter email: lower-cased.
    public nonisolated(nonsending) func findOrCreate(email: String, now: Timestamp) async throws -> User {
        try await database.write(reaching: .everybody) { session in try Self.findOrCreate(email: email, now: now, session) }
    }

    /// Whether there is anybody at all.
    public func isEmpty() async throws -> Bool {
        try await database.read(reaching: .everybody) { session in try session.query("SELECT id FROM users LIMIT 1").isEmpty }
    }

    // MARK: Inside a transaction

    static func findOrCreate(email: String, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) -> User {
        let known = try find(email: email, session)
        if let known, let membership = try Memberships.all(of: known.id, session).first { return membership.user }
        let account = AccountID(trusted: makeUUIDv7(milliseconds: now.milliseconds))
        let user = User(
            id: known?.id ?? UserID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), account: account, email: email, name: known?.name,
            createdAt: known?.createdAt ?? now)
        if known == nil { try insert(user, session) }
        try Accounts.insert(account, name: email, now: now, session)
        try Memberships.insert(Membership(user: user, role: .owner, devices: .all, createdAt: now), session)
        return user
    }

    /// Without an account: it has none of its own.
    static func find(email: String, _ session: borrowing Database.Session) throws(StoreError) -> User? {
        let rows = try session.query(
            "SELECT *, '' AS account_id FROM users WHERE email = $1 \(session.dialect.forUpdate)", [.text(email)], table: "users")
        guard let row = rows.first else { return nil }
        return try User(row)
    }

    static func insert(_ user: User, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query(
            "INSERT INTO users (id, email, name, created_at) VALUES ($1, $2, $3, $4)",
            [.text(user.id.rawValue), .text(user.email), .optional(user.name), .integer(user.createdAt.milliseconds)])
    }
}

extension User {
    /// - Parameter row: of `users`, with the `account_id` in which they act.
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: UserID(trusted: try row.text("id")), account: AccountID(trusted: try row.text("account_id")), email: try row.text("email"),
            name: try row.optionalText("name"), createdAt: Timestamp(milliseconds: try row.integer("created_at")))
    }
}
