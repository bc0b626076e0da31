// Stills that a sensor shows before its clip, and what the hub says to them.

import Domain
import Media
import Pipeline
import Runtime
import Store

struct Previews: Sendable {
    let store: Store
    let storage: any ClipStorage
    let planner: AlertPlanner
    let clock: WallClock
    private let pool = ThreadPool(name: "preview", threads: 1)
    private let log = Log("preview")

    init(store: Store, storage: any ClipStorage, planner: AlertPlanner, clock: WallClock) {
        self.store = store
        self.storage = storage
        self.planner = planner
        self.clock = clock
    }

    /// What is compared.
    private static let width = 160, height = 90

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// What the stills say; those that are no pictures are passed over.
    func judge(_ stills: [[UInt8]], trigger: Trigger) async throws -> PreviewVerdict {
        try await pool.run {
            PreviewVerdict(
                stills.compactMap { try? Stills.luma(jpeg: $0, width: Self.width, height: Self.height) }, trigger: trigger)
        }
    }

    /// Keeps the stills, and what was decided by them. A clip that is wanted is recorded as any other; one that is not stays on the phone,
    /// and its event is done.
    func decide(_ verdict: PreviewVerdict, _ stills: [[UInt8]], of id: EventID, in scope: AccountScope) async throws {
        for (number, bytes) in stills.enumerated() {
            try await storage.put(bytes, key: ClipObject.key(scope, id, ClipObject.still(number)))
        }
        var changes = EventChanges()
        let key = stills.isEmpty ? nil : ClipObject.key(scope, id, ClipObject.still)
        changes.clip = { clip in
            clip.state = verdict.isWanted ? nil : .onDevice
            clip.stills = stills.count
            clip.posterKey = clip.posterKey ?? key
            clip.thumbnailKey = clip.thumbnailKey ?? key
        }
        if verdict.isWanted {
            guard let event = try await store.events.update(id, changes: changes, ifState: .recording, in: scope, now: now) else { return }
            if !stills.isEmpty { try await planner.planStill(event, in: scope) }
        } else {
            changes.analysis = verdict.analysis(stills: stills.count)
            _ = try await store.events.apply(.kept, to: id, changes: changes, in: scope, now: now)
            try await storage.remove(key: ClipObject.key(scope, id, ClipObject.log))
        }
    }
}
