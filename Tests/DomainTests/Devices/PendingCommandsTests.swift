import Domain
import Testing

struct PendingCommandsTests {
    private func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 0).advanced(bySeconds: seconds) }

    @Test func `an answer is taken once, from the camera that was asked`() throws {
        var pending = PendingCommands<String>(maximumPerCamera: 2)
        try pending.add("a", to: "hall", deadline: at(10))
        let result1 = pending.answered("a", by: "door")
        let result2 = pending.answered("b", by: "hall")
        #expect(!result1 && !result2)
        let result3 = pending.answered("a", by: "hall")
        #expect(result3)
        let result4 = pending.answered("a", by: "hall")
        #expect(!result4 && pending.count == 0)
    }

    @Test func `a camera has at most so many, and others are not held up`() throws {
        var pending = PendingCommands<String>(maximumPerCamera: 2)
        try pending.add("a", to: "hall", deadline: at(10))
        try pending.add("b", to: "hall", deadline: at(10))
        #expect(throws: PendingCommands<String>.TooMany.self) { try pending.add("c", to: "hall", deadline: at(10)) }
        try pending.add("d", to: "door", deadline: at(10))
        let result5 = pending.answered("b", by: "hall")
        #expect(result5)
        try pending.add("c", to: "hall", deadline: at(10))
        #expect(pending.count == 3)
    }

    @Test func `what is not answered in time has its end then, and makes room`() throws {
        var pending = PendingCommands<String>(maximumPerCamera: 1)
        try pending.add("a", to: "hall", deadline: at(10))
        try pending.add("b", to: "door", deadline: at(11))
        let result6 = pending.expire(at: at(9.999))
        #expect(result6 == [])
        let result7 = pending.expire(at: at(10))
        #expect(result7 == ["a"])
        let result8 = pending.answered("a", by: "hall")
        #expect(!result8)
        try pending.add("c", to: "hall", deadline: at(20))
        let result9 = pending.expire(at: at(30))
        #expect(Set(result9) == ["b", "c"] && pending.count == 0)
    }

    @Test func `a camera that leaves answers nothing any more`() throws {
        var pending = PendingCommands<String>(maximumPerCamera: 2)
        try pending.add("a", to: "hall", deadline: at(10))
        try pending.add("b", to: "hall", deadline: at(10))
        try pending.add("c", to: "door", deadline: at(10))
        let result10 = pending.left("hall")
        #expect(Set(result10) == ["a", "b"])
        let result11 = pending.left("hall")
        let result12 = pending.answered("c", by: "door")
        #expect(result11 == [] && result12)
    }
}
