import Domain
import Testing

struct RevocationsTests {
    private func filled(_ count: Int, capacity: Int = 4) -> Revocations<Int> {
        var revocations = Revocations<Int>(capacity: capacity)
        for number in 0..<count { revocations.append(number) }
        return revocations
    }

    @Test(arguments: [0, 1, 4, 5, 11]) func `what came since is looked through, and nothing of before`(before: Int) {
        var revocations = filled(before)
        let number = revocations.count
        #expect(number == UInt64(before))
        #expect(!revocations.mayConcern(since: number) { _ in true })
        for entry in [100, 101, 102, 103] { revocations.append(entry) }
        var seen: [Int] = []
        #expect(!revocations.mayConcern(since: number) { entry in
            seen.append(entry)
            return false
        })
        #expect(seen == [100, 101, 102, 103])
        #expect(revocations.mayConcern(since: number) { $0 == 102 })
        #expect(!revocations.mayConcern(since: number + 3) { $0 == 102 })
    }

    @Test func `more than are remembered may concern anybody`() {
        let revocations = filled(9)
        #expect(revocations.mayConcern(since: 4) { _ in false })
        #expect(!revocations.mayConcern(since: 5) { _ in false })
        #expect(revocations.mayConcern(since: 5) { $0 == 8 })
    }
}
