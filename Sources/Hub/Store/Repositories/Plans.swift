// What accounts may use.

public import Domain

public struct Plans: Sendable {
    let database: Database

    /// By name.
    public func list() async throws -> [Plan] {
        try await database.read(reaching: .everybody) { session in try session.query("SELECT * FROM plans ORDER BY id", table: "plans").map { try Plan($0) } }
    }

    public func find(_ id: String) async throws -> Plan? {
        try await database.read(reaching: .everybody) { session in
            try session.query("SELECT * FROM plans WHERE id = $1", [.text(id)], table: "plans").first.map { try Plan($0) }
        }
    }

    /// The account's.
    public func current(in scope: AccountScope) async throws -> Plan {
        try await database.read(in: scope) { session in try Self.current(in: scope, session) }
    }

    /// `false` when there is no such account.
    ///
    /// - Parameter plan: one that there is.
    public func set(_ plan: Plan, of account: AccountID) async throws -> Bool {
        try await database.write(reaching: .everybody) { session in
            try !session.query(
                "UPDATE accounts SET plan = $2 WHERE id = $1 RETURNING id", [.text(account.rawValue), .text(plan.id)]
            ).isEmpty
        }
    }

    /// Of accounts that will be made.
    ///
    /// - Parameter plan: one that there is.
    public func setInitial(_ plan: Plan) async throws {
        try await Settings(database: database).set(Self.initialSetting, plan.id)
    }

    static let initialSetting = "plan.initial"

    // MARK: Inside a transaction

    static func current(in scope: AccountScope, _ session: borrowing Database.Session) throws(StoreError) -> Plan {
        guard
            let row = try session.query(
                "SELECT plans.* FROM plans JOIN accounts ON accounts.plan = plans.id WHERE accounts.id = $1", [.text(scope.account.rawValue)],
                table: "plans"
            ).first
        else { return .unlimited }
        return try Plan(row)
    }

    /// For whoever is about to add a device, in the same transaction. Nobody else adds one to the account, and nobody removes the account,
    /// before it ends.
    ///
    /// - Throws: `PlanExceeded`; `AccountGone`.
    static func requireRoomForDevice(in scope: AccountScope, _ session: borrowing Database.Session) throws {
        let account = [SQLValue.text(scope.account.rawValue)]
        guard try !session.query("SELECT id FROM accounts WHERE id = $1 \(session.dialect.forUpdate)", account).isEmpty else { throw AccountGone() }
        let plan = try current(in: scope, session)
        guard let allowed = plan.devices else { return }
        let count = try session.query("SELECT COUNT(*) AS n FROM devices WHERE account_id = $1", account, table: "devices")[0].integer("n")
        guard count < allowed else { throw PlanExceeded(.devices, plan: plan.name, allowed: allowed) }
    }
}

/// The account was removed while somebody did something in it.
public struct AccountGone: Error {}

extension Plan {
    init(_ row: Row) throws(StoreError) {
        self.init(
            id: try row.text("id"), name: try row.text("name"), analysedSecondsPerMonth: try row.optionalInteger("analysed_seconds").map(Int.init),
            maximumClipSeconds: try row.optionalReal("clip_seconds"), uploadsPerHour: try row.optionalInteger("uploads_per_hour").map(Int.init),
            retentionDays: try row.optionalInteger("retention_days").map(Int.init), devices: try row.optionalInteger("devices").map(Int.init),
            viewers: try row.optionalInteger("viewers").map(Int.init))
    }
}
