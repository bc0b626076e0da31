// Everything that is kept for an account, for its owner to take along.

import Domain
import Runtime
import Store

/// One JSON object, written to a file without a name page by page, so that an account of any size costs the memory of one page. Nothing
/// by which somebody could sign in is in it: no hashes and no tokens.
struct AccountExport: Sendable {
    let services: Services
    let scope: AccountScope
    let now: Timestamp

    private var store: Store { services.store }
    private var presenter: Presenter { services.presenter }

    func write() async throws -> ObjectReader {
        let file = try await services.storage.scratch()
        let devices = try await store.devices.list(in: scope)
        try await file.append(Array("{".utf8))
        try await add("format", "pingwatch-export-1", to: file, isFirst: true)
        try await add("exported_at", presenter.time(now), to: file)
        try await add("account", try await account(), to: file)
        try await add("people", .array(try await store.memberships.list(in: scope).map(presenter.member)), to: file)
        try await add("api_keys", .array(try await store.keys.list(in: scope).map(presenter.key)), to: file)
        try await add("devices", .array(try await each(devices, device)), to: file)
        try await addPages("sessions", to: file) { page in
            let sessions = try await store.sessions.list(device: nil, in: scope, page: page)
            return (sessions.items.map(presenter.session), sessions.nextCursor)
        }
        try await addPages("events", to: file) { page in
            let events = try await store.events.list(EventFilter(), in: scope, page: page)
            return (try await each(events.items, event), events.nextCursor)
        }
        try await addPages("credits", to: file) { page in
            let entries = try await store.ledger.list(in: scope, page: page)
            return (entries.items.map(presenter.creditEntry), entries.nextCursor)
        }
        try await addPages("audit", to: file) { page in
            let entries = try await store.audit.list(in: scope, page: page)
            return (entries.items.map(presenter.auditEntry), entries.nextCursor)
        }
        try await file.append(Array("}\n".utf8))
        return try await file.reader()
    }

    // MARK: - Parts

    private func account() async throws -> JSON {
        guard let account = try await store.accounts.find(in: scope) else { throw APIError.notFound("account") }
        return [
            "account_id": .string(account.id.rawValue), "name": .string(account.name), "created_at": presenter.time(account.createdAt),
            "plan": presenter.plan(try await store.plans.current(in: scope)),
        ]
    }

    private func device(_ device: Device) async throws -> JSON {
        let report = try await store.health.report(of: device.id, in: scope)
        return [
            "device_id": .string(device.id.rawValue), "label": .string(device.label), "created_at": presenter.time(device.createdAt),
            "last_seen_at": presenter.time(device.lastSeenAt), "settings": try await services.control.settings(of: device.id, in: scope),
            "telemetry": report.flatMap { JSON(parsing: $0.telemetry.utf8) } ?? .null, "reported_at": presenter.time(report?.at),
            "targets": .array(try await store.targets.list(device: device.id, in: scope).map(presenter.target)),
        ]
    }

    private func event(_ event: Event) async throws -> JSON {
        guard case .object(var json) = presenter.event(event, in: scope, hasLinks: true) else { return .null }
        let deliveries = try await store.deliveries.list(event: event.id, in: scope)
        let attempts = try await store.deliveries.attempts(of: deliveries, in: scope)
        json["deliveries"] = .array(deliveries.map { presenter.delivery($0, attempts: attempts[$0.id] ?? []) })
        return .object(json)
    }

    // MARK: - Writing

    private func each<Item>(_ items: [Item], _ body: (Item) async throws -> JSON) async throws -> [JSON] {
        var list: [JSON] = []
        for item in items { list.append(try await body(item)) }
        return list
    }

    private func add(_ name: String, _ value: JSON, to file: ScratchFile, isFirst: Bool = false) async throws {
        try await file.append(Array("\(isFirst ? "" : ",")\n\(JSON.string(name).text):".utf8) + value.utf8)
    }

    private func addPages(_ name: String, to file: ScratchFile, _ load: (Page) async throws -> (items: [JSON], cursor: String?)) async throws {
        try await file.append(Array(",\n\(JSON.string(name).text):[".utf8))
        var page = Page(limit: 200), isFirst = true
        repeat {
            let (items, cursor) = try await load(page)
            var bytes: [UInt8] = []
            for item in items {
                bytes += (isFirst ? "\n" : ",\n").utf8
                bytes += item.utf8
                isFirst = false
            }
            try await file.append(bytes)
            page.cursor = cursor
        } while page.cursor != nil
        try await file.append(Array("]".utf8))
    }
}
