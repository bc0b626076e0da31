import Domain
import TestSupport
import Testing

struct AttemptLimitTests {
    private func time(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 1_800_000_000_000).advanced(bySeconds: seconds) }

    @Test func `five failures are free, then a second, doubling to a quarter of an hour`() {
        var limit = AttemptLimit<String>()
        var now = time(0)
        for _ in 1...6 { #expect(limit.attempt("a", now: now) == nil) }
        var delays: [Double] = []
        for _ in 1...13 {
            guard let next = limit.attempt("a", now: now) else { break }
            delays.append(next.seconds(since: now))
            #expect(limit.attempt("a", now: next.advanced(byMilliseconds: -1)) == next)
            #expect(limit.attempt("a", now: next) == nil)
            now = next
        }
        #expect(delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    }

    @Test func `attempts at once count before any has failed`() {
        var limit = AttemptLimit<String>()
        let allowed = (0..<1000).count { _ in limit.attempt("a", now: time(0)) == nil }
        #expect(allowed == 6)
    }

    @Test func `who comes too early loses nothing by it`() {
        var limit = AttemptLimit<String>()
        for _ in 1...6 { _ = limit.attempt("a", now: time(0)) }
        for _ in 1...50 { #expect(limit.attempt("a", now: time(0.5)) == time(1)) }
        #expect(limit.attempt("a", now: time(1)) == nil)
    }

    @Test func `success clears, for its own key alone`() {
        var limit = AttemptLimit<String>()
        for key in ["a", "b"] { for _ in 1...6 { _ = limit.attempt(key, now: time(0)) } }
        limit.succeed("a")
        #expect(limit.attempt("a", now: time(0)) == nil)
        #expect(limit.attempt("b", now: time(0)) == time(1))
    }

    @Test func `an attempt that was none does not count, and clears nothing`() {
        var limit = AttemptLimit<String>()
        for _ in 1...5 { _ = limit.attempt("a", now: time(0)) }
        for _ in 1...100 {
            #expect(limit.attempt("a", now: time(0)) == nil)
            limit.withdraw("a")
        }
        #expect(limit.attempt("a", now: time(0)) == nil)
        #expect(limit.attempt("a", now: time(0)) == time(1))
        limit.withdraw("unknown")
        _ = limit.attempt("b", now: time(0))
        limit.withdraw("b")
        #expect(limit.count == 1)
    }

    @Test func `a quiet hour forgets, less does not`() {
        var limit = AttemptLimit<String>()
        for _ in 1...8 { _ = limit.attempt("a", now: time(0)) }
        #expect(limit.attempt("a", now: time(3599)) == nil)
        #expect(limit.attempt("a", now: time(3599)) == time(3601))
        #expect(limit.attempt("a", now: time(3599 + 3600)) == nil)
        #expect(limit.attempt("a", now: time(3599 + 3600)) == nil)
    }

    @Test func `nobody waits for long because the clock was set back`() {
        var limit = AttemptLimit<String>()
        for _ in 1...6 { _ = limit.attempt("a", now: time(86_400)) }
        #expect(limit.attempt("a", now: time(0)) == time(1))
        #expect(limit.attempt("a", now: time(1)) == nil)
    }

    @Test func `of too many keys those with the oldest attempts are forgotten`() {
        var rules = AttemptLimit<Int>.Rules()
        rules.maximumKeys = 3
        var limit = AttemptLimit<Int>(rules: rules)
        for key in 1...3 { for _ in 1...6 { _ = limit.attempt(key, now: time(0)) } }
        #expect(limit.attempt(1, now: time(1)) == nil)
        _ = limit.attempt(4, now: time(1))
        #expect(limit.count == 3)
        #expect(limit.attempt(1, now: time(1)) != nil)
        #expect(limit.attempt(3, now: time(0.5)) != nil)
        #expect(limit.attempt(2, now: time(0.5)) == nil)
    }

    @Test func `whatever is asked, no more keys are kept, and a known key that goes on is not forgotten`() {
        var rules = AttemptLimit<Int>.Rules()
        rules.maximumKeys = 16
        var limit = AttemptLimit<Int>(rules: rules)
        var generator = SeededGenerator(seed: 6)
        var model: [Int] = []
        for step in 0..<20_000 {
            let key = Int.random(in: 0..<40, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                limit.succeed(key)
                model.removeAll { $0 == key }
            default:
                // So far apart that nobody ever waits.
                let isAllowed = limit.attempt(key, now: time(Double(step) * 901)) == nil
                #expect(isAllowed)
                model.removeAll { $0 == key }
                model.append(key)
                if model.count > 16 { model.removeFirst() }
            }
            #expect(limit.count == model.count)
        }
    }
}
