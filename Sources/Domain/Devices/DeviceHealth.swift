// When people are told that a camera is not there, or not well, as a pure state machine.

/// One camera during one session. Durations go by a clock that nobody sets; the time of day is only for telling.
public struct DeviceHealth: Hashable, Sendable {
    public struct Rules: Hashable, Sendable {
        /// A problem that lasts so long is told; 0: none is.
        public var attentionSeconds = 60.0
        /// The same for urgent ones, where it is less.
        public var urgentSeconds = 20.0
        /// A camera that is away for so long is told; 0: none is.
        public var offlineSeconds = 60.0
        /// A problem is told again only after it was gone for so long.
        public var wellSeconds = 300.0

        public init(attentionSeconds: Double = 60, offlineSeconds: Double = 60) {
            self.attentionSeconds = attentionSeconds
            self.offlineSeconds = offlineSeconds
        }

        /// A connection that lasts for less is no return.
        public var steadySeconds: Double { min(5, offlineSeconds / 4) }
        /// A problem that was gone for less has not been gone.
        public var gapSeconds: Double { min(10, attentionSeconds / 4) }

        func patience(with problem: DeviceProblem) -> Double { problem.isUrgent ? min(urgentSeconds, attentionSeconds) : attentionSeconds }
    }

    /// One moment by two clocks.
    public struct Moment: Hashable, Sendable {
        public let wall: Timestamp
        /// By a clock that nobody sets, and that begins anew with the process.
        public let elapsed: Timestamp

        public init(wall: Timestamp, elapsed: Timestamp) {
            self.wall = wall
            self.elapsed = elapsed
        }
    }

    /// What is known of the camera just now.
    public struct Observation: Hashable, Sendable {
        public var isConnected: Bool
        /// Of its last report.
        public var problems: Set<DeviceProblem>
        /// When it was heard of last, while it is away.
        public var lastHeard: Timestamp

        public init(isConnected: Bool, problems: Set<DeviceProblem>, lastHeard: Timestamp) {
            self.isConnected = isConnected
            self.problems = problems
            self.lastHeard = lastHeard
        }
    }

    /// What was told and holds still: kept over the end of a process, so that it is not told again.
    public struct Memory: Hashable, Sendable {
        /// When the outage began that was told.
        public var outageSince: Timestamp?
        /// The problems that were told, and when they began.
        public var attended: [DeviceProblem: Timestamp]

        public init(outageSince: Timestamp? = nil, attended: [DeviceProblem: Timestamp] = [:]) {
            self.outageSince = outageSince
            self.attended = attended
        }

        public var isEmpty: Bool { outageSince == nil && attended.isEmpty }
    }

    private struct Outage: Hashable {
        let since: Timestamp
        let from: Timestamp
        var isTold = false
        /// It is connected again since then.
        var backFrom: Timestamp?
    }

    private struct Episode: Hashable {
        let since: Timestamp
        let from: Timestamp
        var isTold = false
        /// The problem is gone since then.
        var wellFrom: Timestamp?
    }

    private let rules: Rules
    private var outage: Outage?
    private var episodes: [DeviceProblem: Episode] = [:]

    /// - Parameter memory: of a process before this one. What it had not told begins anew.
    public init(rules: Rules, memory: Memory = Memory(), at moment: Moment) {
        self.rules = rules
        outage = memory.outageSince.map { Outage(since: $0, from: moment.elapsed, isTold: true) }
        episodes = memory.attended.mapValues { Episode(since: $0, from: moment.elapsed, isTold: true) }
    }

    public var memory: Memory {
        Memory(outageSince: outage.flatMap { $0.isTold ? $0.since : nil }, attended: episodes.filter(\.value.isTold).mapValues(\.since))
    }

    /// Whether a problem that was told is there now.
    public var needsAttention: Bool { episodes.values.contains { $0.isTold && $0.wellFrom == nil } }

    /// To be called every few seconds while the session is active.
    ///
    /// - Returns: what people are to be told.
    public mutating func observe(_ observation: Observation, at moment: Moment) -> [DeviceNotice] {
        var notices: [DeviceNotice] = []
        if observation.isConnected {
            if let notice = present(at: moment) { notices.append(notice) }
            if let notice = judge(observation.problems, at: moment) { notices.append(notice) }
        } else {
            if let notice = away(observation.lastHeard, at: moment) { notices.append(notice) }
            // Nobody knows: what was not told begins anew, and what was told is not well for being away.
            episodes = episodes.filter(\.value.isTold)
            for problem in episodes.keys { episodes[problem]?.wellFrom = nil }
        }
        return notices
    }

    private mutating func present(at moment: Moment) -> DeviceNotice? {
        guard var current = outage else { return nil }
        let back = current.backFrom ?? moment.elapsed
        current.backFrom = back
        guard moment.elapsed.seconds(since: back) >= rules.steadySeconds else {
            outage = current
            return nil
        }
        outage = nil
        return current.isTold ? .online(since: current.since) : nil
    }

    private mutating func away(_ lastHeard: Timestamp, at moment: Moment) -> DeviceNotice? {
        // One that lies ahead was noted by a clock that has been set back since.
        var current = outage ?? Outage(since: min(lastHeard, moment.wall), from: moment.elapsed)
        current.backFrom = nil
        defer { outage = current }
        guard !current.isTold, rules.offlineSeconds > 0, moment.elapsed.seconds(since: current.from) >= rules.offlineSeconds else { return nil }
        current.isTold = true
        return .offline(since: current.since)
    }

    private mutating func judge(_ problems: Set<DeviceProblem>, at moment: Moment) -> DeviceNotice? {
        for problem in problems {
            episodes[problem, default: Episode(since: moment.wall, from: moment.elapsed)].wellFrom = nil
        }
        for (problem, var episode) in episodes where !problems.contains(problem) {
            let wellFrom = episode.wellFrom ?? moment.elapsed
            episode.wellFrom = wellFrom
            let isOver = moment.elapsed.seconds(since: wellFrom) >= (episode.isTold ? rules.wellSeconds : rules.gapSeconds)
            episodes[problem] = isOver ? nil : episode
        }
        guard rules.attentionSeconds > 0 else { return nil }
        let due = episodes.filter { problem, episode in
            !episode.isTold && episode.wellFrom == nil && moment.elapsed.seconds(since: episode.from) >= rules.patience(with: problem)
        }
        guard let first = due.values.map(\.since).min(), let longest = due.values.map(\.from).min() else { return nil }
        for problem in due.keys { episodes[problem]?.isTold = true }
        // In the order of `DeviceProblem`, the urgent ones first.
        let told = DeviceProblem.allCases.filter { due[$0] != nil }
        return .attention(
            told.filter(\.isUrgent) + told.filter { !$0.isUrgent }, since: first, seconds: moment.elapsed.seconds(since: longest))
    }
}
