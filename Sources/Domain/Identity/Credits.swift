// What analysing costs, and whether there is enough left.

/// One credit is ten seconds of a clip that was analysed.
public enum Credits {
    public static let secondsEach = 10

    /// What a clip costs: begun ones count whole.
    public static func needed(forSeconds seconds: Double) -> Int {
        // Durations come from files that others made.
        guard seconds > 0, seconds.isFinite else { return 0 }
        return Int((min(seconds, 1e9) / Double(secondsEach)).rounded(.up))
    }

    /// Why `needed` credits are not to be had, in words; `nil` when they are.
    ///
    /// - Parameter included: in the month; `nil`: as many as one likes.
    public static func refusal(needed: Int, used: Int, included: Int?) -> String? {
        guard let included, needed > 0, used + needed > included else { return nil }
        let left = included - used
        if left <= 0 { return "the plan's \(included) credits of this month are used" }
        return "this clip needs \(needed) credits, and of the plan's \(included) of this month \(left) \(left == 1 ? "is" : "are") left"
    }
}

/// A month by UTC, in which credits are counted.
public struct CalendarMonth: Hashable, Sendable, CustomStringConvertible {
    public let year: Int
    /// 1…12.
    public let month: Int

    /// The proleptic Gregorian calendar, by the days since 1970-01-01.
    public init(containing time: Timestamp) {
        let day = 86_400_000 as Int64
        // Days since 0000-03-01: a year that begins in March has its leap day at its end.
        let days = (time.milliseconds >= 0 ? time.milliseconds : time.milliseconds - day + 1) / day + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    /// `2026-11`.
    public var description: String {
        let digits = String(year)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + (month < 10 ? "-0" : "-") + String(month)
    }
}

/// One line of an account's ledger.
public struct CreditEntry: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        case analysis
        /// What came later of a clip of which a part had been analysed.
        case rest
    }

    public let id: String
    public let at: Timestamp
    /// It may be gone.
    public let event: EventID
    public let seconds: Double
    public let credits: Int
    public let kind: Kind

    public init(id: String, at: Timestamp, event: EventID, seconds: Double, credits: Int, kind: Kind) {
        self.id = id
        self.at = at
        self.event = event
        self.seconds = seconds
        self.credits = credits
        self.kind = kind
    }
}
