// The schema's steps of how people and cameras come into an account.

extension Migrations {
    static let people = [
        """
        CREATE TABLE invitations (id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), hash TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL, all_devices BIGINT NOT NULL, devices TEXT NOT NULL, email TEXT, invited_by TEXT NOT NULL, inviter TEXT NOT NULL,
        created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)
        """,
        "CREATE INDEX invitations_by_account ON invitations (account_id, created_at)",
        // Secret and code are there until somebody claims them, the claim until its token was fetched or it expires.
        """
        CREATE TABLE pairings (id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), made_by TEXT NOT NULL,
        secret_hash TEXT UNIQUE, code_hash TEXT UNIQUE, claim_hash TEXT UNIQUE, stage TEXT NOT NULL, label TEXT, address TEXT, agent TEXT,
        word TEXT, device_id TEXT, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, given_at BIGINT)
        """,
        "CREATE INDEX pairings_by_account ON pairings (account_id, created_at)",
        "CREATE INDEX pairings_by_expiry ON pairings (expires_at)",
        """
        CREATE TABLE activation_codes (id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), hash TEXT NOT NULL UNIQUE,
        label TEXT NOT NULL, uses BIGINT NOT NULL, used BIGINT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
        revoked_at BIGINT)
        """,
        "CREATE INDEX activation_codes_by_time ON activation_codes (account_id, created_at, id)",
        // What happened stays when a camera is removed.
        """
        CREATE TABLE redemptions (account_id TEXT NOT NULL, code_id TEXT NOT NULL REFERENCES activation_codes (id), at BIGINT NOT NULL,
        device_id TEXT NOT NULL, label TEXT NOT NULL, address TEXT, PRIMARY KEY (account_id, device_id))
        """,
        "CREATE INDEX redemptions_by_code ON redemptions (code_id, at)",
    ]
}
