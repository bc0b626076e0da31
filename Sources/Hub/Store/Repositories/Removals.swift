// What is removed for good: events, devices, accounts, with every row that hangs on them.

public import Domain

/// All rows of a thing go in one transaction, and with them it is noted which folders have to go: the files follow, whatever happens in between.
public struct Removals: Sendable {
    let database: Database

    /// A folder of the clip storage that belongs to nothing any more.
    public struct Folder: Hashable, Sendable {
        public let scope: AccountScope
        /// `nil`: everything of the account.
        public let event: EventID?
        public let removedAt: Timestamp
    }

    /// What somebody has to be for an account to be removed.
    public enum AccountRight: Hashable, Sendable {
        case owner(UserID)
        /// An account goes with the last who belongs to it.
        case onlyPerson(UserID)
    }

    public enum AccountRemoval: Hashable, Sendable {
        case done
        /// There is no such account.
        case unknown
        /// They are not that, or not any more.
        case forbidden
    }

    /// - Returns: those that were there.
    public func events(_ ids: [EventID], in scope: AccountScope, now: Timestamp) async throws -> [EventID] {
        guard !ids.isEmpty else { return [] }
        return try await database.write(in: scope) { session in
            let places = (2...ids.count + 1).map { "$\($0)" }.joined(separator: ", ")
            let removed = try Self.events(" AND id IN (\(places))", ids.map { .text($0.rawValue) }, in: scope, now: now, session)
            // To whom it may be told goes by the device.
            for (id, device) in removed { try Outbox.add(.eventRemoved, id.rawValue, change: device.rawValue, in: scope, now: now, session) }
            return removed.map(\.id)
        }
    }

    /// - Returns: its events; `nil` when there is no such device.
    public func device(_ id: DeviceID, in scope: AccountScope, now: Timestamp) async throws -> [EventID]? {
        let key: [SQLValue] = [.text(scope.account.rawValue), .text(id.rawValue)]
        return try await database.write(in: scope) { session in
            // While these rows are held nothing that hangs on them can be added.
            guard scope.devices.contains(id),
                try !session.query("SELECT id FROM devices WHERE account_id = $1 AND id = $2 \(session.dialect.forUpdate)", key).isEmpty
            else { return nil }
            try session.query("SELECT id FROM sessions WHERE account_id = $1 AND device_id = $2 ORDER BY id \(session.dialect.forUpdate)", key)
            let removed = try Self.events(" AND device_id = $2", [key[1]], in: scope, now: now, session)
            for table in Self.tablesOfDevice { try session.query("DELETE FROM \(table) WHERE account_id = $1 AND device_id = $2", key) }
            try session.query("DELETE FROM devices WHERE account_id = $1 AND id = $2", key)
            try Outbox.add(.deviceRemoved, id.rawValue, in: scope, now: now, session)
            return removed.map(\.id)
        }
    }

    /// Everything of the account, and those of its people who belong to no other.
    ///
    /// - Parameter right: looked at here, since who belongs to it could have changed meanwhile.
    public func account(by right: AccountRight, in scope: AccountScope, now: Timestamp) async throws -> AccountRemoval {
        let account = [SQLValue.text(scope.account.rawValue)]
        // It reaches further: people may belong to other accounts, or to none any more.
        return try await database.write(reaching: .everybody) { session in
            // Whoever adds something that hangs on nothing else waits for this row.
            guard try !session.query("SELECT id FROM accounts WHERE id = $1 \(session.dialect.forUpdate)", account).isEmpty else { return .unknown }
            guard try Self.holds(right, in: scope, session) else { return .forbidden }
            for table in ["devices", "sessions"] {
                try session.query("SELECT id FROM \(table) WHERE account_id = $1 ORDER BY id \(session.dialect.forUpdate)", account)
            }
            _ = try Self.events("", [], in: scope, now: now, session)
            for table in Self.tablesOfDevice { try session.query("DELETE FROM \(table) WHERE account_id = $1", account) }
            try session.query("DELETE FROM access_tokens WHERE sign_in_id IN (SELECT id FROM sign_ins WHERE account_id = $1)", account)
            var people: [SQLValue] = []
            for row in try session.query("SELECT user_id FROM memberships WHERE account_id = $1", account) {
                people.append(.text(try row.text("user_id")))
            }
            for table in Self.tablesOfAccount { try session.query("DELETE FROM \(table) WHERE account_id = $1", account) }
            for person in people { try Self.user(person, session) }
            try session.query("DELETE FROM accounts WHERE id = $1", account)
            try session.query("DELETE FROM removed_folders WHERE folder > $1 || '/' AND folder < $1 || '0'", account)
            try session.query(
                "INSERT INTO removed_folders (folder, removed_at, is_clear) VALUES ($1, $2, 0)", account + [.integer(now.milliseconds)])
            return .done
        }
    }

    /// Somebody who belongs to no account any more, with everything that they signed in by. `false` for who still belongs to one.
    public func person(_ user: UserID) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            try Self.user(.text(user.rawValue), session)
            return try session.query("SELECT id FROM users WHERE id = $1", [.text(user.rawValue)]).isEmpty
        }
    }

    // MARK: Files

    /// Folders that may have files yet.
    public func left(limit: Int) async throws -> [Folder] {
        try await database.read(reaching: .everybody) { session in
            try session.query(
                "SELECT * FROM removed_folders WHERE is_clear = 0 ORDER BY removed_at LIMIT $1", [.integer(Int64(limit))], table: "removed_folders"
            ).map { try Folder($0) }
        }
    }

    /// Whether the event, or its account, was removed.
    public func isRemoved(_ event: EventID, in scope: AccountScope) async throws -> Bool {
        try await database.read(in: scope) { session in try Self.isRemoved(event, in: scope, session) }
    }

    static func isRemoved(_ event: EventID, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Bool {
        try !session.query(
            "SELECT folder FROM removed_folders WHERE folder = $1 OR folder = $2",
            [.text(scope.account.rawValue), .text("\(scope.account)/\(event)")]
        ).isEmpty
    }

    /// Those that were removed before that time have no files, nor will they: nobody who worked on them can be at it any more.
    public func cleared(before time: Timestamp) async throws {
        try await database.write(reaching: .everybody) { session in
            _ = try session.query("UPDATE removed_folders SET is_clear = 1 WHERE is_clear = 0 AND removed_at < $1", [.integer(time.milliseconds)])
        }
    }

    /// No phone brings them again any more.
    public func forget(before time: Timestamp) async throws {
        try await database.write(reaching: .everybody) { session in
            _ = try session.query("DELETE FROM removed_folders WHERE is_clear = 1 AND removed_at < $1", [.integer(time.milliseconds)])
        }
    }

    // MARK: Inside a transaction

    /// What hangs on a device and on nothing that hangs on it; sessions come last of what events refer to.
    static let tablesOfDevice = [
        "sessions", "telegram_links", "alert_targets", "device_settings", "device_health", "device_tokens", "membership_devices", "pairings",
    ]
    /// The rest of an account, in the order that foreign keys want.
    static let tablesOfAccount = [
        "redemptions", "activation_codes", "invitations", "devices", "job_turns", "api_keys", "sign_ins", "memberships", "credit_ledger", "audit",
        "outbox",
    ]
    /// What a person has who belongs to no account.
    static let tablesOfUser = ["sign_ins", "mailed_links", "recovery_codes", "identities"]

    /// - Parameter condition: behind a WHERE; parameters from `$2` on.
    private static func events(
        _ condition: String, _ parameters: [SQLValue], in scope: AccountScope, now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> [(id: EventID, device: DeviceID)] {
        let account = [SQLValue.text(scope.account.rawValue)]
        var parameters = account + parameters
        let condition = "account_id = $1\(condition)\(scope.condition(&parameters))"
        // Rows are locked in the order events, deliveries, jobs.
        var removed: [(id: EventID, device: DeviceID)] = []
        for row in try session.query(
            "SELECT id, device_id FROM events WHERE \(condition) ORDER BY id \(session.dialect.forUpdate)", parameters, table: "events")
        {
            removed.append((EventID(trusted: try row.text("id")), DeviceID(trusted: try row.text("device_id"))))
        }
        guard !removed.isEmpty else { return [] }
        let chosen = "(SELECT id FROM events WHERE \(condition))"
        try session.query(
            """
            DELETE FROM delivery_attempts WHERE account_id = $1
            AND delivery_id IN (SELECT id FROM deliveries WHERE account_id = $1 AND event_id IN \(chosen))
            """, parameters)
        for table in ["deliveries", "jobs"] {
            try session.query("DELETE FROM \(table) WHERE account_id = $1 AND event_id IN \(chosen)", parameters)
        }
        try session.query("DELETE FROM events WHERE \(condition)", parameters)
        for (id, _) in removed {
            try session.query(
                """
                INSERT INTO removed_folders (folder, removed_at, is_clear) VALUES ($1, $2, 0)
                ON CONFLICT (folder) DO UPDATE SET removed_at = excluded.removed_at, is_clear = 0
                """, [.text("\(scope.account)/\(id)"), .integer(now.milliseconds)])
        }
        return removed
    }

    private static func holds(_ right: AccountRight, in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Bool {
        switch right {
        case .owner(let user): return try Memberships.find(user, in: scope, session)?.role.permissions.contains(.own) == true
        case .onlyPerson(let user):
            let rows = try session.query(
                "SELECT user_id FROM memberships WHERE account_id = $1", [.text(scope.account.rawValue)], table: "memberships")
            guard rows.count == 1 else { return false }
            return try rows[0].text("user_id") == user.rawValue
        }
    }

    /// A person who belongs to no account any more.
    private static func user(_ id: SQLValue, _ session: borrowing Database.Session) throws(StoreError) {
        guard try session.query("SELECT account_id FROM memberships WHERE user_id = $1 LIMIT 1", [id]).isEmpty else { return }
        try session.query("DELETE FROM access_tokens WHERE sign_in_id IN (SELECT id FROM sign_ins WHERE user_id = $1)", [id])
        // Also what was mailed to their address before they were known.
        try session.query("DELETE FROM mailed_links WHERE email = (SELECT email FROM users WHERE id = $1)", [id])
        for table in tablesOfUser { try session.query("DELETE FROM \(table) WHERE user_id = $1", [id]) }
        try session.query("DELETE FROM users WHERE id = $1", [id])
    }
}

extension Removals.Folder {
    init(_ row: Row) throws(StoreError) {
        let parts = try row.text("folder").split(separator: "/", maxSplits: 1).map(String.init)
        guard let account = parts.first else { throw row.unreadable("folder") }
        self.init(
            scope: AccountScope(AccountID(trusted: account)), event: parts.count > 1 ? EventID(trusted: parts[1]) : nil,
            removedAt: Timestamp(milliseconds: try row.integer("removed_at")))
    }
}
