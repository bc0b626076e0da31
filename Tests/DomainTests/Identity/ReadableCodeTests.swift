import TestSupport
import Testing

@testable import Domain

struct ReadableCodeTests {
    @Test(arguments: ["ABCD-EFGH", "abcdefgh", " AB CD-ef gh\n", "abcd–efgh", "abcd\u{2011}efgh", "A-B-C-D-E-F-G-H", "abcd\u{a0}efgh"])
    func `a code is the same however it is typed`(typed: String) {
        #expect(PairingCode(typed)?.rawValue == "ABCDEFGH")
        #expect(PairingCode(typed)?.formatted == "ABCD-EFGH")
    }

    @Test(arguments: [
        "", "ABCD-EFG", "ABCD-EFGH-J", "ABCD-EFG0", "ABCD-EFGO", "ABCD-EFG1", "ABCD-EFGI", "ABCD-EFGl", "ABCD_EFGH", "ABCD-EFGÄ", "ABCD-EFG\0",
        "ÅBCD-EFGH", "A\u{301}BCD-EFGH", "ＡBCD-EFGH", String(repeating: "A", count: 100_000),
    ])
    func `what can be no code is refused`(typed: String) {
        #expect(PairingCode(typed) == nil)
    }

    @Test func `a made code reads as itself, and shows itself to nobody`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<100 {
            let code = PairingCode(using: &generator)
            #expect(PairingCode(code.formatted) == code && PairingCode(code.rawValue) == code)
            #expect("\(code)" == "<redacted>")
        }
    }

    @Test func `the alphabet has what is told apart`() {
        #expect(Set(ReadableCode.alphabet).count == 31)
        #expect(ReadableCode.alphabet.allSatisfy { !"0O1IL".unicodeScalars.contains($0) })
    }

    /// The upper 1/32 of all values would favour the first characters, were it not drawn again.
    @Test func `no character is more likely than another`() {
        var generator = SeededGenerator(seed: 2)
        var counts: [Character: Int] = [:]
        let total = 310_000
        for character in ReadableCode.make(length: total, using: &generator) { counts[character, default: 0] += 1 }
        let expected = Double(total) / 31
        let chiSquare = counts.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        // 30 degrees of freedom: more than 60 happens once in a thousand; a byte modulo 31 would give about 1000.
        #expect(counts.count == 31 && chiSquare < 60)
    }

    @Test(arguments: [("", ""), ("ABC", "ABC"), ("ABCD", "ABCD"), ("ABCDE", "ABCD-E"), ("ABCDEFGHJKLM", "ABCD-EFGH-JKLM")])
    func `codes are grouped by four`(code: String, grouped: String) {
        #expect(ReadableCode.grouped(code) == grouped)
    }
}
