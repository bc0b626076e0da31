import Domain
import Testing

struct RateBudgetTests {
    private let limits = RateBudget.Limits(messagesPerSecond: 10, bytesPerSecond: 1000, burstSeconds: 2)
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_000_000 + milliseconds) }

    @Test func `a burst is free, and what comes after it is a debt`() {
        var budget = RateBudget(limits, now: at(0))
        for _ in 0..<20 { #expect(budget.spend(bytes: 1, at: at(0)) == nil) }
        #expect(budget.spend(bytes: 1, at: at(0)) == .messages)
        #expect(!budget.isPaid(at: at(99)))
        #expect(budget.isPaid(at: at(100)))
    }

    @Test func `bytes are counted beside messages`() {
        var budget = RateBudget(limits, now: at(0))
        #expect(budget.spend(bytes: 2000, at: at(0)) == nil)
        #expect(budget.spend(bytes: 500, at: at(0)) == .bytes)
        #expect(!budget.isPaid(at: at(400)))
        #expect(budget.isPaid(at: at(500)))
    }

    @Test func `who keeps to the rate is never held`() {
        var budget = RateBudget(limits, now: at(0))
        for step in 0..<1000 { #expect(budget.spend(bytes: 100, at: at(Int64(step) * 100)) == nil) }
    }

    @Test func `nothing is saved up beyond the burst, nor won by a clock that goes back`() {
        var budget = RateBudget(limits, now: at(0))
        #expect(budget.isPaid(at: at(1_000_000)))
        for _ in 0..<20 { #expect(budget.spend(bytes: 1, at: at(1_000_000)) == nil) }
        #expect(budget.spend(bytes: 1, at: at(0)) == .messages)
        #expect(!budget.isPaid(at: at(0)))
        #expect(budget.isPaid(at: at(100)))
    }
}
