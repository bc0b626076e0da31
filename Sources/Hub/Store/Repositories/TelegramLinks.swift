// The one-time tokens by which chats are linked to devices.

public import Domain

public struct TelegramLinks: Sendable {
    let database: Database

    public enum Completion: Hashable, Sendable {
        case linked(AccountScope, AlertTarget)
        /// The token was used before.
        case alreadyLinked
        case expired
        case unknown
    }

    /// - Parameter tokenHash: SHA-256 of the one-time token, hexadecimal.
    public func startLink(_ attempt: TelegramLinkAttempt, tokenHash: String) async throws {
        try await database.write(reaching: .everybody) { session in
            // Long expired ones are of no use, not even for telling "expired" from "unknown".
            try session.query(
                "DELETE FROM telegram_links WHERE expires_at < $1", [.integer(attempt.createdAt.milliseconds - 30 * 86_400_000)])
            _ = try session.query(
                """
                INSERT INTO telegram_links (id, account_id, device_id, token_hash, created_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                [
                    .text(attempt.id.rawValue), .text(attempt.account.rawValue), .text(attempt.device.rawValue), .text(tokenHash),
                    .integer(attempt.createdAt.milliseconds), .integer(attempt.expiresAt.milliseconds),
                ])
        }
    }

    public func attempt(_ id: LinkAttemptID, device: DeviceID, in scope: AccountScope) async throws -> TelegramLinkAttempt? {
        try await database.read(in: scope) { session in
            try session.query(
                "SELECT * FROM telegram_links WHERE account_id = $1 AND id = $2 AND device_id = $3",
                [.text(scope.account.rawValue), .text(id.rawValue), .text(device.rawValue)], table: "telegram_links"
            ).first.map { try TelegramLinkAttempt($0) }
        }
    }

    /// A chat showed a token. The token is the proof, whosever account it is.
    public func completeLink(tokenHash: String, chat: String, username: String?, now: Timestamp) async throws -> Completion {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query("SELECT * FROM telegram_links WHERE token_hash = $1 \(session.dialect.forUpdate)", [.text(tokenHash)], table: "telegram_links")
            guard let row = rows.first else { return .unknown }
            let attempt = try TelegramLinkAttempt(row)
            switch attempt.status(at: now) {
            case .ready: return .alreadyLinked
            case .expired: return .expired
            case .pending: break
            }
            try session.query(
                "UPDATE telegram_links SET linked_at = $2, chat = $3 WHERE id = $1",
                [.text(attempt.id.rawValue), .integer(now.milliseconds), .text(chat)])
            let target = AlertTarget(device: attempt.device, channel: .telegram, address: chat, name: username, createdAt: now)
            try AlertTargets.link(target, in: AccountScope(attempt.account), now: now, session)
            return .linked(AccountScope(attempt.account), target)
        }
    }
}

extension TelegramLinkAttempt {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: LinkAttemptID(trusted: try row.text("id")), account: AccountID(trusted: try row.text("account_id")),
            device: DeviceID(trusted: try row.text("device_id")), createdAt: Timestamp(milliseconds: try row.integer("created_at")),
            expiresAt: Timestamp(milliseconds: try row.integer("expires_at")), linkedAt: try row.time("linked_at"),
            chat: try row.optionalText("chat"))
    }
}
