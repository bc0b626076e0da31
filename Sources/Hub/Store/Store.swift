// The hub's state: everything that must be there after a restart, except the clips' bytes.

internal import Domain
public import Runtime

/// Repositories on one database. Every call on somebody's data takes the account's scope.
public final class Store: Sendable {
    /// Where the rows are.
    public enum Location: Sendable {
        /// A SQLite file, made when it is missing. `:memory:` for tests.
        case sqlite(path: String)
        /// A database of a Postgres server, by libpq's connection string, over so many connections.
        case postgres(url: Secret, connections: Int)
    }

    private let database: Database
    private let listener: PostgresListener?
    public let users: Users
    public let accounts: Accounts
    public let memberships: Memberships
    public let signIns: SignIns
    public let mailedLinks: MailedLinks
    public let identities: Identities
    public let deviceTokens: DeviceTokens
    public let keys: APIKeys
    public let invitations: Invitations
    public let pairings: Pairings
    public let activationCodes: ActivationCodes
    public let audit: AuditLog
    public let devices: Devices
    public let deviceSettings: DeviceSettingsRows
    public let health: DeviceHealthRows
    public let sessions: Sessions
    public let events: EventRows
    public let jobs: Jobs
    public let deliveries: Deliveries
    public let targets: AlertTargets
    public let telegram: TelegramLinks
    public let outbox: Outbox
    public let settings: Settings
    public let removals: Removals
    public let retention: Retention
    public let plans: Plans
    public let ledger: CreditLedger
    public let signingKeys: SigningKeys

    private init(_ database: Database, listener: PostgresListener?) {
        self.database = database
        self.listener = listener
        users = Users(database: database)
        accounts = Accounts(database: database)
        memberships = Memberships(database: database)
        signIns = SignIns(database: database)
        mailedLinks = MailedLinks(database: database)
        identities = Identities(database: database)
        deviceTokens = DeviceTokens(database: database)
        keys = APIKeys(database: database)
        invitations = Invitations(database: database)
        pairings = Pairings(database: database)
        activationCodes = ActivationCodes(database: database)
        audit = AuditLog(database: database)
        devices = Devices(database: database)
        deviceSettings = DeviceSettingsRows(database: database)
        health = DeviceHealthRows(database: database)
        sessions = Sessions(database: database)
        events = EventRows(database: database)
        jobs = Jobs(database: database)
        deliveries = Deliveries(database: database)
        targets = AlertTargets(database: database)
        outbox = Outbox(database: database)
        telegram = TelegramLinks(database: database)
        settings = Settings(database: database)
        removals = Removals(database: database)
        retention = Retention(database: database)
        plans = Plans(database: database)
        ledger = CreditLedger(database: database)
        signingKeys = SigningKeys(database: database)
    }

    /// Opens the database and brings its schema to this version.
    ///
    /// - Throws: `StoreError`, such as `newerSchema` or `unusableFile`.
    public static func open(_ location: Location) async throws -> Store {
        let database = Database(location)
        do {
            try await database.connect()
            try await Migrations.run(on: database, now: WallClock.system.milliseconds)
        } catch {
            await database.close()
            throw error
        }
        var listener: PostgresListener?
        if case .postgres(let url, _) = location { listener = PostgresListener(url: url, bells: database.bells) }
        return Store(database, listener: listener)
    }

    /// Hears of what other processes write to the same database, from now until `close`. With SQLite there are none.
    public func listen() { listener?.start() }

    /// The names of the schema's steps that a database has, and of those it lacks; changes nothing.
    public static func migrations(of location: Location) async throws -> (applied: [String], missing: [String]) {
        if case .sqlite(let path) = location, try !Folder.exists(path) {
            return ([], Migrations.all.map { "\($0.version) \($0.name)" })
        }
        let database = Database(location)
        do {
            try await database.connect()
            let status = try await Migrations.status(of: database)
            await database.close()
            return (status.applied.map { "\($0.version) \($0.name)" }, status.missing.map { "\($0.version) \($0.name)" })
        } catch {
            await database.close()
            throw error
        }
    }

    /// Whether the database itself keeps accounts apart as well: Postgres does, but not for a superuser. `nil` where it never does.
    public func hasRowSecurity() async throws -> Bool? {
        guard let question = database.dialect.bypassesRowSecurity else { return nil }
        return try await database.read(reaching: .everybody) { session in try session.query(question, table: "pg_roles")[0].integer("bypasses") == 0 }
    }

    /// Nothing can be asked any more.
    public func close() async {
        await listener?.stop()
        await database.close()
    }

    /// Whether the database answers.
    public func ping() async throws { _ = try await database.read(reaching: .everybody) { try $0.query("SELECT 1") } }
}

/// Which part of a list is wanted, newest first.
public struct Page: Hashable, Sendable {
    /// 1…200.
    public var limit: Int { didSet { limit = min(max(limit, 1), 200) } }
    /// `Paged.nextCursor` of the page before.
    public var cursor: String?

    public init(limit: Int = 100, cursor: String? = nil) {
        self.limit = min(max(limit, 1), 200)
        self.cursor = cursor
    }
}

public struct Paged<Item: Sendable>: Sendable {
    public let items: [Item]
    /// `nil` when nothing follows.
    public let nextCursor: String?
}

/// Where a page ended: time and id of its last item, as `<ms>_<id>`.
struct PagePosition: Hashable, Sendable {
    let time: Int64
    let id: String

    init(time: Timestamp, id: String) {
        self.time = time.milliseconds
        self.id = id
    }

    /// The start of the list when there is no cursor.
    init(cursor: String?) throws(StoreError) {
        guard let cursor else {
            time = .max
            id = ""
            return
        }
        let parts = cursor.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (48...57).contains($0) }), let time = Int64(parts[0]), let id = Identifier<Never>(parts[1])
        else { throw .invalidCursor }
        self.time = time
        self.id = id.rawValue
    }

    var text: String { "\(time)_\(id)" }
}

extension Page {
    /// Of `rows`, which are one more than the limit where more follows.
    func paged<Item: Sendable>(_ rows: [Item], position: (Item) -> PagePosition) -> Paged<Item> {
        let items = Array(rows.prefix(limit))
        return Paged(items: items, nextCursor: rows.count > limit ? items.last.map { position($0).text } : nil)
    }
}
