// What was written and is to be published (transactional outbox): a row in the same transaction as the change itself.

public import Domain
public import Runtime

public struct OutboxEntry: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case eventTriggered = "event.triggered"
        case eventUpdated = "event.updated"
        case deliveryUpdated = "delivery.updated"
        case sessionStarted = "session.started"
        case sessionStopped = "session.stopped"
        case deviceUpdated = "device.updated"
        case deviceSettings = "device.settings"
        case targetUpdated = "target.updated"
        case pairingUpdated = "pairing.updated"
        case eventRemoved = "event.removed"
        case deviceRemoved = "device.removed"
    }

    /// Rises within one subject in the order of its changes.
    public let id: Int64
    public let scope: AccountScope
    public let kind: Kind
    /// The id of what changed. Its row is read when it is published.
    public let subject: String
    /// What became of it, where that is worth counting: a state, or `<channel> <outcome> <reason>` of an attempt. Of an event that was removed,
    /// its device.
    public let change: String?
    public let at: Timestamp
}

public struct Outbox: Sendable {
    let database: Database

    /// Rings when there is something new.
    public var bell: WakeBell { database.bells.outbox }

    /// The oldest entries, in order.
    public func entries(limit: Int = 500) async throws -> [OutboxEntry] {
        try await database.read(reaching: .everybody) { session in
            // What a newer version of the hub has written is left to it.
            try session.query("SELECT * FROM outbox ORDER BY id LIMIT $1", [.integer(Int64(limit))], table: "outbox").compactMap {
                try? OutboxEntry($0)
            }
        }
    }

    /// They have been published.
    public func remove(_ ids: [Int64]) async throws {
        guard !ids.isEmpty else { return }
        try await database.write(reaching: .everybody) { session in
            // The numbers are our own.
            try session.execute("DELETE FROM outbox WHERE id IN (\(ids.map(String.init).joined(separator: ", ")))")
        }
    }

    static func add(
        _ kind: OutboxEntry.Kind, _ subject: String, change: String? = nil, in scope: AccountScope, now: Timestamp,
        _ session: borrowing Database.Session
    ) throws(StoreError) {
        try session.query(
            "INSERT INTO outbox (account_id, kind, subject, change, at) VALUES ($1, $2, $3, $4, $5)",
            [.text(scope.account.rawValue), .text(kind.rawValue), .text(subject), .optional(change), .integer(now.milliseconds)])
        session.signal(.outbox)
    }
}

extension OutboxEntry {
    init(_ row: Row) throws(StoreError) {
        guard let kind = Kind(rawValue: try row.text("kind")) else { throw row.unreadable("kind") }
        self.init(
            id: try row.integer("id"), scope: AccountScope(AccountID(trusted: try row.text("account_id"))), kind: kind,
            subject: try row.text("subject"), change: try row.optionalText("change"), at: Timestamp(milliseconds: try row.integer("at")))
    }
}
