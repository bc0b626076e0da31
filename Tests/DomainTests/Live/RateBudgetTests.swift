import Domain
import Testing

struct RateBudgetTests {
    private let limits = RateBudget.Limits(messagesPerSecond: 10, bytesPerSecond: 1000, burstSeconds: 2)
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_000_000 + milliseconds) }

    private func expect(_ limit: RateBudget.Limit?, _ spent: RateBudget.Limit?) { #expect(spent == limit) }

    /// Then, and not a millisecond before.
    private func expectPaid(_ budget: inout RateBudget, at milliseconds: Int64) {
        var early = budget
        let isEarly = early.isPaid(at: at(milliseconds - 1)), isPaid = budget.isPaid(at: at(milliseconds))
        #expect(!isEarly && isPaid)
    }

    @Test func `a burst is free, and what comes after it is a debt`() {
        var budget = RateBudget(limits, now: at(0))
        for _ in 0..<20 { expect(nil, budget.spend(bytes: 1, at: at(0))) }
        expect(.messages, budget.spend(bytes: 1, at: at(0)))
        expectPaid(&budget, at: 100)
    }

    @Test func `bytes are counted beside messages`() {
        var budget = RateBudget(limits, now: at(0))
        expect(nil, budget.spend(bytes: 2000, at: at(0)))
        expect(.bytes, budget.spend(bytes: 500, at: at(0)))
        expectPaid(&budget, at: 500)
    }

    @Test func `who keeps to the rate is never held`() {
        var budget = RateBudget(limits, now: at(0))
        for step in 0..<1000 { expect(nil, budget.spend(bytes: 100, at: at(Int64(step) * 100))) }
    }

    @Test func `nothing is saved up beyond the burst, nor won by a clock that goes back`() {
        var budget = RateBudget(limits, now: at(0))
        _ = budget.isPaid(at: at(1_000_000))
        for _ in 0..<20 { expect(nil, budget.spend(bytes: 1, at: at(1_000_000))) }
        expect(.messages, budget.spend(bytes: 1, at: at(0)))
        expectPaid(&budget, at: 100)
    }
}
