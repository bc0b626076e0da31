import Domain
import Testing

@testable import Credentials

struct TOTPTests {
    private let totp = TOTP(secret: Array("12345678901234567890".utf8))
    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    /// RFC 4226, appendix D.
    @Test func `codes are those of RFC 4226`() {
        let expected = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
        #expect((0..<10).map { totp.code(step: $0) } == expected)
    }

    /// RFC 6238, appendix B.
    @Test(arguments: [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"), (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ])
    func `codes are those of RFC 6238`(seconds: Int64, expected: String) {
        let step = TOTP.step(at: time(seconds))
        #expect(TOTP.code(secret: totp.secret, counter: UInt64(step), digits: 8) == expected)
        #expect(totp.code(step: step) == expected.suffix(6))
    }

    @Test func `this code, the one before and the one after are right, and say which`() {
        let now = time(1_234_567_890), step = TOTP.step(at: now)
        for offset in -1...1 as ClosedRange<Int64> { #expect(totp.match(totp.code(step: step + offset), at: now, after: nil) == step + offset) }
        for offset in [-2, 2, 100] as [Int64] { #expect(totp.match(totp.code(step: step + offset), at: now, after: nil) == nil) }
        #expect(TOTP(secret: [UInt8](repeating: 1, count: 20)).match(totp.code(step: step), at: now, after: nil) == nil)
    }

    @Test func `a code is good for once, and so is one before it`() throws {
        let now = time(1_234_567_890), step = TOTP.step(at: now)
        let used = try #require(totp.match(totp.code(step: step), at: now, after: step - 1))
        #expect(totp.match(totp.code(step: step), at: now, after: used) == nil)
        #expect(totp.match(totp.code(step: step - 1), at: now, after: used) == nil)
        #expect(totp.match(totp.code(step: step + 1), at: now, after: used) == step + 1)
    }

    @Test func `a step begins at its thirty seconds`() {
        #expect([0, 29, 30, 59, 60].map { TOTP.step(at: time($0)) } == [0, 0, 1, 1, 2])
        #expect(TOTP.step(at: Timestamp(milliseconds: 29_999)) == 0)
        #expect(TOTP.step(at: time(-1)) == 0)
    }

    @Test func `spaces are no part of a code, all else is wrong`() {
        let now = time(59)
        #expect(totp.match("287 082", at: now, after: nil) == 1)
        for typed in ["", "28708", "2870820", "287-082", "28708２", "２８７０８２", "287082\0", "0287082"] {
            #expect(totp.match(typed, at: now, after: nil) == nil)
        }
    }

    @Test func `a secret is kept as base 32, and shows itself to nobody`() {
        #expect(totp.base32 == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
        #expect(TOTP(base32: totp.base32) == totp)
        #expect(TOTP(base32: "GEZDGNBVGY3TQOJQ") == nil)
        #expect(TOTP(base32: "not base 32") == nil)
        #expect(TOTP().secret.count == 20 && TOTP() != TOTP())
        #expect("\(totp) \(String(reflecting: totp))".contains("GEZDG") == false)
        var shown = ""
        dump(totp, to: &shown)
        #expect(!shown.contains("49"))
    }

    @Test func `the address for apps has everything escaped`() {
        #expect(
            totp.uri(issuer: "Ping Watch", account: "a+b@example.org?x&y")
                == "otpauth://totp/Ping%20Watch:a%2Bb%40example.org%3Fx%26y?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                + "&issuer=Ping%20Watch&algorithm=SHA1&digits=6&period=30")
    }
}
