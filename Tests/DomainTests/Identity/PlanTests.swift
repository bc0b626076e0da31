import Domain
import Testing

struct PlanTests {
    @Test(arguments: [(0.0, 0), (-1, 0), (.nan, 0), (.infinity, 0), (0.1, 1), (9.99, 1), (10, 1), (10.01, 2), (120, 12), (1e300, 100_000_000)])
    func `a credit is ten seconds, begun ones count`(seconds: Double, credits: Int) {
        #expect(Credits.needed(forSeconds: seconds) == credits)
    }

    @Test func `what is left is had to the last credit, and then it is said why not`() {
        #expect(Credits.refusal(needed: 90, used: 0, included: 90) == nil)
        #expect(Credits.refusal(needed: 1, used: 89, included: 90) == nil)
        #expect(Credits.refusal(needed: 1, used: 90, included: 90) == "the plan's 90 credits of this month are used")
        #expect(Credits.refusal(needed: 1, used: 120, included: 90) == "the plan's 90 credits of this month are used")
        #expect(Credits.refusal(needed: 3, used: 89, included: 90) == "this clip needs 3 credits, and of the plan's 90 of this month 1 is left")
        #expect(Credits.refusal(needed: 0, used: 90, included: 90) == nil)
        #expect(Credits.refusal(needed: 1_000_000, used: 1_000_000, included: nil) == nil)
    }

    // date -u -d @… +%Y-%m
    @Test(arguments: [
        (0, "1970-01"), (-1, "1969-12"), (951_782_399_999, "2000-02"), (951_868_799_999, "2000-02"), (951_868_800_000, "2000-03"),
        (1_709_251_199_999, "2024-02"), (1_709_251_200_000, "2024-03"), (1_735_689_599_999, "2024-12"), (1_735_689_600_000, "2025-01"),
        (4_107_542_399_999, "2100-02"), (4_107_542_400_000, "2100-03"), (1_795_219_199_000, "2026-11"), (-62_135_596_800_000, "0001-01"),
    ])
    func `months are those of UTC, leap years or not`(milliseconds: Int64, month: String) {
        #expect(CalendarMonth(containing: Timestamp(milliseconds: milliseconds)).description == month)
    }

    @Test func `the smaller limit holds`() {
        let plan = Plan(id: "p", name: "P", analysedSecondsPerMonth: 905, maximumClipSeconds: 30, retentionDays: 3)
        let free = Plan(id: Plan.initial, name: "Unlimited")
        #expect(plan.credits == 90 && free.credits == nil)
        #expect(plan.clipSeconds(atMost: 120) == 30 && plan.clipSeconds(atMost: 20) == 20 && free.clipSeconds(atMost: 120) == 120)
        #expect(plan.retentionDays(atMost: nil) == 3 && plan.retentionDays(atMost: 1) == 1)
        #expect(free.retentionDays(atMost: nil) == nil && free.retentionDays(atMost: 7) == 7)
    }
}
