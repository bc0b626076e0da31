// A person's sign-ins and their tokens, of which only hashes are kept.

public import Domain

/// That somebody has signed in somewhere: what a refresh token stands for.
public struct SignIn: Hashable, Sendable {
    public let id: SignInID
    public let user: UserID
    public let account: AccountID
    public let createdAt: Timestamp
    public let usedAt: Timestamp
    public let address: String?
    public let agent: String?
    public let expiresAt: Timestamp

    public init(
        id: SignInID, user: UserID, account: AccountID, createdAt: Timestamp, usedAt: Timestamp, address: String?, agent: String?,
        expiresAt: Timestamp
    ) {
        self.id = id
        self.user = user
        self.account = account
        self.createdAt = createdAt
        self.usedAt = usedAt
        self.address = address
        self.agent = agent
        self.expiresAt = expiresAt
    }
}

/// Hashes of tokens (SHA-256, hexadecimal) and until when they are valid.
public struct TokenPair: Hashable, Sendable {
    /// Of the secret that all refresh tokens of a sign-in have in common, by which one that was spent long ago is still known.
    public let family: String
    public let access: String
    public let accessExpiresAt: Timestamp
    public let refresh: String
    public let refreshExpiresAt: Timestamp

    public init(family: String, access: String, accessExpiresAt: Timestamp, refresh: String, refreshExpiresAt: Timestamp) {
        self.family = family
        self.access = access
        self.accessExpiresAt = accessExpiresAt
        self.refresh = refresh
        self.refreshExpiresAt = refreshExpiresAt
    }
}

public struct SignIns: Sendable {
    let database: Database

    public enum TokenState: Hashable, Sendable {
        case valid(Principal, expiresAt: Timestamp)
        case expired
        case unknown
    }

    public enum Rotation: Hashable, Sendable {
        case rotated(SignIn)
        case unknown
        /// The token was used long before: somebody else has a copy. The sign-in is gone.
        case reused(SignIn)
    }

    /// What must still be so when a sign-in begins.
    public enum Premise: Hashable, Sendable {
        case none
        /// The password that was shown, and took its time to be looked at, is the one that was set then.
        case password(setAt: Timestamp?)
        /// There is this one of theirs, which ends with it.
        case replacing(SignInID)
    }

    /// - Returns: whether the premise holds; nothing is changed where it does not.
    public func begin(_ signIn: SignIn, _ tokens: TokenPair, if premise: Premise = .none) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            guard try Self.holds(premise, for: signIn, session) else { return false }
            // Long expired ones are of no use, not even for telling "expired" from "unknown".
            let limit = SQLValue.integer(signIn.createdAt.milliseconds - 86_400_000)
            try session.query("DELETE FROM access_tokens WHERE expires_at < $1", [limit])
            try session.query(
                """
                DELETE FROM sign_ins WHERE expires_at < $1
                AND NOT EXISTS (SELECT 1 FROM access_tokens WHERE access_tokens.sign_in_id = sign_ins.id)
                """, [limit])
            try Self.insert(signIn, tokens, session)
            return true
        }
    }

    /// From here to the transaction's end nobody else changes the password or ends sign-ins. What the premise ends has ended.
    private static func holds(_ premise: Premise, for signIn: SignIn, _ session: borrowing Database.Session) throws(StoreError) -> Bool {
        if premise == .none { return true }
        let user = signIn.user
        // The account, which the new row refers to, before the person: the order of whoever changes memberships.
        try session.query("SELECT id FROM accounts WHERE id = $1 \(session.dialect.forReference)", [.text(signIn.account.rawValue)])
        guard let row = try Users.lock(user, session) else { return false }
        switch premise {
        case .none: return true
        case .password(let setAt): return try row.time("password_changed_at") == setAt
        case .replacing(let old):
            guard try !session.query("SELECT id FROM sign_ins WHERE id = $1 AND user_id = $2", [.text(old.rawValue), .text(user.rawValue)]).isEmpty
            else { return false }
            try end([old], session)
            return true
        }
    }

    static func insert(_ signIn: SignIn, _ tokens: TokenPair, _ session: borrowing Database.Session) throws(StoreError) {
        try session.query(
            """
            INSERT INTO sign_ins (id, user_id, account_id, created_at, used_at, address, agent, refresh_hash, rotated_at, expires_at, family_hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $4, $9, $10)
            """,
            [
                .text(signIn.id.rawValue), .text(signIn.user.rawValue), .text(signIn.account.rawValue), .integer(signIn.createdAt.milliseconds),
                .integer(signIn.usedAt.milliseconds), .optional(signIn.address), .optional(signIn.agent), .text(tokens.refresh),
                .integer(tokens.refreshExpiresAt.milliseconds), .text(tokens.family),
            ])
        try insertAccess(tokens, signIn.id, now: signIn.createdAt, session)
    }

    private static func insertAccess(
        _ tokens: TokenPair, _ id: SignInID, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            "INSERT INTO access_tokens (hash, sign_in_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            [.text(tokens.access), .text(id.rawValue), .integer(now.milliseconds), .integer(tokens.accessExpiresAt.milliseconds)])
    }

    /// Who an access token stands for.
    public nonisolated(nonsending) func principal(accessHash: String, now: Timestamp) async throws -> TokenState {
        try await database.read(reaching: .everybody) { session in
            let rows = try session.query(
                """
                SELECT users.id, users.email, users.name, users.created_at, memberships.account_id, memberships.role, memberships.all_devices,
                access_tokens.expires_at, access_tokens.sign_in_id
                FROM access_tokens JOIN sign_ins ON sign_ins.id = access_tokens.sign_in_id JOIN users ON users.id = sign_ins.user_id
                JOIN memberships ON memberships.account_id = sign_ins.account_id AND memberships.user_id = sign_ins.user_id
                WHERE access_tokens.hash = $1
                """, [.text(accessHash)], table: "access_tokens")
            guard let row = rows.first else { return .unknown }
            let expiresAt = Timestamp(milliseconds: try row.integer("expires_at"))
            guard now < expiresAt else { return .expired }
            let user = try User(row)
            guard let role = Role(rawValue: try row.text("role")) else { throw row.unreadable("role") }
            let devices = try Memberships.devices(of: user.id, account: user.account, all: try row.integer("all_devices") != 0, session)
            return .valid(
                Principal(user, role: role, devices: devices, signIn: SignInID(trusted: try row.text("sign_in_id"))), expiresAt: expiresAt)
        }
    }

    /// Another pair for a refresh token. The token of before is taken for `graceSeconds`, since its answer may have been lost, or two tabs were
    /// as fast as each other. Any other of the family, however old, is a copy in other hands, and the sign-in ends.
    ///
    /// - Parameters:
    ///   - family: the hash of what it has in common with the others of its sign-in; `nil` for one that was given before there was such a thing.
    ///   - tokens: of the same family, or of one that begins here.
    public func rotate(
        _ refreshHash: String, family: String?, to tokens: TokenPair, graceSeconds: Double, now: Timestamp
    ) async throws -> Rotation {
        try await database.write(reaching: .everybody) { session in
            let rows = try session.query(
                "SELECT * FROM sign_ins WHERE \(family == nil ? "refresh_hash = $1 OR previous_hash = $1" : "family_hash = $1") \(session.dialect.forUpdate)",
                [.text(family ?? refreshHash)], table: "sign_ins")
            guard let row = rows.first else { return .unknown }
            let signIn = try SignIn(row)
            guard now < signIn.expiresAt else { return .unknown }
            let rotatedAt = Timestamp(milliseconds: try row.integer("rotated_at"))
            let isCurrent = try row.text("refresh_hash") == refreshHash
            let isRepeat = try row.optionalText("previous_hash") == refreshHash && now.seconds(since: rotatedAt) <= graceSeconds
            guard isCurrent || isRepeat else {
                try Self.end([signIn.id], session)
                return .reused(signIn)
            }
            // A repeat keeps the hash that it came with: the pair that got lost is of no use to anybody else.
            try session.query(
                """
                UPDATE sign_ins SET refresh_hash = $2, previous_hash = $3, rotated_at = $4, used_at = $5, expires_at = $6, family_hash = $7
                WHERE id = $1
                """,
                [
                    .text(signIn.id.rawValue), .text(tokens.refresh), .text(refreshHash),
                    .integer(isCurrent ? now.milliseconds : rotatedAt.milliseconds), .integer(now.milliseconds),
                    .integer(tokens.refreshExpiresAt.milliseconds), .text(tokens.family),
                ])
            try Self.insertAccess(tokens, signIn.id, now: now, session)
            // Other tabs go on with those of before for a while; nobody has more than a few.
            try session.query(
                """
                DELETE FROM access_tokens WHERE sign_in_id = $1 AND hash NOT IN (
                    SELECT hash FROM access_tokens WHERE sign_in_id = $1 ORDER BY created_at DESC, hash = $2 DESC LIMIT 16)
                """, [.text(signIn.id.rawValue), .text(tokens.access)])
            return .rotated(signIn)
        }
    }

    /// Newest first.
    public func list(of user: UserID, now: Timestamp) async throws -> [SignIn] {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                "SELECT * FROM sign_ins WHERE user_id = $1 AND expires_at > $2 ORDER BY used_at DESC, id DESC",
                [.text(user.rawValue), .integer(now.milliseconds)], table: "sign_ins"
            ).map { try SignIn($0) }
        }
    }

    /// Ends one. `false` when the person has no such sign-in.
    public func end(_ id: SignInID, of user: UserID) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            _ = try Users.lock(user, session)
            let rows = try session.query(
                "SELECT id FROM sign_ins WHERE id = $1 AND user_id = $2 \(session.dialect.forUpdate)", [.text(id.rawValue), .text(user.rawValue)])
            guard !rows.isEmpty else { return false }
            try Self.end([id], session)
            return true
        }
    }

    /// Ends all of a person but one, or those in one account.
    ///
    /// - Returns: the ended ones.
    public func endAll(of user: UserID, except kept: SignInID? = nil, account: AccountID? = nil) async throws -> [SignInID] {
        try await database.write(reaching: .everybody) { session in try Self.endAll(of: user, except: kept, account: account, session) }
    }

    static func endAll(
        of user: UserID, except kept: SignInID? = nil, account: AccountID? = nil, _ session: borrowing Database.Session
    ) throws(StoreError) -> [SignInID] {
        // One that takes the place of another waits until this is over, and finds that it is.
        _ = try Users.lock(user, session)
        var ended: [SignInID] = []
        for row in try session.query(
            "SELECT id, account_id FROM sign_ins WHERE user_id = $1 \(session.dialect.forUpdate)", [.text(user.rawValue)], table: "sign_ins")
        {
            let id = SignInID(trusted: try row.text("id")), owner = AccountID(trusted: try row.text("account_id"))
            guard id != kept, account == nil || owner == account else { continue }
            ended.append(id)
        }
        try end(ended, session)
        return ended
    }

    static func end(_ ids: [SignInID], _ session: borrowing Database.Session) throws(StoreError) {
        for id in ids {
            try session.query("DELETE FROM access_tokens WHERE sign_in_id = $1", [.text(id.rawValue)])
            try session.query("DELETE FROM sign_ins WHERE id = $1", [.text(id.rawValue)])
        }
    }
}

extension SignIn {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: SignInID(trusted: try row.text("id")), user: UserID(trusted: try row.text("user_id")),
            account: AccountID(trusted: try row.text("account_id")), createdAt: Timestamp(milliseconds: try row.integer("created_at")),
            usedAt: Timestamp(milliseconds: try row.integer("used_at")), address: try row.optionalText("address"),
            agent: try row.optionalText("agent"), expiresAt: Timestamp(milliseconds: try row.integer("expires_at")))
    }
}
