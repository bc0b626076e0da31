// Who did what, from where, when: for those who administer an account.

public import Domain
import Runtime

/// One line of the log.
public struct AuditEntry: Hashable, Sendable {
    public let id: String
    public let at: Timestamp
    /// `user`, `device`, `key`, `worker`, `operator`, or `nobody`.
    public let actorKind: String
    public let actorID: String?
    /// As they were called then.
    public let actorName: String?
    /// Such as `device.token.revoked`.
    public let action: String
    /// What it was done to.
    public let subject: String?
    /// From where.
    public let address: String?
    /// A short text for people; never a secret.
    public let detail: String?

    public init(
        at: Timestamp, actorKind: String, actorID: String?, actorName: String?, action: String, subject: String? = nil, address: String?,
        detail: String? = nil
    ) {
        id = makeUUIDv7(milliseconds: at.milliseconds)
        self.at = at
        self.actorKind = actorKind
        self.actorID = actorID
        self.actorName = actorName
        self.action = action
        self.subject = subject
        self.address = address
        self.detail = detail
    }
}

public struct AuditLog: Sendable {
    let database: Database

    public func add(_ entry: AuditEntry, in scope: AccountScope) async throws {
        try await database.write(in: scope) { session in try Self.add(entry, in: scope, session) }
    }

    static func add(_ entry: AuditEntry, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) {
        // Of an account that is being removed nothing is left.
        let account = SQLValue.text(scope.account.rawValue)
        guard try !session.query("SELECT id FROM accounts WHERE id = $1 \(session.dialect.forReference)", [account]).isEmpty else { return }
        try session.query(
            """
            INSERT INTO audit (id, account_id, at, actor_kind, actor_id, actor_name, action, subject, address, detail)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .text(entry.id), account, .integer(entry.at.milliseconds), .text(entry.actorKind), .optional(entry.actorID),
                .optional(entry.actorName), .text(entry.action), .optional(entry.subject), .optional(entry.address), .optional(entry.detail),
            ])
    }

    /// Newest first.
    public func list(in scope: AccountScope, page: Page) async throws -> Paged<AuditEntry> {
        let start = try PagePosition(cursor: page.cursor)
        let rows = try await database.read(in: scope) { session in
            try session.query(
                "SELECT * FROM audit WHERE account_id = $1 AND (at < $2 OR (at = $2 AND id < $3)) ORDER BY at DESC, id DESC LIMIT $4",
                [.text(scope.account.rawValue), .integer(start.time), .text(start.id), .integer(Int64(page.limit + 1))], table: "audit"
            ).map { try AuditEntry($0) }
        }
        return page.paged(rows) { PagePosition(time: $0.at, id: $0.id) }
    }
}

extension AuditEntry {
    init(_ row: Row) throws(StoreError) {
        id = try row.text("id")
        at = Timestamp(milliseconds: try row.integer("at"))
        actorKind = try row.text("actor_kind")
        actorID = try row.optionalText("actor_id")
        actorName = try row.optionalText("actor_name")
        action = try row.text("action")
        subject = try row.optionalText("subject")
        address = try row.optionalText("address")
        detail = try row.optionalText("detail")
    }
}
