// Codes by which phones become cameras. What is decided is in `Pairing`; here it happens to one at a time.

public import Domain

public struct Pairings: Sendable {
    let database: Database

    /// A pairing, and whose it is.
    public struct Found: Hashable, Sendable {
        public let pairing: Pairing
        public let scope: AccountScope
    }

    /// What was stored when the phone's turn came, and a device where it gets a token.
    public enum Given: Hashable, Sendable {
        case token(Found, Device)
        /// It waits, or was rejected, or nobody has answered in time.
        case none(Found)
        /// There is no such claim, or its token was fetched.
        case unknown
    }

    /// So many codes of an account may be open at a time.
    private static let maximumOpen = 32

    /// Hashes (SHA-256, hexadecimal) of the secret in the link and of the code that is typed.
    ///
    /// - Returns: `false` when too many of the account are open.
    public func insert(_ pairing: Pairing, secretHash: String, codeHash: String, in scope: AccountScope) async throws -> Bool {
        try await database.write(in: scope) { session in
            let now = pairing.createdAt.milliseconds
            // Long over: nobody asks any more.
            try session.query("DELETE FROM pairings WHERE expires_at < $1", [.integer(now - 3_600_000)])
            // A code is shown again only when nobody could type the one before.
            try session.query("UPDATE pairings SET secret_hash = NULL, code_hash = NULL WHERE expires_at <= $1", [.integer(now)])
            try Accounts.lock(scope, session)
            let open = try session.query(
                "SELECT id FROM pairings WHERE account_id = $1 AND stage IN ('waiting', 'claimed') AND expires_at > $2",
                [.text(scope.account.rawValue), .integer(now)])
            guard open.count < Self.maximumOpen else { return false }
            try session.query(
                """
                INSERT INTO pairings (id, account_id, made_by, secret_hash, code_hash, stage, created_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    .text(pairing.id.rawValue), .text(scope.account.rawValue), .text(pairing.maker.rawValue), .text(secretHash), .text(codeHash),
                    .text(pairing.stage.rawValue), .integer(now), .integer(pairing.expiresAt.milliseconds),
                ])
            return true
        }
    }

    public func find(_ id: PairingID, in scope: AccountScope) async throws -> Pairing? {
        try await database.read(in: scope) { session in try Self.find(id, in: scope, lock: "", session) }
    }

    /// Whose claim it is.
    public func find(claimHash: String) async throws -> Found? {
        try await database.read(reaching: .everybody) { session in
            try session.query("SELECT * FROM pairings WHERE claim_hash = $1", [.text(claimHash)], table: "pairings").first.map { try Found($0) }
        }
    }

    /// A phone has shown a secret or a code.
    ///
    /// - Parameters:
    ///   - hash: of either.
    ///   - claimHash: of what the phone will be known by.
    /// - Returns: `nil` when there is none that waits for a phone.
    public func claim(hash: String, by phone: Pairing.Phone, claimHash: String, now: Timestamp) async throws -> Found? {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                "SELECT * FROM pairings WHERE secret_hash = $1 OR code_hash = $1 \(session.dialect.forUpdate)", [.text(hash)], table: "pairings")
            guard let row = rows.first else { return nil }
            let found = try Found(row)
            var pairing = found.pairing
            do throws(Pairing.Refusal) {
                try pairing.claim(by: phone, now: now)
            } catch {
                return nil
            }
            // Neither can be used again.
            try session.query(
                "UPDATE pairings SET secret_hash = NULL, code_hash = NULL, claim_hash = $2 WHERE id = $1",
                [.text(pairing.id.rawValue), .text(claimHash)])
            let claimed = Found(pairing: pairing, scope: found.scope)
            try Self.store(claimed, now: now, session)
            return claimed
        }
    }

    public enum Decision: Hashable, Sendable {
        case done(Pairing)
        case refused(Pairing.Refusal)
        case unknown
    }

    /// Makes the phone that claimed it a device, or sends it away.
    ///
    /// - Parameter device: the id of the new device; `nil` rejects.
    public func decide(_ id: PairingID, _ device: DeviceID?, in scope: AccountScope, now: Timestamp) async throws -> Decision {
        try await database.write(in: scope) { session in
            guard var pairing = try Self.find(id, in: scope, lock: session.dialect.forUpdate, session) else { return .unknown }
            do throws(Pairing.Refusal) {
                try pairing.decide(device, now: now)
            } catch {
                return .refused(error)
            }
            if let device, let phone = pairing.phone { _ = try Devices.register(device, label: phone.label, in: scope, now: now, session) }
            try Self.store(Found(pairing: pairing, scope: scope), now: now, session)
            return .done(pairing)
        }
    }

    /// What became of a claim. Where it was confirmed, the device gets the token whose hash this is: it is made only now, so that it is nowhere in
    /// clear, and the hub may be restarted between the answer and the fetching.
    public func give(claimHash: String, tokenHash: String, now: Timestamp) async throws -> Given {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                "SELECT * FROM pairings WHERE claim_hash = $1 \(session.dialect.forUpdate)", [.text(claimHash)], table: "pairings")
            guard let row = rows.first else { return .unknown }
            let found = try Found(row)
            guard found.pairing.stage == .confirmed else { return .none(found) }
            var pairing = found.pairing
            let id: DeviceID
            do throws(Pairing.Refusal) {
                id = try pairing.give(now: now)
            } catch {
                return .unknown
            }
            // It may have been removed meanwhile.
            guard let device = try Devices.find(id, in: found.scope, session) else { return .unknown }
            let given = Found(pairing: pairing, scope: found.scope)
            try DeviceTokens.set(tokenHash, for: id, in: found.scope, now: now, session)
            try Self.store(given, now: now, session)
            return .token(given, device)
        }
    }

    // MARK: Inside a transaction

    /// Those of a person who has left.
    static func removeOpen(of maker: UserID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query(
            "DELETE FROM pairings WHERE account_id = $1 AND made_by = $2 AND stage IN ('waiting', 'claimed')",
            [.text(scope.account.rawValue), .text(maker.rawValue)])
    }

    private static func find(
        _ id: PairingID, in scope: AccountScope, lock: String, _ session: borrowing Database.Session
    ) throws(StoreError) -> Pairing? {
        let rows = try session.query(
            "SELECT * FROM pairings WHERE account_id = $1 AND id = $2 \(lock)", [.text(scope.account.rawValue), .text(id.rawValue)], table: "pairings")
        guard let row = rows.first else { return nil }
        return try Found(row).pairing
    }

    private static func store(_ found: Found, now: Timestamp, _ session: borrowing Database.Session) throws(StoreError) {
        let pairing = found.pairing
        try session.query(
            """
            UPDATE pairings SET stage = $2, label = $3, address = $4, agent = $5, word = $6, device_id = $7, expires_at = $8, given_at = $9
            WHERE id = $1
            """,
            [
                .text(pairing.id.rawValue), .text(pairing.stage.rawValue), .optional(pairing.phone?.label), .optional(pairing.phone?.address),
                .optional(pairing.phone?.agent), .optional(pairing.phone?.word), .optional(pairing.device?.rawValue),
                .integer(pairing.expiresAt.milliseconds), .optional(pairing.givenAt?.milliseconds),
            ])
        try Outbox.add(.pairingUpdated, pairing.id.rawValue, in: found.scope, now: now, session)
    }
}

extension Pairings.Found {
    init(_ row: Row) throws(StoreError) {
        guard let stage = Pairing.Stage(rawValue: try row.text("stage")) else { throw row.unreadable("stage") }
        var phone: Pairing.Phone?
        if let label = try row.optionalText("label") {
            phone = Pairing.Phone(
                label: label, address: try row.optionalText("address"), agent: try row.optionalText("agent"), word: try row.text("word"))
        }
        pairing = Pairing(
            id: PairingID(trusted: try row.text("id")), maker: UserID(trusted: try row.text("made_by")),
            createdAt: Timestamp(milliseconds: try row.integer("created_at")), expiresAt: Timestamp(milliseconds: try row.integer("expires_at")),
            stage: stage, phone: phone, device: try row.optionalText("device_id").map { DeviceID(trusted: $0) }, givenAt: try row.time("given_at"))
        scope = AccountScope(AccountID(trusted: try row.text("account_id")))
    }
}
