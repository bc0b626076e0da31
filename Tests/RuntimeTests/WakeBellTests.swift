// The signal that wakes workers.

import TestSupport
import Testing

import Runtime

@Suite("Wake bell", .mustEnd)
struct WakeBellTests {
    private static let anHour: Int64 = 3_600_000

    @Test("A ring before the wait is not lost")
    func before() async {
        let bell = WakeBell()
        let rings = bell.rings
        bell.ring()
        await bell.wait(since: rings, milliseconds: Self.anHour)
    }

    @Test("A ring wakes all who wait")
    func everybody() async {
        let bell = WakeBell()
        let rings = bell.rings
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { await bell.wait(since: rings, milliseconds: Self.anHour) } }
            bell.ring()
            await group.waitForAll()
        }
    }

    @Test("Cancelling ends the wait, and so does time")
    func others() async {
        let bell = WakeBell()
        let rings = bell.rings
        for _ in 0..<50 {
            let task = Task { await bell.wait(since: rings, milliseconds: Self.anHour) }
            task.cancel()
            await task.value
        }
        await bell.wait(since: rings, milliseconds: 1)
    }
}
