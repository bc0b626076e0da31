// How guessing is made slow.

/// Counts failures by key (an account, an address), and makes the next attempt wait: not at all after the first few, then a second, twice as long
/// after each further one.
///
/// An attempt counts as failed from its beginning on, until it succeeded: otherwise a thousand guesses at once would all come before the first
/// failure.
public struct AttemptLimit<Key: Hashable & Sendable>: Sendable {
    public struct Rules: Hashable, Sendable {
        /// As many failures have no consequence.
        public var free = 5
        public var firstDelayMilliseconds: Int64 = 1000
        public var maximumDelayMilliseconds: Int64 = 15 * 60_000
        /// After this long without an attempt, nothing is held against a key.
        public var quietMilliseconds: Int64 = 60 * 60_000
        /// Of more keys the one with the oldest attempt is forgotten.
        public var maximumKeys = 10_000

        public init() {}
    }

    private struct Entry {
        var failures: Int
        /// Of the last attempt that was let through.
        var at: Timestamp
        /// Which of `touches` is about this entry.
        var touch: UInt64
    }

    private let rules: Rules
    private var entries: [Key: Entry] = [:]
    /// Keys in the order of their attempts; only the newest of each counts.
    private var touches: [(key: Key, number: UInt64)] = []
    private var firstTouch = 0
    private var nextNumber: UInt64 = 0

    public init(rules: Rules = Rules()) {
        precondition(rules.free >= 0 && rules.maximumKeys > 0 && rules.firstDelayMilliseconds > 0)
        self.rules = rules
    }

    /// How many keys are known.
    public var count: Int { entries.count }

    /// Asks whether `key` may try now. If so it has tried, and has failed unless `succeed` or `withdraw` follows.
    ///
    /// - Returns: `nil` for yes; otherwise when the next attempt may be made. Who comes earlier loses nothing by it.
    public mutating func attempt(_ key: Key, now: Timestamp) -> Timestamp? {
        var entry = entries[key] ?? Entry(failures: 0, at: now, touch: 0)
        // Somebody set the clock back: nobody waits for that long.
        if entry.at > now { entry.at = now }
        if now.milliseconds - entry.at.milliseconds >= rules.quietMilliseconds { entry.failures = 0 }
        let next = entry.at.advanced(byMilliseconds: delay(after: entry.failures))
        guard next <= now else {
            entries[key] = entry
            return next
        }
        entry.failures += 1
        entry.at = now
        entry.touch = nextNumber
        entries[key] = entry
        touches.append((key, nextNumber))
        nextNumber += 1
        forgetOldest()
        return nil
    }

    /// When the next attempt may be made; `nil` for now. Nothing is counted.
    public func next(_ key: Key, now: Timestamp) -> Timestamp? {
        guard let entry = entries[key] else { return nil }
        let at = min(entry.at, now)
        guard now.milliseconds - at.milliseconds < rules.quietMilliseconds else { return nil }
        let next = at.advanced(byMilliseconds: delay(after: entry.failures))
        return next <= now ? nil : next
    }

    /// The attempt was right: nothing is held against `key` any more. Of keys that belong to many (an address), call `withdraw`: who signs in to an
    /// account of one's own would be free to guess at others.
    public mutating func succeed(_ key: Key) { entries[key] = nil }

    /// The last attempt was none: it was not looked at, or was right where that shall not clear what was before.
    public mutating func withdraw(_ key: Key) {
        guard let failures = entries[key]?.failures else { return }
        if failures <= 1 { entries[key] = nil } else { entries[key]?.failures = failures - 1 }
    }

    /// How long after so many failures the next attempt may be.
    func delay(after failures: Int) -> Int64 {
        guard failures > rules.free else { return 0 }
        // Beyond that it would not fit, and is more than any maximum.
        let doublings = min(failures - rules.free - 1, 30)
        return min(rules.firstDelayMilliseconds << Int64(doublings), rules.maximumDelayMilliseconds)
    }

    private mutating func forgetOldest() {
        while entries.count > rules.maximumKeys {
            let oldest = touches[firstTouch]
            firstTouch += 1
            if entries[oldest.key]?.touch == oldest.number { entries[oldest.key] = nil }
        }
        // Half of it is outdated at least: each is moved once for each that came.
        if touches.count >= 2 * rules.maximumKeys {
            touches = touches[firstTouch...].filter { entries[$0.key]?.touch == $0.number }
            firstTouch = 0
        }
    }
}
