// Devices and their watching sessions.

import Domain
import Runtime
import Store

/// Who is connected right now; answered by the socket side.
protocol PresenceSource: Sendable {
    func isOnline(_ device: DeviceID, in scope: AccountScope) async -> Bool
    /// All cameras that are connected.
    func connected() async -> Set<DeviceReports.Key>
}

struct Watching: Sendable {
    let store: Store
    let presence: any PresenceSource
    let reports: DeviceReports
    let presenter: Presenter
    let clock: WallClock

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// - Parameter token: takes the place of the one that the device had.
    func register(_ id: DeviceID?, label: String, token: String? = nil, in scope: AccountScope) async throws -> (device: Device, isNew: Bool) {
        let now = now, id = id ?? DeviceID(trusted: makeUUIDv7(milliseconds: now.milliseconds))
        let device = try await store.devices.register(id, label: label, tokenHash: token.map(Authentication.hash), in: scope, now: now)
        return (device, device.createdAt == now)
    }

    /// For who may look.
    func devices(in scope: AccountScope) async throws -> JSON {
        let stored = try await store.health.reports(in: scope), withToken = try await store.deviceTokens.list(in: scope)
        var list: [JSON] = []
        for device in try await store.devices.list(in: scope) {
            list.append(try await present(device, stored[device.id], hasToken: withToken.contains(device.id), in: scope, hasLinks: true))
        }
        return .array(list)
    }

    func present(_ device: Device, in scope: AccountScope, hasLinks: Bool) async throws -> JSON {
        let hasToken = try await store.deviceTokens.contains(device.id, in: scope)
        return try await present(device, try await store.health.report(of: device.id, in: scope), hasToken: hasToken, in: scope, hasLinks: hasLinks)
    }

    private func present(
        _ device: Device, _ stored: DeviceHealthRows.Report?, hasToken: Bool, in scope: AccountScope, hasLinks: Bool
    ) async throws -> JSON {
        let key = DeviceReports.Key(scope: scope, device: device.id)
        let known = stored.flatMap { stored in
            JSON(parsing: stored.telemetry.utf8).map { DeviceReports.Report(telemetry: $0, at: stored.at) }
        }
        return presenter.device(
            device, in: scope, isOnline: await presence.isOnline(device.id, in: scope), isWatching: try await isWatching(device.id, in: scope),
            hasToken: hasToken, report: reports.find(key) ?? known, needsAttention: reports.needsAttention(key), hasLinks: hasLinks)
    }

    func isWatching(_ device: DeviceID, in scope: AccountScope) async throws -> Bool {
        try await store.sessions.isActive(device: device, in: scope)
    }

    func start(device: DeviceID, prompt: String?, in scope: AccountScope) async throws -> WatchSession {
        let id = SessionID(trusted: makeUUIDv7(milliseconds: clock.milliseconds))
        guard let started = try await store.sessions.start(id, device: device, analysisPrompt: prompt, in: scope, now: now) else {
            throw APIError.notFound("device")
        }
        return started.session
    }

    func stop(_ id: SessionID, in scope: AccountScope) async throws -> WatchSession {
        guard let before = try await store.sessions.find(id, in: scope) else { throw APIError.notFound("session") }
        guard before.status == .active, let session = try await store.sessions.stop(id, in: scope, now: now) else { return before }
        return session
    }

    func forceStop(_ id: SessionID, in scope: AccountScope) async throws -> JSON {
        let result = try await store.sessions.forceStop(id, reason: "the session was stopped by force", in: scope, now: now)
        guard let result else { throw APIError.notFound("session") }
        guard case .object(var json) = presenter.session(result.session) else { return .null }
        json["dropped_processing_events"] = .integer(Int64(result.droppedProcessingEvents))
        json["dropped_queued_jobs"] = .integer(Int64(result.droppedQueuedJobs))
        return .object(json)
    }
}
