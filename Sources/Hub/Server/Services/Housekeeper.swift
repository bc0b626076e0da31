// What nobody asks for and must be done all the same: clips whose sender never came back, files without rows, old jobs.

import Domain
import Runtime
import Store

struct Housekeeper: Sendable {
    let store: Store
    let storage: any ClipStorage
    let realtime: RealtimeHub
    let limits: ServerConfiguration.Limits
    let clock: WallClock
    private let log = Log("housekeeping")

    /// Of a clip that is uploaded whole, between announcement and end.
    private static let uploadSeconds = 3600.0
    private static let jobDays = 7.0
    /// What another process may be writing is younger.
    private static let leftoverSeconds = 600.0

    init(store: Store, storage: any ClipStorage, realtime: RealtimeHub, limits: ServerConfiguration.Limits, clock: WallClock) {
        self.store = store
        self.storage = storage
        self.realtime = realtime
        self.limits = limits
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// Until the task is cancelled.
    func run() async {
        await untilDone("what was left behind could not be looked through yet") { try await reconcile() }
        let pause = min(max(limits.clipIdleSeconds / 4, 0.25), 15)
        var jobsRemovedAt = Timestamp(milliseconds: 0)
        while !Task.isCancelled {
            do {
                try await closeAbandoned()
                if now.seconds(since: jobsRemovedAt) > 3600 {
                    try await store.jobs.removeEnded(before: now.advanced(bySeconds: -Self.jobDays * 86_400))
                    jobsRemovedAt = now
                }
            } catch {
                log.warning("housekeeping was put off", ["error": String(describing: error)])
            }
            try? await Task.sleep(for: .seconds(pause))
        }
    }

    private func untilDone(_ words: StaticString, _ body: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                return try await body()
            } catch {
                log.warning(words, ["error": String(describing: error)])
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    // MARK: - Clips whose sender never came back

    func closeAbandoned() async throws {
        let limit = now.advanced(bySeconds: -limits.clipIdleSeconds)
        for (scope, event) in try await store.events.recordings(updatedBefore: limit) {
            switch event.source {
            case .external: continue
            case .stream:
                guard await !realtime.isReceiving(event.id, in: scope) else { continue }
                let frames = try await storage.clipFrames(in: scope, event: event.id)
                try await abandon(event, hasClip: frames > 0, isWhole: false, frames > 0
                    ? "the camera did not come back: the clip ends early" : "the camera did not come back, and nothing of the clip had arrived",
                    limit: limit, in: scope)
            case .upload:
                let limit = min(limit, now.advanced(bySeconds: -Self.uploadSeconds))
                guard event.updatedAt < limit else { continue }
                let isWhole = event.clip.etag != nil
                try await abandon(event, hasClip: isWhole, isWhole: isWhole, "the clip was announced but never uploaded", limit: limit, in: scope)
            }
        }
    }

    private func abandon(
        _ event: Event, hasClip: Bool, isWhole: Bool, _ reason: String, limit: Timestamp, in scope: AccountScope
    ) async throws {
        let job = JobID(trusted: makeUUIDv7(milliseconds: clock.milliseconds))
        let closed = try await store.events.abandon(
            event.id, hasClip: hasClip, isWhole: isWhole, reason: reason, updatedBefore: limit, job: job, in: scope, now: now)
        if closed != nil { log.info("a clip was closed without its sender", ["event_id": event.id.rawValue, "reason": reason]) }
    }

    // MARK: - Start

    /// Brings files and rows together again after whatever ended the last run.
    func reconcile() async throws {
        let forgotten = try await store.events.enqueueForgotten(now: now) { [clock] in makeUUIDv7(milliseconds: clock.milliseconds) }
        if forgotten > 0 { log.warning("events without a job were queued", ["count": String(forgotten)]) }
        try await checkFolders()
        try await checkRows()
    }

    /// Files without a row. They were never acknowledged, or their database is another one: they are set aside rather than removed.
    private func checkFolders() async throws {
        var orphans: [(scope: AccountScope, event: EventID)] = []
        let folders = try await storage.folders()
        for folder in folders {
            guard let event = try await store.events.find(folder.event, in: folder.scope) else {
                orphans.append(folder)
                continue
            }
            guard event.state.isFinal else { continue }
            try await storage.removeLeftovers(
                of: event.id, in: folder.scope, keeping: Self.objects(of: event), olderThanSeconds: Self.leftoverSeconds)
        }
        guard !orphans.isEmpty else { return }
        // A hub that was started with the wrong database must not clear the clips away.
        guard orphans.count <= 10 || orphans.count < folders.count / 2 else {
            log.error("most clips have no event in this database; nothing was touched: is DATABASE_URL right?", ["count": String(orphans.count)])
            return
        }
        for orphan in orphans { try await storage.setAside(orphan.event, in: orphan.scope) }
        log.warning("folders without an event were set aside", ["count": String(orphans.count), "folder": "lost+found"])
    }

    /// What is kept of an event that has come to its end.
    private static func objects(of event: Event) -> Set<String> {
        var objects: Set<String> = [ClipObject.rendition]
        for key in [event.clip.key, event.clip.posterKey, event.clip.thumbnailKey] {
            if let name = key?.split(separator: "/").last { objects.insert(String(name)) }
        }
        // The sensor may bring the rest; and a clip that failed may be tried again.
        if event.clip.isIncomplete || event.state != .done { objects.formUnion([ClipObject.log, ClipObject.upload, ClipObject.still]) }
        return objects
    }

    /// Rows whose clip is gone: the event says so, for as long as it is.
    private func checkRows() async throws {
        var position = (account: "", event: "")
        while true {
            let rows = try await store.events.withFiles(after: position, limit: 200)
            guard let last = rows.last else { return }
            for (scope, event) in rows where event.state.isFinal {
                guard let key = event.clip.key else { continue }
                let isMissing = try await storage.localFile(key: key) == nil
                guard isMissing != (event.clip.problem == Clip.missingFile) else { continue }
                log.warning("a clip's file went or came", ["event_id": event.id.rawValue, "missing": String(isMissing)])
                var changes = EventChanges()
                changes.clip = { $0.problem = isMissing ? Clip.missingFile : nil }
                _ = try await store.events.update(event.id, changes: changes, in: scope, now: now)
            }
            position = (last.scope.account.rawValue, last.event.id.rawValue)
        }
    }
}
