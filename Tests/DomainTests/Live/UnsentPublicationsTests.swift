import Testing

@testable import Domain

@Suite("Publications of one turn")
struct UnsentPublicationsTests {
    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test("Lines of a channel go out together, in their order, and channels in the order of their first line")
    func together() {
        var unsent = UnsentPublications<Int>()
        for (line, channel) in [("a", 2), ("b", 1), ("c", 2), ("d", 3), ("e", 1)] { #expect(unsent.add(line, to: channel) == nil) }
        let all = unsent.takeAll()
        #expect(all.map(\.channel) == [2, 1, 3])
        #expect(all.map { text($0.message) } == ["a\nc", "b\ne", "d"])
        #expect(unsent.takeAll().isEmpty)
    }

    @Test("A channel that is taken early does not come again")
    func early() {
        var unsent = UnsentPublications<Int>()
        for (line, channel) in [("a", 1), ("b", 2), ("c", 1)] { _ = unsent.add(line, to: channel) }
        #expect(text(unsent.take(1)) == "a\nc")
        #expect(unsent.take(1) == nil)
        #expect(unsent.add("d", to: 1) == nil)
        #expect(unsent.takeAll().map { text($0.message) } == ["b", "d"])
    }

    @Test("A message that is long enough goes out at once", arguments: [1, 7, 8, 9, 30])
    func bounded(length: Int) {
        var unsent = UnsentPublications<Int>(maximumBytes: 8)
        var sent: [String] = []
        let lines = (0..<5).map { String(repeating: String($0), count: length) }
        for line in lines { if let full = text(unsent.add(line, to: 1)) { sent.append(full) } }
        sent += unsent.takeAll().compactMap { text($0.message) }
        #expect(sent.joined(separator: "\n") == lines.joined(separator: "\n"))
        #expect(sent.allSatisfy { $0.utf8.count < 8 + 1 + length })
        #expect(sent.dropLast().allSatisfy { $0.utf8.count >= 8 })
    }
}
