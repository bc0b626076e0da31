// The key of the secrets of one-time codes.

public import Domain
public import Runtime

/// Shown to be the one of this database, by `Users.adopt`.
public struct TOTPKey: Sendable {
    private let box: SecretBox
    /// The value in the database that this key has sealed, as it was then.
    let check: String

    /// Another hub has brought another key since this one was started.
    public struct Replaced: Error, CustomStringConvertible {
        public var description: String { "another hub has started with another SECRETS_KEY on this database; all have to have the same" }
    }

    init(_ box: SecretBox, check: String) {
        self.box = box
        self.check = check
    }

    /// The secret in base 32; `nil` where it cannot be read.
    public func open(_ sealed: String, of user: UserID) -> String? { box.open(sealed, for: Self.owner(user)) }

    func seal(_ secret: String, of user: UserID) -> String { box.seal(secret, for: Self.owner(user)) }

    private static func owner(_ user: UserID) -> String { "totp:\(user.rawValue)" }
}

extension Users {
    private static let checkName = "secrets.check", checkOwner = "check", checkText = "ping watch"
    private static let sealed = "totp_secret LIKE 'gcm1.%'"

    /// Whether somebody could not sign in without the key.
    public func hasSealedSecrets() async throws -> Bool {
        try await database.read(reaching: .everybody) { session in try Self.hasSealedSecrets(session) }
    }

    private static func hasSealedSecrets(_ session: borrowing Database.Session) throws(StoreError) -> Bool {
        try !session.query("SELECT id FROM users WHERE \(sealed) AND totp_confirmed_at IS NOT NULL LIMIT 1").isEmpty
    }

    /// Takes the key that secrets are sealed by from now on, and seals those that are there in clear.
    ///
    /// - Returns: `nil` where secrets were sealed by another one.
    public func adopt(_ box: SecretBox) async throws -> TOTPKey? {
        let new = box.seal(Self.checkText, for: Self.checkOwner)
        return try await database.write(reaching: .everybody) { session in
            try session.query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [.text(Self.checkName), .text(new)])
            var check = try Self.check(session)
            if box.open(check, for: Self.checkOwner) != Self.checkText {
                guard try !Self.hasSealedSecrets(session) else { return nil }
                try session.query("UPDATE settings SET value = $2 WHERE name = $1", [.text(Self.checkName), .text(new)])
                // Of those who have begun and not finished; they begin anew.
                try session.query("UPDATE users SET totp_secret = NULL WHERE \(Self.sealed)")
                check = new
            }
            let key = TOTPKey(box, check: check)
            let rows = try session.query(
                "SELECT id, totp_secret FROM users WHERE totp_secret IS NOT NULL AND NOT \(Self.sealed) \(session.dialect.forUpdate)", table: "users")
            for row in rows {
                let user = UserID(trusted: try row.text("id"))
                try session.query(
                    "UPDATE users SET totp_secret = $2 WHERE id = $1", [.text(user.rawValue), .text(key.seal(try row.text("totp_secret"), of: user))])
            }
            return key
        }
    }

    private static func check(_ session: borrowing Database.Session) throws(StoreError) -> String {
        let rows = try session.query("SELECT value FROM settings WHERE name = $1 \(session.dialect.forUpdate)", [.text(checkName)], table: "settings")
        return try rows.first?.text("value") ?? ""
    }

    /// Keeps a secret that asks for nothing yet; `false` where codes are asked for already.
    ///
    /// - Parameter secret: base 32.
    /// - Throws: also `TOTPKey.Replaced`: what is sealed by a key that is none any more would lock its person out.
    public func startTOTP(_ secret: String, by key: TOTPKey, of user: UserID) async throws -> Bool {
        let sealed = key.seal(secret, of: user)
        return try await database.write(reaching: .everybody) { session in
            guard try Self.check(session) == key.check else { throw TOTPKey.Replaced() }
            return try !session.query(
                "UPDATE users SET totp_secret = $2, totp_step = NULL WHERE id = $1 AND totp_confirmed_at IS NULL RETURNING id",
                [.text(user.rawValue), .text(sealed)]
            ).isEmpty
        }
    }
}
