// The schema's steps of what an account may use, and of what is removed.

extension Migrations {
    static let plans = [
        // NULL: no limit.
        """
        CREATE TABLE plans (id TEXT PRIMARY KEY, name TEXT NOT NULL, analysed_seconds BIGINT, clip_seconds DOUBLE PRECISION,
        uploads_per_hour BIGINT, retention_days BIGINT, devices BIGINT, viewers BIGINT)
        """,
        "INSERT INTO plans (id, name) VALUES ('unlimited', 'Unlimited')",
        """
        INSERT INTO plans (id, name, analysed_seconds, clip_seconds, uploads_per_hour, retention_days, devices, viewers)
        VALUES ('free', 'Free', 900, 30, 20, 3, 1, 2), ('paid', 'Paid', 36000, 120, NULL, 30, 10, 16)
        """,
        // A line for each charge. It outlives its event: what was used stays used.
        """
        CREATE TABLE credit_ledger (account_id TEXT NOT NULL REFERENCES accounts (id), id TEXT NOT NULL, event_id TEXT NOT NULL,
        number BIGINT NOT NULL, at BIGINT NOT NULL, month TEXT NOT NULL, seconds DOUBLE PRECISION NOT NULL, credits BIGINT NOT NULL,
        kind TEXT NOT NULL, PRIMARY KEY (account_id, id), UNIQUE (account_id, event_id, number))
        """,
        "CREATE INDEX credit_ledger_by_month ON credit_ledger (account_id, month)",
        "CREATE INDEX credit_ledger_by_time ON credit_ledger (account_id, at, id)",
        // Why a clip was not analysed.
        "ALTER TABLE events ADD COLUMN analysis_skipped TEXT",
        "CREATE INDEX events_by_creation ON events (account_id, created_at)",
        // Of the clip storage, whose rows are gone: `<account>` or `<account>/<event>`.
        "CREATE TABLE removed_folders (folder TEXT PRIMARY KEY, removed_at BIGINT NOT NULL, is_clear BIGINT NOT NULL)",
        "CREATE INDEX removed_folders_left ON removed_folders (removed_at) WHERE is_clear = 0",
    ]
}
