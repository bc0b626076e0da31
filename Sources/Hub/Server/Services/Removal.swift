// Removing for good: rows, then whoever is connected for what is gone, then files.

import Domain
import Runtime
import Store

/// Connections and streams of what is removed.
protocol RemovalAudience: Sendable {
    /// Clips that are being received of these events are not taken any more.
    func removed(_ events: [EventID], in scope: AccountScope) async
    /// Its connections end, however they signed in, and nobody watches it any more.
    func removed(_ device: DeviceID, in scope: AccountScope) async
}

/// Rows go first, in one transaction that also notes which folders have to go. Whatever ends the hub after that, the housekeeper goes on with.
struct Removal: Sendable {
    let store: Store
    let storage: any ClipStorage
    let audience: any RemovalAudience
    let connections: any CredentialConnections
    let reports: DeviceReports
    let clock: WallClock
    private let log = Log("removal")

    init(
        store: Store, storage: any ClipStorage, audience: any RemovalAudience, connections: any CredentialConnections, reports: DeviceReports,
        clock: WallClock
    ) {
        self.store = store
        self.storage = storage
        self.audience = audience
        self.connections = connections
        self.reports = reports
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// - Returns: how many there were.
    @discardableResult
    func removeEvents(_ ids: [EventID], in scope: AccountScope) async throws -> Int {
        let removed = try await store.removals.events(ids, in: scope, now: now)
        await audience.removed(removed, in: scope)
        await removeFiles(of: removed, in: scope)
        return removed.count
    }

    /// `false` when there is no such device.
    func removeDevice(_ id: DeviceID, in scope: AccountScope) async throws -> Bool {
        guard let events = try await store.removals.device(id, in: scope, now: now) else { return false }
        await connections.close(.device(scope.account, id))
        await audience.removed(id, in: scope)
        reports.remove(DeviceReports.Key(scope: scope, device: id))
        await removeFiles(of: events, in: scope)
        return true
    }

    /// The account with everything in it, and those of its people who belong to no other.
    func removeAccount(by right: Removals.AccountRight, in scope: AccountScope) async throws -> Removals.AccountRemoval {
        let removal = try await store.removals.account(by: right, in: scope, now: now)
        guard removal == .done else { return removal }
        await connections.close(.account(scope.account))
        reports.removeAll(of: scope)
        do {
            try await storage.removeAll(in: scope)
        } catch {
            log.warning("the files of a removed account are still to be removed", ["error": String(describing: error)])
        }
        log.info("an account was removed")
        return .done
    }

    /// Those that cannot be removed now are removed by the housekeeper.
    private func removeFiles(of events: [EventID], in scope: AccountScope) async {
        for event in events {
            do {
                try await storage.removeAll(of: event, in: scope)
            } catch {
                log.warning("files are still to be removed", ["event_id": event.rawValue, "error": String(describing: error)])
            }
        }
    }

    // MARK: - Housekeeping

    /// Whoever worked on something that was removed may have left files after that; so long they can be at it.
    private static let settlingSeconds = 600.0
    /// So long it is remembered that an event was removed: its phone may come back with it.
    private static let memoryDays = 30.0
    private static let sweptAtOnce = 10_000

    /// Removes files that the end of a run, or somebody who had not heard of the removal, has left.
    func sweep() async throws {
        let begun = now
        let left = try await store.removals.left(limit: Self.sweptAtOnce)
        for folder in left {
            try Task.checkCancellation()
            if let event = folder.event {
                try await storage.removeAll(of: event, in: folder.scope)
            } else {
                try await storage.removeAll(in: folder.scope)
            }
        }
        var settled = begun.advanced(bySeconds: -Self.settlingSeconds)
        if left.count == Self.sweptAtOnce, let last = left.last { settled = min(settled, last.removedAt) }
        try await store.removals.cleared(before: settled)
        try await store.removals.forget(before: begun.advanced(bySeconds: -Self.memoryDays * 86_400))
    }
}
