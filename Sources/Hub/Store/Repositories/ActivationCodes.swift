// Codes by which many phones become cameras, of which hashes are kept, and who has used them.

public import Domain

public struct ActivationCodes: Sendable {
    let database: Database

    /// - Parameter hash: SHA-256 of the code, hexadecimal.
    public func insert(_ code: ActivationCode, hash: String, in scope: AccountScope) async throws {
        try await database.write(in: scope) { session in
            _ = try session.query(
                """
                INSERT INTO activation_codes (id, account_id, hash, label, uses, used, created_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    .text(code.id.rawValue), .text(scope.account.rawValue), .text(hash), .text(code.label), .integer(Int64(code.uses)),
                    .integer(Int64(code.used)), .integer(code.createdAt.milliseconds), .integer(code.expiresAt.milliseconds),
                ])
        }
    }

    /// The newest first, with their redemptions; those that are over too.
    public func list(in scope: AccountScope, page: Page) async throws -> Paged<(code: ActivationCode, redemptions: [Redemption])> {
        let start = try PagePosition(cursor: page.cursor)
        let rows = try await database.read(in: scope) { session in
            var list: [(code: ActivationCode, redemptions: [Redemption])] = []
            for row in try session.query(
                """
                SELECT * FROM activation_codes WHERE account_id = $1 AND (created_at < $2 OR (created_at = $2 AND id < $3))
                ORDER BY created_at DESC, id DESC LIMIT $4
                """, [.text(scope.account.rawValue), .integer(start.time), .text(start.id), .integer(Int64(page.limit + 1))],
                table: "activation_codes")
            {
                let code = try ActivationCode(row)
                let redemptions = try session.query(
                    "SELECT * FROM redemptions WHERE account_id = $1 AND code_id = $2 ORDER BY at, device_id",
                    [.text(scope.account.rawValue), .text(code.id.rawValue)], table: "redemptions"
                ).map { try Redemption($0) }
                list.append((code, redemptions))
            }
            return list
        }
        return page.paged(rows) { PagePosition(time: $0.code.createdAt, id: $0.code.id.rawValue) }
    }

    /// Nobody can use it any more; who has, stays.
    ///
    /// - Returns: the code; `nil` when there is none, or it was revoked before.
    public func revoke(_ id: ActivationCodeID, in scope: AccountScope, now: Timestamp) async throws -> ActivationCode? {
        try await database.write(in: scope) { session in
            let rows = try session.query(
                "SELECT * FROM activation_codes WHERE account_id = $1 AND id = $2 \(session.dialect.forUpdate)",
                [.text(scope.account.rawValue), .text(id.rawValue)], table: "activation_codes")
            guard let row = rows.first else { return nil }
            var code = try ActivationCode(row)
            guard code.revoke(now: now) else { return nil }
            try session.query(
                "UPDATE activation_codes SET revoked_at = $2 WHERE id = $1", [.text(id.rawValue), .integer(now.milliseconds)])
            return code
        }
    }

    /// Makes a phone a camera of the account whose code it has shown. The code is the proof.
    ///
    /// - Parameters:
    ///   - device: the id of the new device.
    ///   - tokenHash: of its token.
    /// - Returns: `nil` when there is none of that hash that is still good.
    public func redeem(
        hash: String, device: DeviceID, label: String, tokenHash: String, address: String?, now: Timestamp
    ) async throws -> (code: ActivationCode, device: Device, scope: AccountScope)? {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                "SELECT * FROM activation_codes WHERE hash = $1 \(session.dialect.forUpdate)", [.text(hash)], table: "activation_codes")
            guard let row = rows.first else { return nil }
            var code = try ActivationCode(row)
            do throws(ActivationCode.Refusal) {
                try code.redeem(now: now)
            } catch {
                return nil
            }
            let scope = AccountScope(AccountID(trusted: try row.text("account_id")))
            try session.query(
                "UPDATE activation_codes SET used = $2 WHERE id = $1", [.text(code.id.rawValue), .integer(Int64(code.used))])
            let made = try Devices.register(device, label: label, in: scope, now: now, session)
            try DeviceTokens.set(tokenHash, for: device, in: scope, now: now, session)
            try session.query(
                "INSERT INTO redemptions (account_id, code_id, at, device_id, label, address) VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    .text(scope.account.rawValue), .text(code.id.rawValue), .integer(now.milliseconds), .text(device.rawValue), .text(label),
                    .optional(address),
                ])
            return (code, made, scope)
        }
    }
}

extension ActivationCode {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: ActivationCodeID(trusted: try row.text("id")), label: try row.text("label"), uses: Int(try row.integer("uses")),
            used: Int(try row.integer("used")), createdAt: Timestamp(milliseconds: try row.integer("created_at")),
            expiresAt: Timestamp(milliseconds: try row.integer("expires_at")), revokedAt: try row.time("revoked_at"))
    }
}

extension Redemption {
    init(_ row: Row) throws(StoreError) {
        self.init(
            at: Timestamp(milliseconds: try row.integer("at")), device: DeviceID(trusted: try row.text("device_id")), label: try row.text("label"),
            address: try row.optionalText("address"))
    }
}
