// What an account may use.

/// `nil` is no limit. What the hub itself allows is the upper bound of all of them.
public struct Plan: Hashable, Sendable {
    /// Of accounts that nobody has given another one, where the hub's configuration names none.
    public static let initial = "unlimited"

    public let id: String
    public let name: String
    public let analysedSecondsPerMonth: Int?
    public let maximumClipSeconds: Double?
    /// Clips that may be begun in any hour.
    public let uploadsPerHour: Int?
    public let retentionDays: Int?
    public let devices: Int?
    /// Connections that watch live at a time.
    public let viewers: Int?

    public init(
        id: String, name: String, analysedSecondsPerMonth: Int? = nil, maximumClipSeconds: Double? = nil, uploadsPerHour: Int? = nil,
        retentionDays: Int? = nil, devices: Int? = nil, viewers: Int? = nil
    ) {
        self.id = id
        self.name = name
        self.analysedSecondsPerMonth = analysedSecondsPerMonth
        self.maximumClipSeconds = maximumClipSeconds
        self.uploadsPerHour = uploadsPerHour
        self.retentionDays = retentionDays
        self.devices = devices
        self.viewers = viewers
    }

    /// What an account has whose plan is not known any more.
    public static let unlimited = Plan(id: initial, name: "Unlimited")

    /// Of each month.
    public var credits: Int? { analysedSecondsPerMonth.map { $0 / Credits.secondsEach } }

    /// The smaller of what the plan and the hub allow.
    public func clipSeconds(atMost limit: Double) -> Double { min(maximumClipSeconds ?? limit, limit) }

    /// After so many days events are removed; `nil`: never.
    ///
    /// - Parameter limit: the hub's own.
    public func retentionDays(atMost limit: Int?) -> Int? { [retentionDays, limit].compactMap(\.self).min() }
}

/// Something that a plan has no room for.
public struct PlanExceeded: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Limit: String, Hashable, Sendable {
        case devices
        case viewers
        case clipSeconds = "duration_seconds"
    }

    public let limit: Limit
    public let plan: String
    public let allowed: Int

    public init(_ limit: Limit, plan: String, allowed: Int) {
        self.limit = limit
        self.plan = plan
        self.allowed = allowed
    }

    public var description: String {
        switch limit {
        case .devices: "the plan \(plan) has room for \(allowed) device\(allowed == 1 ? "" : "s")"
        case .viewers: "the plan \(plan) lets \(allowed) watch live at a time"
        case .clipSeconds: "the plan \(plan) takes clips of at most \(allowed) s"
        }
    }
}
