// What nobody asks for and must be done all the same: clips whose sender never came back, files without rows, what is old.

import Domain
import Pipeline
import Runtime
import Store

struct Housekeeper: Sendable {
    let store: Store
    let storage: any ClipStorage
    let planner: AlertPlanner
    let realtime: RealtimeHub
    let uploads: OpenUploads
    let removal: Removal
    let limits: ServerConfiguration.Limits
    let clock: WallClock
    let log = Log("housekeeping")

    /// Of a clip that is uploaded whole, between announcement and end.
    private static let uploadSeconds = 3600.0
    private static let jobDays = 7.0
    private static let deadDays = 90.0
    /// What another process may be writing is younger.
    private static let leftoverSeconds = 600.0

    init(
        store: Store, storage: any ClipStorage, planner: AlertPlanner, realtime: RealtimeHub, uploads: OpenUploads,
        removal: Removal, limits: ServerConfiguration.Limits, clock: WallClock
    ) {
        self.store = store
        self.storage = storage
        self.planner = planner
        self.realtime = realtime
        self.uploads = uploads
        self.removal = removal
        self.limits = limits
        self.clock = clock
    }

    var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// Until the task is cancelled.
    func run() async {
        async let reconciled: Void = reconcile()
        let pause = min(max(limits.clipIdleSeconds / 4, 0.25), 15)
        var clearedAt = Timestamp(milliseconds: 0)
        while !Task.isCancelled {
            await attempt("clips could not be closed") { try await closeAbandoned() }
            await attempt("alerts could not be completed") { try await completeAlerts() }
            await attempt("files of what was removed could not be removed") { try await removal.sweep() }
            if now.seconds(since: clearedAt) > 3600 {
                await attempt("old work could not be cleared") {
                    try await enqueueForgotten()
                    try await store.jobs.removeEnded(
                        before: now.advanced(bySeconds: -Self.jobDays * 86_400), deadBefore: now.advanced(bySeconds: -Self.deadDays * 86_400))
                    try await removeOld()
                    clearedAt = now
                }
            }
            try? await Task.sleep(for: .seconds(pause))
        }
        await reconciled
    }

    /// What does not work now is tried again the next time, and holds up nothing else.
    @discardableResult
    func attempt(_ words: StaticString, _ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch is CancellationError {
            // The hub ends.
            return false
        } catch {
            log.warning(words, ["error": String(describing: error)])
            return false
        }
    }

    // MARK: - Clips whose sender never came back

    func closeAbandoned() async throws {
        let limit = now.advanced(bySeconds: -limits.clipIdleSeconds)
        for (scope, event) in try await store.events.recordings(.stream, updatedBefore: limit)
        where await !realtime.isReceiving(event.id, in: scope) {
            try Task.checkCancellation()
            await attempt("a clip could not be closed") {
                let hasFrames = try await storage.clipFrames(in: scope, event: event.id) > 0
                let reason = "the camera did not come back" + (hasFrames ? ": the clip ends early" : ", and nothing of the clip had arrived")
                try await abandon(event, hasClip: hasFrames, isWhole: false, reason, limit: limit, in: scope)
            }
        }
        let uploadLimit = min(limit, now.advanced(bySeconds: -Self.uploadSeconds))
        for (scope, event) in try await store.events.recordings(.upload, updatedBefore: uploadLimit) where !uploads.isOpen(event.id, in: scope) {
            try Task.checkCancellation()
            await attempt("an upload could not be closed") {
                let isWhole = event.clip.etag != nil
                try await abandon(event, hasClip: isWhole, isWhole: isWhole, "the clip was announced but never uploaded", limit: uploadLimit, in: scope)
            }
        }
        // Written and queued in two steps; somebody was interrupted between them.
        for (scope, event) in try await store.events.recordings(.external, updatedBefore: limit) {
            try Task.checkCancellation()
            await attempt("an event could not be queued") {
                try await abandon(event, hasClip: true, isWhole: true, "", limit: limit, in: scope)
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

    /// A picture was sent, and its event came to an end that nobody told the message of.
    func completeAlerts() async throws {
        for (scope, event) in try await store.events.endedWithBegunAlerts() {
            try Task.checkCancellation()
            try await planner.planClip(event, in: scope)
        }
    }

    private func enqueueForgotten() async throws {
        let forgotten = try await store.events.enqueueForgotten(now: now) { [clock] in makeUUIDv7(milliseconds: clock.milliseconds) }
        if forgotten > 0 { log.warning("events without a job were queued", ["count": String(forgotten)]) }
    }

    // MARK: - Start

    /// Brings files and rows together again after whatever ended the last run.
    func reconcile() async {
        for step in [checkFolders, checkRows] {
            while !Task.isCancelled, await !attempt("what was left behind could not be looked through yet", { try await step() }) {
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// Files without a row. They were never acknowledged, or their database is another one: they are set aside rather than removed.
    private func checkFolders() async throws {
        var orphans: [(scope: AccountScope, event: EventID)] = []
        let folders = try await storage.folders()
        for folder in folders {
            try Task.checkCancellation()
            guard let event = try await store.events.find(folder.event, in: folder.scope) else {
                // What was removed is nothing to keep.
                if try await !store.removals.isRemoved(folder.event, in: folder.scope) { orphans.append(folder) }
                continue
            }
            // Whoever works on an event that has not come to its end may be in another process.
            guard event.state.isFinal else { continue }
            await attempt("a folder could not be cleared") { try await clear(folder.scope, event) }
        }
        guard !orphans.isEmpty else { return }
        // A hub that was started with the wrong database must not clear the clips away.
        guard orphans.count <= 10 || orphans.count < folders.count / 2 else {
            log.error("most clips have no event in this database; nothing was touched: is DATABASE_URL right?", ["count": String(orphans.count)])
            return
        }
        for orphan in orphans {
            try Task.checkCancellation()
            await attempt("a folder could not be set aside") { try await storage.setAside(orphan.event, in: orphan.scope) }
        }
        log.warning("folders without an event were set aside", ["count": String(orphans.count), "folder": "lost+found"])
    }

    private func clear(_ scope: AccountScope, _ event: Event) async throws {
        try await storage.removeLeftovers(of: event.id, in: scope, olderThanSeconds: Self.leftoverSeconds)
        // Between the result and its cleaning up there was an end. The sensor of an incomplete clip may still bring the rest.
        guard event.state == .done, !event.clip.isIncomplete, let key = event.clip.key, try await storage.localFile(key: key) != nil else { return }
        for object in [ClipObject.log, ClipObject.upload] {
            try await storage.remove(key: ClipObject.key(scope, event.id, object))
        }
    }

    /// Rows whose clip is gone: the event says so, for as long as it is.
    private func checkRows() async throws {
        var position = (account: "", event: "")
        while true {
            try Task.checkCancellation()
            let rows = try await store.events.withFiles(after: position, limit: 200)
            guard let last = rows.last else { return }
            for (scope, event) in rows where event.state.isFinal {
                guard let key = event.clip.key else { continue }
                // What cannot be looked at is not missing: that throws.
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
