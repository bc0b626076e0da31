// What devices and events belong to.

public import Domain

public struct Accounts: Sendable {
    let database: Database

    public func find(in scope: AccountScope) async throws -> Account? {
        try await database.read(in: scope) { session in
            try session.query("SELECT * FROM accounts WHERE id = $1", [.text(scope.account.rawValue)], table: "accounts").first.map { try Account($0) }
        }
    }

    /// All, for the operator.
    public func list() async throws -> [Account] {
        try await database.read(reaching: .everybody) { session in
            try session.query("SELECT * FROM accounts ORDER BY created_at, id", table: "accounts").map { try Account($0) }
        }
    }

    /// `nil` when there is no such account.
    public func rename(to name: String, in scope: AccountScope) async throws -> Account? {
        try await database.write(in: scope) { session in
            try session.query(
                "UPDATE accounts SET name = $2 WHERE id = $1 RETURNING *", [.text(scope.account.rawValue), .text(name)], table: "accounts"
            ).first.map { try Account($0) }
        }
    }

    /// Who changes what several rows of the account make together waits for others who do, until the transaction ends.
    static func lock(_ scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query("SELECT id FROM accounts WHERE id = $1 \(session.dialect.forUpdate)", [.text(scope.account.rawValue)])
    }

    /// A new one, with the plan that new ones get (`Plans.setInitial`).
    static func insert(_ id: AccountID, name: String, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query(
            """
            INSERT INTO accounts (id, name, plan, created_at)
            VALUES ($1, $2, COALESCE((SELECT value FROM settings WHERE name = $3), $4), $5)
            """,
            [.text(id.rawValue), .text(name), .text(Plans.initialSetting), .text(Plan.initial), .integer(now.milliseconds)])
    }
}

extension Account {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: AccountID(trusted: try row.text("id")), name: try row.text("name"), plan: try row.text("plan"),
            createdAt: Timestamp(milliseconds: try row.integer("created_at")))
    }
}
