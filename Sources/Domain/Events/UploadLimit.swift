// How many clips a camera may begin: a guardrail against one that triggers without end.

/// So many events of a device in any hour.
public struct UploadLimit: Hashable, Sendable {
    public static let seconds = 3600.0

    public let perHour: Int

    /// `nil` for no limit.
    public init?(perHour: Int) {
        guard perHour > 0 else { return nil }
        self.perHour = perHour
    }

    /// When another may begin; `nil`: now.
    ///
    /// - Parameter begun: the last ones, the newest first; those beyond `perHour` are not looked at.
    public func retryAt(begun: [Timestamp], now: Timestamp) -> Timestamp? {
        // What lies ahead was noted by a clock that has been set back since.
        let counted = begun.filter { $0 <= now && now < $0.advanced(bySeconds: Self.seconds) }
        guard counted.count >= perHour else { return nil }
        return counted[perHour - 1].advanced(bySeconds: Self.seconds)
    }
}
