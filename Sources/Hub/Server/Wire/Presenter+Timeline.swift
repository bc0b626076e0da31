// "What happened": an event from its trigger to the alert, or why there was none.

import Domain
import Runtime

extension Presenter {
    /// Steps in their usual order: `{step, at, reason?, channel?, target?, state?}`. One that has not happened has no time; a picture that is
    /// sent at once comes before the analysis, as its time says.
    func timeline(of event: Event, deliveries: [Delivery], hasTargets: Bool, channels: Set<Delivery.Channel>) -> JSON {
        var steps: [[String: JSON]] = [["step": "triggered", "at": time(event.trigger.at)]]
        func add(_ step: JSON, _ at: Timestamp?, _ reason: String? = nil) {
            steps.append(["step": step, "at": time(at), "reason": .optional(reason)])
        }
        if let at = event.times.firstByte { add("first_byte", at) }
        if let at = event.times.durable { add("durable", at, event.clip.problem) }
        switch event.state {
        case .recording: add("durable", nil)
        case .uploaded, .queued, .processing: add("analysed", nil)
        case .done where event.source == .notice: break
        case .done: add("analysed", event.times.done)
        case .failed(let failure): add("failed", event.updatedAt, failure.reason)
        case .dropped(let reason): add("dropped", event.updatedAt, reason)
        }
        for delivery in deliveries {
            steps.append([
                "step": "alerted", "at": time(delivery.sentAt), "channel": .string(delivery.channel.rawValue), "target": .string(delivery.target),
                "state": .string(delivery.state.rawValue), "reason": .optional(delivery.reason), "attempts": .integer(Int64(delivery.attempts)),
                "possible_repeat": .bool(delivery.possibleRepeat),
            ])
        }
        if deliveries.isEmpty, event.state == .done { add("not_alerted", nil, silence(event, hasTargets: hasTargets, channels: channels)) }
        return .array(steps.map { .object($0) })
    }

    private func silence(_ event: Event, hasTargets: Bool, channels: Set<Delivery.Channel>) -> String {
        if event.analysis?.shouldNotify != true { return event.analysis?.alertReason ?? "there was nothing to tell" }
        if channels.isEmpty { return "this hub has no way to alert anybody" }
        if !hasTargets { return "nobody gets the alerts of this camera" }
        return "nobody was to be alerted at that time"
    }
}
