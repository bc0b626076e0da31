import Domain
import Testing

struct IdentifierTests {
    @Test(arguments: ["a", "A-z_0.9", String(repeating: "x", count: 64)]) func `what is safe anywhere is taken`(text: String) {
        #expect(EventID(text)?.rawValue == text)
    }

    @Test(arguments: ["", ".", "..", ".a", "a/b", "a b", "a\0", "ä", "a%2f", "a:b", String(repeating: "x", count: 65)])
    func `what is not is refused`(text: String) {
        #expect(EventID(text) == nil)
    }
}
