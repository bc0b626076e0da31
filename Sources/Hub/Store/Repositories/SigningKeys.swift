// The keys that sign links.

public import Domain
public import Runtime

public struct SigningKey: Sendable {
    /// In every link that it has signed.
    public let id: String
    public let secret: Secret
    public let createdAt: Timestamp

    public init(id: String, secret: Secret, createdAt: Timestamp) {
        self.id = id
        self.secret = secret
        self.createdAt = createdAt
    }
}

/// A ring of them: a new one signs, those of before are good for the links that they have signed.
public struct SigningKeys: Sendable {
    let database: Database

    private static let ring = "media.signing_keys"
    /// The one of hubs that had no ring.
    private static let first = "media.signing_key"
    /// Longer than any link lives.
    private static let keptMilliseconds: Int64 = 3 * 3_600_000

    /// The oldest first; at least one.
    public func all(now: Timestamp) async throws -> [SigningKey] {
        try await database.write(reaching: .everybody) { session in
            let keys = try Self.read(session)
            if !keys.isEmpty { return keys }
            return try Self.write([try Self.make(after: [], now: now, session)], session)
        }
    }

    /// Adds a key, and forgets those of which no link is good any more.
    public func rotate(now: Timestamp) async throws -> [SigningKey] {
        try await database.write(reaching: .everybody) { session in
            let keys = try Self.read(session)
            // What a key has signed ends some time after the next one was made.
            let needed = zip(keys, keys.dropFirst().map(\.createdAt) + [now]).filter { now.milliseconds - $0.1.milliseconds < Self.keptMilliseconds }
            return try Self.write(needed.map(\.0) + [try Self.make(after: keys, now: now, session)], session)
        }
    }

    private static func make(
        after keys: [SigningKey], now: Timestamp, _ session: borrowing Database.Session
    ) throws(StoreError) -> SigningKey {
        let rows = try session.query("SELECT value FROM settings WHERE name = $1", [.text(first)], table: "settings")
        let kept = keys.isEmpty ? try rows.first?.text("value") : nil
        let id = (keys.compactMap { Int($0.id) }.max() ?? 0) + 1
        return SigningKey(id: String(id), secret: Secret(kept ?? Crypto.randomToken()), createdAt: now)
    }

    private static func read(_ session: borrowing Database.Session) throws(StoreError) -> [SigningKey] {
        let rows = try session.query("SELECT value FROM settings WHERE name = $1 \(session.dialect.forUpdate)", [.text(ring)], table: "settings")
        guard let row = rows.first else { return [] }
        var keys: [SigningKey] = []
        for line in try row.text("value").split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let time = Int64(parts[2]) else { throw row.unreadable("value") }
            keys.append(SigningKey(id: String(parts[0]), secret: Secret(String(parts[1])), createdAt: Timestamp(milliseconds: time)))
        }
        return keys
    }

    private static func write(_ keys: [SigningKey], _ session: borrowing Database.Session) throws(StoreError) -> [SigningKey] {
        let text = keys.map { "\($0.id) \($0.secret.value) \($0.createdAt.milliseconds)" }.joined(separator: "\n")
        try session.query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", [.text(ring), .text(text)])
        return keys
    }
}
