// What may wait for a viewer, as an operator sets it.

import Domain
import Testing

struct LiveLimitsTests {
    @Test(arguments: [(2 << 20, 256 << 10), (1 << 30, 256 << 10), (800_000, 100_000)])
    func `who was skipped goes on when an eighth of the queue waits, or 256 KiB`(bytes: Int, resume: Int) {
        var limits = LiveLimits()
        limits.setBacklog(bytes: bytes, seconds: 5)
        #expect((limits.maximumBacklogBytes, limits.maximumBacklogSeconds, limits.resumeBacklogBytes) == (bytes, 5, resume))
    }

    @Test func `the default is what an operator gets without saying so`() {
        var limits = LiveLimits()
        limits.setBacklog(bytes: 2 << 20, seconds: 2)
        #expect(limits == LiveLimits())
    }
}
