import Domain
import Runtime
import TestSupport
import Testing

@testable import Store

/// Every table of the schema is looked at, so that one that is added later fails these tests until removing knows it.
@Suite(.mustEnd)
struct RemovalTests {
    /// Two accounts with a row in each table, and somebody who belongs to both.
    private struct Filled {
        let f: StoreFixture
        let database: Database
        let us: UserID
        let both: UserID

        init(_ kind: TestDatabase.Kind) async throws {
            f = try await StoreFixture(kind)
            database = Database(f.database.location)
            us = try await f.store.users.findOrCreate(email: "we@example.org", now: f.now).id
            both = UserID(trusted: "both")
            let theirs = try await f.store.users.findOrCreate(email: "they@example.org", now: f.now).id
            try await write("INSERT INTO users (id, email, created_at) VALUES ('both', 'both@example.org', 1)")
            for (scope, owner) in [(f.ours, us), (f.theirs, theirs)] { try await fill(scope, owner) }
        }

        private func fill(_ scope: AccountScope, _ owner: UserID) async throws {
            let name = scope.account.rawValue, store = f.store
            try await write(
                "INSERT INTO memberships (account_id, user_id, role, all_devices, created_at) VALUES ('\(name)', 'both', 'member', 0, 1)")
            try await write("INSERT INTO membership_devices (account_id, user_id, device_id) VALUES ('\(name)', 'both', '\(f.device)')")
            for (number, user) in [owner, both].enumerated() {
                let tokens = TokenPair(
                    family: "f-\(name)-\(number)", access: "a-\(name)-\(number)", accessExpiresAt: f.at(900), refresh: "r-\(name)-\(number)", refreshExpiresAt: f.at(9000))
                _ = try await store.signIns.begin(
                    SignIn(
                        id: SignInID(trusted: "s-\(name)-\(number)"), user: user, account: scope.account, createdAt: f.now, usedAt: f.now,
                        address: nil, agent: nil, expiresAt: f.at(9000)), tokens)
            }
            let key = APIKey(
                id: APIKeyID(trusted: "key-\(name)"), name: "k", permissions: [.view], createdBy: owner, createdAt: f.now, expiresAt: nil)
            try await store.keys.insert(key, hash: "hash-\(name)", in: scope)
            _ = try await store.deviceTokens.set("token-\(name)", for: f.device, in: scope, now: f.now)
            try await store.health.heard(
                f.device, report: DeviceHealthRows.Report(telemetry: "{}", at: f.now), in: scope, at: f.now)
            try await write(
                "INSERT INTO device_settings (account_id, device_id, revision, settings, updated_at) VALUES ('\(name)', '\(f.device)', 1, '{}', 1)")
            try await store.targets.link(
                AlertTarget(device: f.device, channel: .telegram, address: "42", createdAt: f.now), in: scope, now: f.now)
            try await store.telegram.startLink(
                TelegramLinkAttempt(
                    id: LinkAttemptID(trusted: "link-\(name)"), account: scope.account, device: f.device, createdAt: f.now, expiresAt: f.at(600), linkedAt: nil,
                    chat: nil),
                tokenHash: "link-\(name)")
            try await store.audit.add(
                AuditEntry(at: f.now, actorKind: "user", actorID: owner.rawValue, actorName: nil, action: "x", address: nil), in: scope)
            for statement in [
                """
                INSERT INTO invitations (id, account_id, hash, role, all_devices, devices, invited_by, inviter, created_at, expires_at)
                VALUES ('i-\(name)', '\(name)', 'i-\(name)', 'member', 1, '[]', '\(owner)', 'we', 1, 2)
                """,
                """
                INSERT INTO pairings (id, account_id, made_by, stage, device_id, created_at, expires_at)
                VALUES ('p-\(name)', '\(name)', '\(owner)', 'confirmed', '\(f.device)', 1, 2)
                """,
                """
                INSERT INTO activation_codes (id, account_id, hash, label, uses, used, created_at, expires_at)
                VALUES ('c-\(name)', '\(name)', 'c-\(name)', 'x', 1, 1, 1, 2)
                """,
                """
                INSERT INTO redemptions (account_id, code_id, at, device_id, label) VALUES ('\(name)', 'c-\(name)', 1, '\(f.device)', 'x')
                """,
                """
                INSERT INTO mailed_links (hash, kind, email, user_id, created_at, expires_at) VALUES ('m-\(name)', 'reset', 'x', '\(owner)', 1, 2)
                """,
                "INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ('https://i', '\(owner)', '\(owner)', 1)",
                "INSERT INTO recovery_codes (user_id, hash) VALUES ('\(owner)', 'x')",
            ] { try await write(statement) }
            let event = f.event("e-\(name)")
            _ = try await store.events.insert(event, in: scope)
            _ = try await store.events.receive(
                event.id, changes: EventChanges(), job: JobID(trusted: "j-\(name)"), in: scope, now: f.now)
            _ = try await store.jobs.lease(.process, owner: "serve", seconds: 9000, now: f.now)
            let planned = try await store.deliveries.plan(
                event, stage: .clip, recipients: [.init(channel: .telegram, target: "42")], deadline: f.at(900), in: scope, now: f.now
            ) { makeUUIDv7(milliseconds: 1) }
            let delivery = try #require(planned.first)
            #expect(try await store.deliveries.begin(delivery.id, cooldownSeconds: 0, in: scope, now: f.now)?.isOver == false)
            #expect(try await store.ledger.charge(event.id, seconds: 12, id: "l-\(name)", in: scope, now: f.now) == nil)
        }

        func write(_ sql: String) async throws { try await database.write(reaching: .everybody) { try $0.execute(sql) } }

        /// The tables that have that column.
        func tables(with column: String) async throws -> [String] {
            try await database.read(reaching: .everybody) { session in
                var found: [String] = []
                for row in try session.query(session.dialect.tables) {
                    let table = try row.text("name")
                    let columns =
                        switch session.dialect {
                        case .sqlite: "SELECT name FROM pragma_table_info('\(table)') WHERE name = '\(column)'"
                        case .postgres:
                            """
                            SELECT column_name::text AS name FROM information_schema.columns
                            WHERE table_schema = current_schema() AND table_name = '\(table)' AND column_name = '\(column)'
                            """
                        }
                    if try !session.query(columns).isEmpty { found.append(table) }
                }
                return found
            }
        }

        func count(_ table: String, _ column: String, _ value: String) async throws -> Int64 {
            try await database.read(reaching: .everybody) { session in
                try session.query("SELECT COUNT(*) AS n FROM \(table) WHERE \(column) = $1", [.text(value)])[0].integer("n")
            }
        }

        func counts(_ tables: [String], _ column: String, _ value: String) async throws -> [String: Int64] {
            var counts: [String: Int64] = [:]
            for table in tables { counts[table] = try await count(table, column, value) }
            return counts
        }
    }

    @Test(arguments: TestDatabase.kinds) func `nothing of an account is left in any table, and others keep everything`(kind: TestDatabase.Kind) async throws {
        let all = try await Filled(kind), store = all.f.store
        let ours = all.f.ours.account.rawValue, theirs = all.f.theirs.account.rawValue
        let tables = try await all.tables(with: "account_id")
        #expect(tables.count > 15)
        for (table, count) in try await all.counts(tables, "account_id", ours) {
            #expect(count > 0, "\(table) has an account_id: put a row of each account into this test, and the table into Removals")
        }
        let before = try await all.counts(tables, "account_id", theirs), tablesOfPeople = try await all.tables(with: "user_id")
        for table in tablesOfPeople where table != "membership_devices" {
            let count = try await all.count(table, "user_id", all.us.rawValue)
            #expect(count > 0, "\(table) has a user_id: put a row of each person into this test, and the table into Removals")
        }
        try await all.write(
            "INSERT INTO mailed_links (hash, kind, email, created_at, expires_at) VALUES ('before', 'sign_up', 'we@example.org', 1, 2)")
        #expect(try await store.removals.account(in: all.f.ours, now: all.f.at(1)))
        for (table, count) in try await all.counts(tables, "account_id", ours) { #expect(count == 0, "\(table) has rows of a removed account") }
        #expect(try await all.counts(tables, "account_id", theirs) == before)
        #expect(try await store.accounts.find(in: all.f.ours) == nil)
        #expect(try await !store.removals.account(in: all.f.ours, now: all.f.at(1)))

        // Who belongs to no other account is gone as well; who does stays, with nothing of this one.
        for table in tablesOfPeople {
            #expect(try await all.count(table, "user_id", all.us.rawValue) == 0, "\(table) has rows of a person who is gone")
        }
        #expect(try await all.count("users", "id", all.us.rawValue) == 0)
        #expect(try await all.count("mailed_links", "email", "we@example.org") == 0)
        #expect(try await store.memberships.all(of: all.both).map(\.user.account) == [all.f.theirs.account])
        #expect(try await store.signIns.list(of: all.both, now: all.f.now).map(\.account) == [all.f.theirs.account])
        #expect(try await all.count("access_tokens", "sign_in_id", "s-\(ours)-0") == 0)

        // Whoever was at it comes too late.
        await #expect(throws: AccountGone.self) { try await store.devices.register(all.f.device, label: "Late", in: all.f.ours, now: all.f.at(2)) }
        try await store.audit.add(AuditEntry(at: all.f.now, actorKind: "user", actorID: nil, actorName: nil, action: "late", address: nil), in: all.f.ours)
        #expect(try await all.count("audit", "account_id", ours) == 0)
        #expect(try await store.removals.left(limit: 10).map(\.scope) == [all.f.ours])
        #expect(try await store.removals.isRemoved(EventID(trusted: "e-\(ours)"), in: all.f.ours))
    }

    @Test(arguments: TestDatabase.kinds) func `nothing of a device is left in any table, and the same device of another account stays`(
        kind: TestDatabase.Kind
    ) async throws {
        let all = try await Filled(kind), store = all.f.store, device = all.f.device
        let tables = try await all.tables(with: "device_id")
        for (table, count) in try await all.counts(tables, "device_id", device.rawValue) {
            #expect(count == 2, "\(table) has a device_id: put a row of each account into this test, and the table into Removals")
        }
        #expect(try await store.removals.device(device, in: AccountScope(all.f.ours.account, devices: .only([])), now: all.f.at(1)) == nil)
        #expect(try await store.removals.device(DeviceID(trusted: "unknown"), in: all.f.ours, now: all.f.at(1)) == nil)
        let ours = all.f.ours.account.rawValue
        #expect(try await store.removals.device(device, in: all.f.ours, now: all.f.at(1)) == [EventID(trusted: "e-\(ours)")])
        // What happened with a code stays in its log.
        for (table, count) in try await all.counts(tables, "device_id", device.rawValue) { #expect(count == (table == "redemptions" ? 2 : 1), "\(table)") }
        #expect(try await store.devices.list(in: all.f.ours).isEmpty)
        #expect(try await store.devices.find(device, in: all.f.theirs) != nil)
        for table in ["jobs", "deliveries", "delivery_attempts"] { #expect(try await all.count(table, "account_id", ours) == 0) }
        // What it cost stays: a device is not removed to get credits back.
        #expect(try await all.count("credit_ledger", "account_id", ours) == 1)
        let told = try await store.outbox.entries().filter { $0.scope == all.f.ours }.last
        #expect(told?.kind == .deviceRemoved && told?.subject == device.rawValue)
        // Registered again it is a new one.
        #expect(try await store.devices.register(device, label: "Again", in: all.f.ours, now: all.f.at(2)).createdAt == all.f.at(2))
    }

    @Test(arguments: TestDatabase.kinds) func `a removed event does not come back, and its job and its worker end quietly`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind)
        let event = try await f.queued("e"), other = try await f.queued("other")
        let job = try #require(try await f.store.jobs.lease(.process, owner: "serve", seconds: 60, now: f.now))
        #expect(job.event == event.id)
        let foreign = try await f.store.removals.events([event.id], in: f.theirs, now: f.at(1))
        let hidden = try await f.store.removals.events([event.id], in: AccountScope(f.ours.account, devices: .only([])), now: f.at(1))
        #expect(foreign.isEmpty && hidden.isEmpty)
        #expect(try await f.store.removals.events([event.id, EventID(trusted: "unknown")], in: f.ours, now: f.at(1)) == [event.id])
        #expect(try await f.store.events.list(EventFilter(), in: f.ours, page: Page()).items.map(\.id) == [other.id])
        let told = try await f.store.outbox.entries().last
        #expect(told?.kind == .eventRemoved && told?.subject == "e" && told?.change == f.device.rawValue)

        #expect(try await f.store.events.apply(.started, to: event.id, holding: job, in: f.ours, now: f.at(2)) == nil)
        #expect(try await !f.store.jobs.extend(job, seconds: 60, now: f.at(2)))
        #expect(try await !f.store.jobs.complete(job, now: f.at(2)))
        let planned = try await f.store.deliveries.plan(
            event, stage: .clip, recipients: [.webhook], deadline: f.at(900), in: f.ours, now: f.at(2)
        ) { makeUUIDv7(milliseconds: 1) }
        #expect(planned.isEmpty)
        guard case .removed = try await f.store.events.insert(f.event("e"), in: f.ours) else { return #expect(Bool(false)) }
        guard case .inserted = try await f.store.events.insert(f.event("e"), in: f.theirs) else { return #expect(Bool(false)) }
    }

    @Test(arguments: TestDatabase.kinds) func `a folder is looked after until nobody can be at it, and its event forgotten later`(
        kind: TestDatabase.Kind
    ) async throws {
        let f = try await StoreFixture(kind)
        for name in ["a", "b"] { _ = try await f.queued(name) }
        _ = try await f.store.removals.events([EventID(trusted: "a")], in: f.ours, now: f.at(0))
        _ = try await f.store.removals.events([EventID(trusted: "b")], in: f.ours, now: f.at(100))
        #expect(try await f.store.removals.left(limit: 10).map { $0.event?.rawValue } == ["a", "b"])
        try await f.store.removals.cleared(before: f.at(50))
        #expect(try await f.store.removals.left(limit: 10).map { $0.event?.rawValue } == ["b"])
        #expect(try await f.store.removals.isRemoved(EventID(trusted: "a"), in: f.ours))
        try await f.store.removals.forget(before: f.at(1000))
        #expect(try await !f.store.removals.isRemoved(EventID(trusted: "a"), in: f.ours))
        #expect(try await f.store.removals.isRemoved(EventID(trusted: "b"), in: f.ours))
    }

    @Test func `a folder goes with everything in it, and others stay`() async throws {
        let folder = try TemporaryFolder()
        let storage = try FolderClipStorage(folder: folder.path + "/clips")
        let ours = AccountScope(AccountID(trusted: "ours")), theirs = AccountScope(AccountID(trusted: "theirs"))
        let (a, b) = (EventID(trusted: "a"), EventID(trusted: "b"))
        for (scope, event) in [(ours, a), (ours, b), (theirs, a)] { try await storage.put([1], key: ClipObject.key(scope, event, ClipObject.poster)) }
        let log = try await storage.clipLog(in: ours, event: a)
        try await storage.removeAll(of: a, in: ours)
        try await storage.removeAll(of: a, in: ours)
        #expect(folder.files == ["clips/ours/b/poster.jpg", "clips/theirs/a/poster.jpg"])
        await log.close()
        try await storage.setAside(b, in: ours)
        try await storage.removeAll(in: ours)
        #expect(folder.files == ["clips/theirs/a/poster.jpg"])
        let scratch = try await storage.scratch()
        try await scratch.append([1, 2])
        try await scratch.append([3])
        #expect(try await scratch.reader().read(offset: 0, count: 9) == [1, 2, 3])
        #expect(folder.files == ["clips/theirs/a/poster.jpg"])
    }
}
