// What every way of alerting somebody has in common.

import Domain

/// One alert that is to go out now.
struct Alert: Sendable {
    let scope: AccountScope
    let event: Event
    let deviceLabel: String
    let delivery: Delivery
    /// Words alone: the clip is better not touched again.
    var isFragile = false

    /// `Motion`, `Sound`, …
    var trigger: String { event.trigger.type.prefix(1).uppercased() + event.trigger.type.dropFirst() }

    /// What happened, as far as it is known.
    var summary: String {
        switch (event.state, event.analysis) {
        case (.failed(let failure), _): "The clip cannot be shown: \(failure.reason)."
        case (.dropped(let reason), _): "The clip was dropped: \(reason)."
        case (_, let analysis?): analysis.summary
        case (_, nil): "Recording…"
        }
    }

    /// Something that the receiver should know of the alert itself.
    var remark: String? {
        if delivery.possibleRepeat { return "You may have got this already: it is not known whether the first try arrived." }
        return event.clip.problem
    }
}

/// Sends an alert to one kind of address.
protocol AlertChannel: Sendable {
    /// Brings the target to `alert.delivery.wanted`, and returns the provider's id of the message, where there is one.
    ///
    /// - Throws: `AlertFailure`, `CancellationError`.
    func send(_ alert: Alert) async throws -> String?

    /// A harmless message, so that a person sees that it works. Throws as `send`.
    func sendTest(to target: String, deviceLabel: String) async throws
}

/// Why an alert did not go out.
struct AlertFailure: Error, Sendable {
    enum Remedy: Hashable, Sendable {
        /// Again later, not before so many seconds.
        case later(afterSeconds: Double?)
        /// Not an attempt at all: it is its turn at that time.
        case notBefore(Timestamp)
        /// The same again can not help.
        case none
        /// Nor will any other alert arrive there.
        case unlink
    }

    /// In words for a person.
    let reason: String
    let remedy: Remedy
    /// Of the provider's answer.
    var statusCode: Int?
    /// Nobody knows whether it arrived.
    var mayHaveArrived = false
    /// A short word for counting.
    var kind: String { statusCode.map { String($0) } ?? (mayHaveArrived ? "unknown" : "unreachable") }
}
