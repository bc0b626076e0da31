import Domain
import Testing

struct UploadLimitTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private func ago(_ seconds: Double) -> Timestamp { now.advanced(bySeconds: -seconds) }

    @Test func `none is none`() {
        #expect(UploadLimit(perHour: 0) == nil && UploadLimit(perHour: -1) == nil)
    }

    @Test func `the next one may begin when the oldest of them is an hour old`() throws {
        let limit = try #require(UploadLimit(perHour: 3))
        #expect(limit.retryAt(begun: [], now: now) == nil)
        #expect(limit.retryAt(begun: [ago(1), ago(2)], now: now) == nil)
        #expect(limit.retryAt(begun: [ago(1), ago(2), ago(3000)], now: now) == now.advanced(bySeconds: 600))
        #expect(limit.retryAt(begun: [ago(1), ago(2), ago(3599.999)], now: now) == now.advanced(bySeconds: 0.001))
        #expect(limit.retryAt(begun: [ago(1), ago(2), ago(3600)], now: now) == nil)
        #expect(limit.retryAt(begun: [ago(1), ago(2), ago(3), ago(4)], now: now) == now.advanced(bySeconds: 3597))
    }

    @Test func `a clock that was set back locks nobody out`() throws {
        let limit = try #require(UploadLimit(perHour: 1))
        #expect(limit.retryAt(begun: [ago(-7200)], now: now) == nil)
        #expect(limit.retryAt(begun: [ago(-7200), ago(10)], now: now) == now.advanced(bySeconds: 3590))
    }
}
