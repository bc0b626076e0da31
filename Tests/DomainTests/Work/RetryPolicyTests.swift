import Domain
import Testing

struct RetryPolicyTests {
    private let policy = RetryPolicy(maximumAttempts: 6, baseSeconds: 2, maximumSeconds: 20)

    @Test(arguments: [(1, 2.0), (2, 4), (3, 8), (4, 16), (5, 20)])
    func `the wait doubles up to its limit, its upper half by chance`(attempts: Int, ceiling: Double) {
        #expect(policy.delay(afterAttempts: attempts, random: 0) == ceiling / 2)
        #expect(policy.delay(afterAttempts: attempts, random: 1) == ceiling)
    }

    @Test func `it gives up after the last attempt, and waits as long as it was asked to`() {
        #expect(policy.delay(afterAttempts: 6, random: 0.5) == nil)
        #expect(policy.delay(afterAttempts: 1, random: 0.5, retryAfter: 33) == 33)
        #expect(policy.delay(afterAttempts: 5, random: 1, retryAfter: 3) == 20)
    }
}
