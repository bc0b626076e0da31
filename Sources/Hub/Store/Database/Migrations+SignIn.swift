// The schema's steps of signing in.

extension Migrations {
    static let signIn = [
        // A sign-up makes no user before its address has answered: until then the password is with the link that was mailed for it.
        """
        CREATE TABLE mailed_links (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, email TEXT NOT NULL, user_id TEXT REFERENCES users (id), name TEXT,
        password_hash TEXT, invitation TEXT, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)
        """,
        "CREATE INDEX mailed_links_by_email ON mailed_links (email, kind, created_at)",
        "CREATE INDEX mailed_links_by_user ON mailed_links (user_id)",
        "CREATE INDEX mailed_links_by_expiry ON mailed_links (expires_at)",
        """
        CREATE TABLE recovery_codes (user_id TEXT NOT NULL REFERENCES users (id), hash TEXT NOT NULL, PRIMARY KEY (user_id, hash))
        """,
    ]
    static let oidc = [
        """
        CREATE TABLE identities (issuer TEXT NOT NULL, subject TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES users (id),
        created_at BIGINT NOT NULL, PRIMARY KEY (issuer, subject))
        """,
        "CREATE INDEX identities_by_user ON identities (user_id)",
        """
        CREATE TABLE oidc_starts (state_hash TEXT PRIMARY KEY, browser_hash TEXT NOT NULL, nonce TEXT NOT NULL, verifier TEXT NOT NULL,
        created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)
        """,
        "CREATE INDEX oidc_starts_by_expiry ON oidc_starts (expires_at)",
    ]
    static let tokenFamilies = [
        // NULL until a refresh token of before is used.
        "ALTER TABLE sign_ins ADD COLUMN family_hash TEXT",
        "CREATE UNIQUE INDEX sign_ins_by_family ON sign_ins (family_hash)",
    ]
}
