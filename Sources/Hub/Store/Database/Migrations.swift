// The schema, step by step.

/// Ordered, named, never changed once released, forward only, one transaction each.
enum Migrations {
    struct Migration: Sendable {
        let version: Int
        let name: String
        let statements: [String]
    }

    static let all = [
        Migration(version: 1, name: "accounts", statements: accounts),
        Migration(version: 2, name: "watching", statements: watching),
        Migration(version: 3, name: "events", statements: events),
        Migration(version: 4, name: "work", statements: work),
        Migration(version: 5, name: "telegram", statements: telegram),
        Migration(version: 6, name: "outbox", statements: outbox),
        Migration(version: 7, name: "fair work", statements: fairWork),
        Migration(version: 8, name: "alerts", statements: alerts),
        Migration(version: 9, name: "incomplete clips", statements: incompleteClips),
        Migration(version: 10, name: "device settings", statements: deviceSettings),
        Migration(version: 11, name: "causes", statements: causes),
        Migration(version: 12, name: "device health", statements: deviceHealth),
        Migration(version: 13, name: "previews", statements: previews),
        Migration(version: 14, name: "identity", statements: identity),
        Migration(version: 15, name: "sign-in", statements: signIn),
        Migration(version: 16, name: "people", statements: people),
        Migration(version: 17, name: "plans", statements: plans),
        Migration(version: 18, name: "other issuers", statements: oidc),
        Migration(version: 19, name: "token families", statements: tokenFamilies),
    ]

    /// Brings the database to the newest version. Processes that do so at the same time wait for each other.
    static func run(on database: Database, _ migrations: [Migration] = all, now: Int64) async throws {
        while try await database.write(reaching: .everybody, { session in try step(migrations, now: now, session) }) {}
        // Around the newest schema only: a column that a policy names could not be dropped by a step to come.
        guard let rowSecurity = database.dialect.rowSecurity, migrations.last?.version == all.last?.version else { return }
        try await database.write(reaching: .everybody) { session in
            if let lock = session.dialect.migrationLock { try session.query(lock) }
            try session.execute(rowSecurity)
        }
    }

    /// What is there, and what is missing; changes nothing.
    static func status(of database: Database, _ migrations: [Migration] = all) async throws -> (applied: [Migration], missing: [Migration]) {
        try await database.read(reaching: .everybody) { session in
            let found = try appliedVersion(session, isNewDatabase: try !hasTable(session))
            return (migrations.filter { $0.version <= found }, migrations.filter { $0.version > found })
        }
    }

    /// Applies the next migration, if there is one. `false` when nothing was left to do.
    private static func step(_ migrations: [Migration], now: Int64, _ session: borrowing Database.Session) throws(StoreError) -> Bool {
        if let lock = session.dialect.migrationLock { try session.query(lock) }
        let schema = session.dialect.schema
        try session.execute(
            schema("CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"))
        let found = try appliedVersion(session, isNewDatabase: false)
        let known = migrations.map(\.version).max() ?? 0
        guard found <= known else { throw .newerSchema(found: found, known: known) }
        guard let migration = migrations.first(where: { $0.version > found }) else { return false }
        for statement in migration.statements { try session.execute(schema(statement)) }
        try session.query(
            "INSERT INTO migrations (version, name, applied_at) VALUES ($1, $2, $3)",
            [.integer(Int64(migration.version)), .text(migration.name), .integer(now)])
        return true
    }

    private static func appliedVersion(_ session: borrowing Database.Session, isNewDatabase: Bool) throws(StoreError) -> Int {
        guard !isNewDatabase else { return 0 }
        return Int(try session.query("SELECT COALESCE(MAX(version), 0) AS version FROM migrations", table: "migrations")[0].integer("version"))
    }

    private static func hasTable(_ session: borrowing Database.Session) throws(StoreError) -> Bool {
        for row in try session.query(session.dialect.tables) where try row.text("name") == "migrations" { return true }
        return false
    }

    private static let accounts = [
        "CREATE TABLE users (id TEXT PRIMARY KEY, account_id TEXT NOT NULL, email TEXT NOT NULL UNIQUE, created_at BIGINT NOT NULL)",
        """
        CREATE TABLE tokens (hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL)
        """,
        "CREATE INDEX tokens_by_expiry ON tokens (expires_at)",
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ]

    private static let watching = [
        """
        CREATE TABLE devices (account_id TEXT NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, created_at BIGINT NOT NULL,
        last_seen_at BIGINT, PRIMARY KEY (account_id, id))
        """,
        """
        CREATE TABLE sessions (account_id TEXT NOT NULL, id TEXT NOT NULL, device_id TEXT NOT NULL, status TEXT NOT NULL,
        started_at BIGINT NOT NULL, stopped_at BIGINT, analysis_prompt TEXT, PRIMARY KEY (account_id, id),
        FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, id))
        """,
        // A device watches once at a time.
        "CREATE UNIQUE INDEX sessions_active ON sessions (account_id, device_id) WHERE status = 'active'",
        "CREATE INDEX sessions_by_time ON sessions (account_id, started_at, id)",
    ]

    private static let events = [
        """
        CREATE TABLE events (account_id TEXT NOT NULL, id TEXT NOT NULL, device_id TEXT NOT NULL, session_id TEXT NOT NULL,
        source TEXT NOT NULL, trigger_type TEXT NOT NULL, triggered_at BIGINT NOT NULL, trigger_score DOUBLE PRECISION,
        status TEXT NOT NULL, failure_stage TEXT, reason TEXT, retryable BIGINT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
        started_at BIGINT, clip_mime TEXT NOT NULL, clip_size_bytes BIGINT NOT NULL, clip_seconds DOUBLE PRECISION, clip_width BIGINT,
        clip_height BIGINT, clip_key TEXT, clip_etag TEXT, poster_key TEXT, thumbnail_key TEXT, external_uri TEXT,
        summary TEXT, label TEXT, confidence DOUBLE PRECISION, tags TEXT, should_notify BIGINT, alert_reason TEXT, provider TEXT, model TEXT,
        first_byte_at BIGINT, durable_at BIGINT, queued_at BIGINT, processing_at BIGINT, done_at BIGINT,
        PRIMARY KEY (account_id, id), FOREIGN KEY (account_id, session_id) REFERENCES sessions (account_id, id))
        """,
        "CREATE INDEX events_by_time ON events (account_id, triggered_at, id)",
        "CREATE INDEX events_by_session ON events (account_id, session_id, triggered_at)",
        "CREATE INDEX events_recording ON events (updated_at) WHERE status = 'recording'",
    ]

    private static let work = [
        """
        CREATE TABLE jobs (id TEXT PRIMARY KEY, account_id TEXT NOT NULL, work TEXT NOT NULL, event_id TEXT NOT NULL, delivery_id TEXT,
        idempotency_key TEXT NOT NULL UNIQUE, state TEXT NOT NULL, attempts BIGINT NOT NULL, run_at BIGINT NOT NULL, lease_until BIGINT,
        last_error TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)
        """,
        "CREATE INDEX jobs_open ON jobs (work, run_at) WHERE state IN ('queued', 'leased')",
        "CREATE INDEX jobs_by_event ON jobs (account_id, event_id)",
        """
        CREATE TABLE deliveries (account_id TEXT NOT NULL, id TEXT NOT NULL, event_id TEXT NOT NULL, channel TEXT NOT NULL,
        target TEXT NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL, reason TEXT, provider_message TEXT, status_code BIGINT,
        created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, sent_at BIGINT, PRIMARY KEY (account_id, id),
        UNIQUE (account_id, event_id, channel, target),
        FOREIGN KEY (account_id, event_id) REFERENCES events (account_id, id))
        """,
    ]

    private static let telegram = [
        """
        CREATE TABLE telegram_links (id TEXT PRIMARY KEY, account_id TEXT NOT NULL, device_id TEXT NOT NULL, token_hash TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, linked_at BIGINT, chat TEXT)
        """,
        """
        CREATE TABLE telegram_targets (account_id TEXT NOT NULL, device_id TEXT NOT NULL, chat TEXT NOT NULL, username TEXT,
        linked_at BIGINT NOT NULL, PRIMARY KEY (account_id, device_id, chat))
        """,
    ]

    private static let outbox = [
        """
        CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, account_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        change TEXT, at BIGINT NOT NULL)
        """
    ]

    private static let fairWork = [
        "ALTER TABLE jobs ADD COLUMN lease_owner TEXT",
        "ALTER TABLE jobs ADD COLUMN leases BIGINT NOT NULL DEFAULT 0",
        // What shares workers: processing, or the channel of a delivery.
        "ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT 'process'",
        """
        UPDATE jobs SET lane = (SELECT channel FROM deliveries WHERE deliveries.account_id = jobs.account_id AND deliveries.id = jobs.delivery_id)
        WHERE delivery_id IS NOT NULL
        """,
        "DROP INDEX jobs_open",
        "CREATE INDEX jobs_waiting ON jobs (lane, account_id, run_at) WHERE state = 'queued'",
        "CREATE INDEX jobs_next ON jobs (lane, run_at) WHERE state = 'queued'",
        "CREATE INDEX jobs_leased ON jobs (lane, account_id, lease_until) WHERE state = 'leased'",
        "CREATE INDEX jobs_by_time ON jobs (account_id, created_at, id)",
        "CREATE INDEX jobs_done ON jobs (updated_at) WHERE state = 'done'",
        "CREATE INDEX jobs_dropped ON jobs (updated_at) WHERE state = 'dropped'",
        "CREATE INDEX jobs_dead ON jobs (lane, updated_at) WHERE state = 'dead'",
        // Whose turn it is when several accounts wait.
        "CREATE TABLE job_turns (lane TEXT NOT NULL, account_id TEXT NOT NULL, served_at BIGINT NOT NULL, PRIMARY KEY (lane, account_id))",
    ]

    private static let alerts = [
        "ALTER TABLE deliveries ADD COLUMN device_id TEXT NOT NULL DEFAULT ''",
        "UPDATE deliveries SET device_id = (SELECT device_id FROM events WHERE events.account_id = deliveries.account_id AND events.id = deliveries.event_id)",
        "ALTER TABLE deliveries ADD COLUMN wanted TEXT NOT NULL DEFAULT 'clip'",
        "ALTER TABLE deliveries ADD COLUMN reached TEXT",
        "UPDATE deliveries SET reached = 'clip' WHERE state = 'sent'",
        "ALTER TABLE deliveries ADD COLUMN possible_repeat BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE deliveries ADD COLUMN deadline_at BIGINT NOT NULL DEFAULT 0",
        "UPDATE deliveries SET deadline_at = created_at + 21600000",
        "CREATE INDEX deliveries_by_time ON deliveries (account_id, created_at, id)",
        "CREATE INDEX deliveries_by_id ON deliveries (id)",
        "CREATE INDEX deliveries_begun ON deliveries (updated_at) WHERE wanted = 'still'",
        "CREATE INDEX deliveries_arrived ON deliveries (account_id, device_id, channel, target, sent_at)",
        """
        CREATE TABLE delivery_attempts (account_id TEXT NOT NULL, delivery_id TEXT NOT NULL, number BIGINT NOT NULL, stage TEXT NOT NULL,
        started_at BIGINT NOT NULL, ended_at BIGINT, outcome TEXT, status_code BIGINT, reason TEXT,
        PRIMARY KEY (account_id, delivery_id, number), FOREIGN KEY (account_id, delivery_id) REFERENCES deliveries (account_id, id))
        """,
        """
        CREATE TABLE alert_targets (account_id TEXT NOT NULL, device_id TEXT NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
        name TEXT, created_at BIGINT NOT NULL, wants_still BIGINT NOT NULL, snoozed_until BIGINT, disabled_reason TEXT,
        PRIMARY KEY (account_id, device_id, channel, address), FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, id))
        """,
        """
        INSERT INTO alert_targets (account_id, device_id, channel, address, name, created_at, wants_still)
        SELECT account_id, device_id, 'telegram', chat, username, linked_at, 0 FROM telegram_targets
        """,
        "DROP TABLE telegram_targets",
        "ALTER TABLE events ADD COLUMN feedback TEXT",
    ]

    private static let incompleteClips = [
        "ALTER TABLE events ADD COLUMN incomplete BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE events ADD COLUMN clip_problem TEXT",
    ]

    private static let deviceSettings = [
        """
        CREATE TABLE device_settings (account_id TEXT NOT NULL, device_id TEXT NOT NULL, revision BIGINT NOT NULL, settings TEXT NOT NULL,
        updated_at BIGINT NOT NULL, PRIMARY KEY (account_id, device_id),
        FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, id))
        """
    ]

    private static let causes = [
        "ALTER TABLE events ADD COLUMN causes TEXT",
        // How many a device has begun of late.
        "CREATE INDEX events_begun ON events (account_id, device_id, created_at)",
    ]

    private static let deviceHealth = [
        """
        CREATE TABLE device_health (account_id TEXT NOT NULL, device_id TEXT NOT NULL, telemetry TEXT, reported_at BIGINT, session_id TEXT,
        outage_since BIGINT, attended TEXT, PRIMARY KEY (account_id, device_id),
        FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, id))
        """
    ]

    private static let previews = [
        "ALTER TABLE events ADD COLUMN clip_state TEXT",
        "ALTER TABLE events ADD COLUMN stills BIGINT NOT NULL DEFAULT 0",
    ]
}
