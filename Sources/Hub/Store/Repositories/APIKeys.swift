// Keys for integrations, of which hashes are kept.

public import Domain

public struct APIKey: Hashable, Sendable {
    public let id: APIKeyID
    public let name: String
    public let permissions: Set<Permission>
    /// Who made it.
    public let createdBy: UserID?
    public let createdAt: Timestamp
    /// `nil`: it does not end by itself.
    public let expiresAt: Timestamp?
    public let usedAt: Timestamp?

    public init(
        id: APIKeyID, name: String, permissions: Set<Permission>, createdBy: UserID?, createdAt: Timestamp, expiresAt: Timestamp?,
        usedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.permissions = permissions
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.usedAt = usedAt
    }
}

public struct APIKeys: Sendable {
    let database: Database

    /// When a key was used last is kept to the minute.
    private static let touchMilliseconds: Int64 = 60_000

    public func insert(_ key: APIKey, hash: String, in scope: AccountScope) async throws {
        try await database.write(in: scope) { session in
            _ = try session.query(
                """
                INSERT INTO api_keys (id, account_id, name, hash, permissions, created_by, created_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    .text(key.id.rawValue), .text(scope.account.rawValue), .text(key.name), .text(hash),
                    .text(key.permissions.map(\.rawValue).sorted().joined(separator: " ")), .optional(key.createdBy?.rawValue),
                    .integer(key.createdAt.milliseconds), .optional(key.expiresAt?.milliseconds),
                ])
        }
    }

    /// The newest first; those that have expired too.
    public func list(in scope: AccountScope) async throws -> [APIKey] {
        try await database.read(in: scope) { session in
            try session.query(
                "SELECT * FROM api_keys WHERE account_id = $1 ORDER BY created_at DESC, id DESC", [.text(scope.account.rawValue)],
                table: "api_keys"
            ).map { try APIKey($0) }
        }
    }

    /// The one that was removed; `nil` when there was none.
    public func remove(_ id: APIKeyID, in scope: AccountScope) async throws -> APIKey? {
        try await database.write(in: scope) { session in
            try session.query(
                "DELETE FROM api_keys WHERE account_id = $1 AND id = $2 RETURNING *", [.text(scope.account.rawValue), .text(id.rawValue)],
                table: "api_keys"
            ).first.map { try APIKey($0) }
        }
    }

    public nonisolated(nonsending) func principal(hash: String, now: Timestamp) async throws -> SignIns.TokenState {
        let found = try await database.read(reaching: .everybody) { session in
            try session.query("SELECT * FROM api_keys WHERE hash = $1", [.text(hash)], table: "api_keys").first.map {
                (key: try APIKey($0), account: AccountID(trusted: try $0.text("account_id")))
            }
        }
        guard let (key, account) = found else { return .unknown }
        if let expiresAt = key.expiresAt, now >= expiresAt { return .expired }
        if now.milliseconds - (key.usedAt?.milliseconds ?? 0) > Self.touchMilliseconds {
            try await database.write(reaching: .everybody) { session in
                _ = try session.query("UPDATE api_keys SET used_at = $2 WHERE id = $1", [.text(key.id.rawValue), .integer(now.milliseconds)])
            }
        }
        return .valid(Principal(key.id, permissions: key.permissions, of: account), expiresAt: key.expiresAt ?? Timestamp(milliseconds: .max))
    }
}

extension APIKey {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: APIKeyID(trusted: try row.text("id")), name: try row.text("name"),
            permissions: Set(try row.text("permissions").split(separator: " ").compactMap { Permission(rawValue: String($0)) }),
            createdBy: try row.optionalText("created_by").map { UserID(trusted: $0) },
            createdAt: Timestamp(milliseconds: try row.integer("created_at")), expiresAt: try row.time("expires_at"),
            usedAt: try row.time("used_at"))
    }
}
