// Threads, hashes, ids and times.

@testable import Runtime
import TestSupport
import Testing

private actor Confined {
    private nonisolated let executor = ThreadExecutor(name: "confined")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var count = 0
    func step() -> Int {
        executor.checkIsolated()
        count += 1
        return count
    }
}

@Suite(.mustEnd)
struct RuntimeTests {
    @Test func `an actor with a thread of its own runs there, one job at a time`() async {
        let actor = Confined()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<500 { _ = await actor.step() } } }
        }
        #expect(await actor.step() == 2001)
    }

    @Test func `a pool runs blocking work and passes errors on`() async throws {
        struct Oops: Error {}
        let pool = ThreadPool(name: "pool", threads: 2)
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 { group.addTask { try await pool.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 4950)
        await #expect(throws: Oops.self) { try await pool.run { throw Oops() } }
    }

    @Test func `hashes agree with the published test vectors`() {
        #expect(Crypto.sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        // RFC 4231, test case 2.
        let mac = Crypto.hmacSHA256(key: Array("Jefe".utf8), "what do ya want for nothing?".utf8)
        #expect(Crypto.hex(mac) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        // RFC 2202, test case 2.
        let oldMAC = Crypto.hmacSHA1(key: Array("Jefe".utf8), "what do ya want for nothing?".utf8)
        #expect(Crypto.hex(oldMAC) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
        var hasher = SHA256Hasher()
        Array("ab".utf8).withUnsafeBytes { hasher.update($0) }
        Array("c".utf8).withUnsafeBytes { hasher.update($0) }
        #expect(Crypto.hex(hasher.finalize()) == Crypto.sha256Hex("abc"))
    }

    @Test(arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")])
    func `base64url is that of RFC 4648`(input: String, expected: String) {
        #expect(Crypto.base64URL(Array(input.utf8)) == expected)
    }

    @Test(arguments: ["", "Zg", "Zm8", "Zm9v", "-_-_", "Zm9vYmE"]) func `base64url is read as it is written`(text: String) throws {
        #expect(Crypto.base64URL(try #require(Crypto.decodeBase64URL(text))) == text)
    }

    @Test(arguments: ["Z", "Zh", "Zm9", "Zg==", "Zm8=", "Zm 8", "Zm8\n", "+/+/", "Zm9vY", "äääá", "Zg\0"])
    func `what base64url does not write is not read`(text: String) {
        #expect(Crypto.decodeBase64URL(text) == nil)
    }

    @Test func `secrets compare by value and never print`() {
        #expect(Crypto.constantTimeEquals("a".utf8, "a".utf8))
        #expect(!Crypto.constantTimeEquals("a".utf8, "b".utf8))
        #expect(!Crypto.constantTimeEquals("a".utf8, "aa".utf8))
        let secret = Secret("hunter2")
        #expect("\(secret) \(String(reflecting: secret))" == "<redacted> <redacted>")
        #expect(secret.matches("hunter2") && !secret.matches("hunter3"))
    }

    @Test func `identifiers of one millisecond sort as they were made`() {
        var sequence = UUIDSequence()
        let made = [1, 2].flatMap { time in (0..<1000).map { _ in sequence.next(milliseconds: time, random: Crypto.randomBytes(10)) } }
        #expect(made == made.sorted() && Set(made).count == 2000)
    }

    @Test func `a UUID of version 7 sorts by time and has its marks`() {
        let early = makeUUIDv7(milliseconds: 1_700_000_000_000), late = makeUUIDv7(milliseconds: 1_700_000_000_001)
        #expect(early < late)
        #expect(makeUUIDv7(milliseconds: 0x017f_22e2_79b0, random: [0xcc, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f])
            == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test(arguments: [
        (0 as Int64, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_704_067_199_999, "2023-12-31T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ])
    func `times are written as ISO 8601 in UTC`(milliseconds: Int64, expected: String) {
        #expect(formatISO8601(milliseconds: milliseconds) == expected)
    }
}
