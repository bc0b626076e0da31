// What has been kept for as long as a plan, the hub, or its use wants.

import Domain
import Runtime
import Store

extension Housekeeper {
    /// So many events are removed at a time, with their files; others get their turn in between.
    private static let batch = 50
    private static let attemptDays = 90.0
    private static let auditDays = 180.0
    private static let ledgerDays = 400.0
    /// Long after they have expired: "expired" can be told from "unknown" until then.
    private static let linkDays = 30.0

    func removeOld() async throws {
        let now = now
        func days(_ count: Double) -> Timestamp { now.advanced(bySeconds: -count * 86_400) }
        for (scope, kept) in try await store.retention.accounts(atMost: limits.retentionDays) {
            let end = days(Double(kept))
            var count = 0
            while true {
                try Task.checkCancellation()
                let events = try await store.retention.events(before: end, limit: Self.batch, in: scope)
                guard !events.isEmpty else { break }
                count += try await removal.removeEvents(events, in: scope)
            }
            try await store.retention.removeSessions(before: end, in: scope)
            if count > 0 { log.info("old events were removed", ["count": String(count), "days": String(kept)]) }
        }
        try await store.retention.removeTraces(
            attemptsBefore: days(Self.attemptDays), auditBefore: days(Self.auditDays), ledgerBefore: days(Self.ledgerDays),
            linksBefore: days(Self.linkDays), expiredBefore: days(1))
    }
}
