import Runtime
import Testing

struct MailboxTests {
    @Test func `what was put in comes out in order, once`() {
        let mailbox = Mailbox<Int>()
        #expect(mailbox.put(1))
        #expect(!mailbox.put(2))
        #expect(mailbox.takeAll() == [1, 2])
        #expect(mailbox.takeAll().isEmpty)
        #expect(mailbox.put(3))
    }

    @Test func `many threads put in and nothing is lost, each one's in its order`() async throws {
        let mailbox = Mailbox<(writer: Int, number: Int)>()
        let pool = ThreadPool(name: "mail", threads: 4)
        let taken = LockedValue<[(writer: Int, number: Int)]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask { try await pool.run { for number in 0..<5000 { mailbox.put((writer, number)) } } }
            }
            group.addTask {
                while taken.withLock({ $0.count }) < 20_000 {
                    let more = mailbox.takeAll()
                    taken.withLock { $0 += more }
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        for writer in 0..<4 {
            #expect(taken.withLock { $0 }.filter { $0.writer == writer }.map(\.number) == Array(0..<5000))
        }
    }

    @Test func `what nobody took goes with it`() {
        final class Witness: Sendable {}
        weak var left: Witness?
        do {
            let mailbox = Mailbox<Witness>()
            let witness = Witness()
            left = witness
            mailbox.put(witness)
        }
        #expect(left == nil)
    }
}
