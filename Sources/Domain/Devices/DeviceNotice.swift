// What people are told of a camera itself, in place of what it sees.

public enum DeviceNotice: Hashable, Sendable {
    case attention([DeviceProblem], since: Timestamp, seconds: Double)
    /// It watches, and is not there.
    case offline(since: Timestamp)
    /// It is there again after an outage that was told.
    case online(since: Timestamp)

    public enum Kind: String, CaseIterable, Hashable, Sendable { case attention, offline, online }

    public var kind: Kind {
        switch self {
        case .attention: .attention
        case .offline: .offline
        case .online: .online
        }
    }

    /// When it began, of an `online` when the outage did: with the kind it tells one notice of a device from another.
    public var since: Timestamp {
        switch self {
        case .attention(_, let since, _), .offline(let since), .online(let since): since
        }
    }

    public var problems: [DeviceProblem] { if case .attention(let problems, _, _) = self { problems } else { [] } }

    /// A sentence or two.
    ///
    /// - Parameter label: the name that people gave the camera.
    public func summary(label: String, now: Timestamp) -> String {
        switch self {
        case .attention(let problems, _, let seconds):
            return "\(label): \(Self.list(problems.map(\.words))) for \(Self.duration(seconds))."
        case .offline(let since): return "\(label) has been offline \(Self.beginning(since, now: now))."
        case .online(let since):
            let seconds = now.seconds(since: since)
            return seconds > 0 ? "\(label) is back. It was offline for \(Self.duration(seconds))." : "\(label) is back."
        }
    }

    /// Why people are told.
    public var reason: String {
        switch self {
        case .attention: "The camera watches, and says that something is wrong with it."
        case .offline: "The camera was to watch, and nobody had stopped it."
        case .online: "That it was offline had been told."
        }
    }

    private static func list(_ parts: [String]) -> String {
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return parts.dropLast().joined(separator: ", ") + " and " + last
    }

    /// A time of day while that is clear.
    private static func beginning(_ since: Timestamp, now: Timestamp) -> String {
        let seconds = now.seconds(since: since)
        guard seconds < 86_400 else { return "for \(duration(seconds))" }
        let minutes = Int((since.milliseconds / 60_000) % 1440)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "since \(two(minutes / 60)):\(two(minutes % 60)) UTC"
    }

    private static func duration(_ seconds: Double) -> String {
        func count(_ unit: Double, _ name: String) -> String {
            let number = max(1, Int((seconds / unit).rounded()))
            return number == 1 ? (name == "hour" ? "an hour" : "a \(name)") : "\(number) \(name)s"
        }
        switch seconds {
        case ..<45: return count(1, "second")
        case ..<2700: return count(60, "minute")
        case ..<79_200: return count(3600, "hour")
        default: return count(86_400, "day")
        }
    }
}
