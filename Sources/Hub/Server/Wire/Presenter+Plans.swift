// Plans and what was used of them, as clients see them.

import Domain
import Runtime
import Store

extension Presenter {
    /// Null is no limit.
    func plan(_ plan: Plan) -> JSON {
        [
            "plan_id": .string(plan.id), "name": .string(plan.name), "analysed_seconds_per_month": .optional(plan.analysedSecondsPerMonth),
            "maximum_clip_seconds": .optional(plan.maximumClipSeconds), "uploads_per_hour": .optional(plan.uploadsPerHour),
            "retention_days": .optional(plan.retentionDays), "devices": .optional(plan.devices), "viewers": .optional(plan.viewers),
        ]
    }

    func creditEntry(_ entry: CreditEntry) -> JSON {
        [
            "entry_id": .string(entry.id), "at": time(entry.at), "event_id": .string(entry.event.rawValue), "seconds": .number(entry.seconds),
            "credits": .integer(Int64(entry.credits)), "kind": .string(entry.kind.rawValue),
        ]
    }
}
