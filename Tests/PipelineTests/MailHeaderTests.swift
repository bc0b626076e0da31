// Addresses, dates and texts in the header fields of mail.

import Domain
import TestSupport
import Testing

@testable import Pipeline

@Suite("Mail header")
struct MailHeaderTests {
    @Test(arguments: ["a@b.cc", "first.last+tag@sub.example.org", "!#$%&'*+-/=?^_`{|}~@example.org", "a@xn--bcher-kva.example", "A1@1.2.example"])
    func `usual addresses are valid`(address: String) { #expect(MailAddress(address)?.address == address) }

    @Test(arguments: [
        "", "@", "a", "a@", "@b.cc", "a@b", "a@b@c.dd", "a b@c.dd", "a@b .cc", ".a@b.cc", "a.@b.cc", "a..b@c.dd", "a@.b.cc", "a@b..cc", "a@b.cc.",
        "a@-b.cc", "a@b-.cc", "a@b_c.dd", "a@1.2.3.4", "a@[1.2.3.4]", "\"a b\"@c.dd", "a(b)@c.dd", "<a@b.cc>", "a@b.cc>", "a@b.cc\r\nRCPT TO:<c@d.ee>",
        "a\n@b.cc", "a@b.cc\u{0}", "ü@b.cc", "a@bü.cc", "a,b@c.dd", "a;b@c.dd", "a:b@c.dd", "a\\b@c.dd", "a@b.cc SIZE=1", "a@b.cc,d@e.ff",
    ])
    func `what could be read in two ways is no address`(address: String) { #expect(MailAddress(address) == nil) }

    @Test func `addresses have the lengths of SMTP`() {
        let local = String(repeating: "a", count: 64), label = String(repeating: "b", count: 63)
        #expect(MailAddress("\(local)@\(label).cc") != nil)
        #expect(MailAddress("\(local)a@b.cc") == nil && MailAddress("a@\(label)b.cc") == nil)
        #expect(MailAddress("a@\(label).\(label).\(label).\(label).cc") == nil)
    }

    @Test func `no address that passes can end a command or a field`() {
        let pieces = ["a", "b.cc", "@", ".", "-", "\r", "\n", " ", "<", ">", "\"", "\u{0}", "ü", "é", "1", "+", "\u{301}", "\u{200b}"]
        var valid = 0
        for seed in 0..<20_000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var parts = ["a", "@", "b.cc"]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                parts.insert(pieces.randomElement(using: &random)!, at: Int.random(in: 0...parts.count, using: &random))
            }
            let text = parts.joined()
            guard let address = MailAddress(text) else { continue }
            valid += 1
            #expect(address.address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"<>\"(),:;\\[]".utf8.contains($0) })
        }
        #expect(valid > 50)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_794_000_000_999, "Fri, 06 Nov 2026 21:20:00 +0000"), (253_402_300_799_999, "Fri, 31 Dec 9999 23:59:59 +0000"),
        (-1, "Thu, 01 Jan 1970 00:00:00 +0000"), (.max, "Fri, 31 Dec 9999 23:59:59 +0000"),
    ] as [(Int64, String)])
    func `dates are those of RFC 5322`(milliseconds: Int64, text: String) {
        #expect(MailHeader.date(Timestamp(milliseconds: milliseconds)) == text)
    }

    @Test func `plain texts stay as they are, others are encoded`() {
        #expect(MailHeader.text("Hall: movement (2)") == "Hall: movement (2)")
        #expect(MailHeader.text("") == "")
        #expect(MailHeader.text("Tür") == "=?utf-8?B?VMO8cg==?=")
        // A text that looks encoded would be decoded by whoever reads it.
        #expect(decodedWords(MailHeader.text("=?utf-8?B?VMO8cg==?=")) == "=?utf-8?B?VMO8cg==?=")
        #expect(MailHeader.text("=?utf-8?B?VMO8cg==?=").hasPrefix("=?utf-8?B?P"))
    }

    @Test(arguments: ["a\r\nBcc: x@example.net", "a\nb", "a\rb", "a\u{0}b", "a\u{85}b", "a\u{2028}b", "a\u{7f}b", "a\r\n\r\nbody"])
    func `a line break in a text becomes a space`(text: String) throws {
        let spaced = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || [0x7f, 0x85, 0x2028].contains($0.value) ? " " : $0 }))
        #expect(decodedWords(MailHeader.text(text)) == spaced)
        let address = MailHeader.address(try #require(MailAddress("a@b.cc", name: text)))
        #expect(address.split(separator: "\r\n").dropFirst().allSatisfy { $0.hasPrefix(" ") })
    }

    @Test func `any text can be read back from encoded words, each of whole characters and on a line that is short enough`() {
        let pieces = ["a", " ", "ü", "€", "👍", "👩‍👩‍👧‍👦", "=?", "?=", "\"", "\\", "\r\n", "\t", "word"]
        for seed in 0..<2000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            let encoded = MailHeader.text(text)
            let lines = "Subject: \(encoded)".split(separator: "\r\n")
            #expect(lines.allSatisfy { $0.utf8.count <= 76 && !$0.contains("\r") && !$0.contains("\n") })
            #expect(lines.dropFirst().allSatisfy { $0.hasPrefix(" =?utf-8?B?") })
            let expected = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
            #expect(decodedWords(encoded.replacing("\r\n", with: "")) == expected)
        }
    }
}
