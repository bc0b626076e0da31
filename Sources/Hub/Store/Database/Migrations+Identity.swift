// The schema's steps of who may see what.

extension Migrations {
    static let identity = [
        "CREATE TABLE accounts (id TEXT PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL, created_at BIGINT NOT NULL)",
        """
        INSERT INTO accounts (id, name, plan, created_at)
        SELECT account_id, MIN(email), 'unlimited', MIN(created_at) FROM users GROUP BY account_id
        """,
        """
        CREATE TABLE memberships (account_id TEXT NOT NULL REFERENCES accounts (id), user_id TEXT NOT NULL REFERENCES users (id),
        role TEXT NOT NULL, all_devices BIGINT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (account_id, user_id))
        """,
        "CREATE INDEX memberships_by_user ON memberships (user_id, created_at)",
        """
        INSERT INTO memberships (account_id, user_id, role, all_devices, created_at)
        SELECT account_id, id, 'owner', 1, created_at FROM users
        """,
        // Of those who may see some devices only.
        """
        CREATE TABLE membership_devices (account_id TEXT NOT NULL, user_id TEXT NOT NULL, device_id TEXT NOT NULL,
        PRIMARY KEY (account_id, user_id, device_id),
        FOREIGN KEY (account_id, user_id) REFERENCES memberships (account_id, user_id),
        FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, id))
        """,
        // Whoever was signed in signs in again: the tokens of before could not be renewed safely.
        "DROP TABLE tokens",
        "ALTER TABLE users DROP COLUMN account_id",
        "ALTER TABLE users ADD COLUMN name TEXT",
        "ALTER TABLE users ADD COLUMN password_hash TEXT",
        "ALTER TABLE users ADD COLUMN password_changed_at BIGINT",
        "ALTER TABLE users ADD COLUMN verified_at BIGINT",
        "ALTER TABLE users ADD COLUMN totp_secret TEXT",
        // Set when the person has shown a first code; until then it asks for none.
        "ALTER TABLE users ADD COLUMN totp_confirmed_at BIGINT",
        // The newest time step of which a code was used.
        "ALTER TABLE users ADD COLUMN totp_step BIGINT",
        """
        CREATE TABLE sign_ins (id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), account_id TEXT NOT NULL REFERENCES accounts (id),
        created_at BIGINT NOT NULL, used_at BIGINT NOT NULL, address TEXT, agent TEXT, refresh_hash TEXT NOT NULL UNIQUE, previous_hash TEXT,
        rotated_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)
        """,
        "CREATE UNIQUE INDEX sign_ins_by_previous ON sign_ins (previous_hash)",
        "CREATE INDEX sign_ins_by_user ON sign_ins (user_id, created_at)",
        "CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at)",
        """
        CREATE TABLE access_tokens (hash TEXT PRIMARY KEY, sign_in_id TEXT NOT NULL REFERENCES sign_ins (id), created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL)
        """,
        "CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at)",
        "CREATE INDEX access_tokens_by_sign_in ON access_tokens (sign_in_id)",
        """
        CREATE TABLE device_tokens (hash TEXT PRIMARY KEY, account_id TEXT NOT NULL, device_id TEXT NOT NULL, created_at BIGINT NOT NULL,
        UNIQUE (account_id, device_id), FOREIGN KEY (account_id, device_id) REFERENCES devices (account_id, id))
        """,
        """
        CREATE TABLE api_keys (id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts (id), name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
        permissions TEXT NOT NULL, created_by TEXT, created_at BIGINT NOT NULL, expires_at BIGINT, used_at BIGINT)
        """,
        "CREATE INDEX api_keys_by_account ON api_keys (account_id, created_at)",
        """
        CREATE TABLE audit (id TEXT PRIMARY KEY, account_id TEXT NOT NULL, at BIGINT NOT NULL, actor_kind TEXT NOT NULL, actor_id TEXT,
        actor_name TEXT, action TEXT NOT NULL, subject TEXT, address TEXT, detail TEXT)
        """,
        // A worker knows an event's id alone.
        "CREATE INDEX events_by_id ON events (id)",
        "CREATE INDEX audit_by_time ON audit (account_id, at, id)",
    ]
}
