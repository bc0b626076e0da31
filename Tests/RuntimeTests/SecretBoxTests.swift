import Runtime
import Testing

struct SecretBoxTests {
    /// 00, 01, … 1f.
    private let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

    @Test(arguments: ["", "JBSWY3DPEHPK3PXP", "ä\0€"]) func `what was sealed is opened by the same key for the same owner alone`(text: String) throws {
        let box = try #require(SecretBox(key: key)), other = try #require(SecretBox(key: SecretBox.makeKey().value))
        let sealed = box.seal(text, for: "ann")
        #expect(box.open(sealed, for: "ann") == text)
        #expect(box.open(sealed, for: "bea") == nil && other.open(sealed, for: "ann") == nil)
        #expect(SecretBox.isSealed(sealed) && !SecretBox.isSealed(text))
        // Nobody sees that two are the same.
        #expect(box.seal(text, for: "ann") != sealed)
    }

    /// Sealed by another implementation (the Python package cryptography): nonce 40…4b, owner `totp:ann`.
    @Test func `others' AES-256-GCM is opened`() throws {
        let box = try #require(SecretBox(key: key))
        #expect(box.open("gcm1.QEFCQ0RFRkdISUpLqPv9dH8Pw1OIjEd9qDRLCx6g_s-ajF0HVInoRL2FEDc", for: "totp:ann") == "JBSWY3DPEHPK3PXP")
    }

    @Test func `what was changed anywhere is not opened`() throws {
        let box = try #require(SecretBox(key: key)), sealed = Array(box.seal("JBSWY3DPEHPK3PXP", for: "ann").utf8)
        for index in sealed.indices {
            var changed = sealed
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(box.open(String(decoding: changed, as: UTF8.self), for: "ann") == nil)
            #expect(box.open(String(decoding: sealed[..<index], as: UTF8.self), for: "ann") == nil)
        }
    }

    @Test func `a key is 32 bytes in either base64`() throws {
        let high = String(repeating: "_", count: 42) + "8"
        let box = try #require(SecretBox(key: high)), same = try #require(SecretBox(key: String(repeating: "/", count: 42) + "8="))
        #expect(same.open(box.seal("x", for: ""), for: "") == "x")
        for text in ["", "AAAA", key + "AA", String(key.dropLast()), "no key at all, but of a length of 43 signs.."] {
            #expect(SecretBox(key: text) == nil)
        }
    }

    @Test func `it does not print its key`() throws {
        let box = try #require(SecretBox(key: key))
        var text = ""
        dump(box, to: &text)
        #expect(!"\(box) \(String(reflecting: box)) \(text)".contains("AAECAw"))
    }
}
