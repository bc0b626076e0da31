import Domain
import Runtime
import TestSupport
import Testing

@testable import Credentials

@Suite(.mustEnd)
struct JSONWebTokenTests {
    private static let seconds: Int64 = 1_800_000_000
    private let now = Timestamp(milliseconds: seconds * 1000)
    private let expected = JSONWebToken.Expectation(issuer: "https://issuer.example/", audience: "ping-watch")
    private let rsa: Issuer
    private let p256: Issuer

    init() throws {
        rsa = try Issuer.rsa.get()
        p256 = try Issuer.p256.get()
    }

    /// Claims that are right, but for `changes`; `null` takes one away.
    private func claims(_ changes: [String: JSON] = [:]) -> JSON {
        let right: [String: JSON] = [
            "iss": "https://issuer.example/", "aud": "ping-watch", "sub": "user|1", "exp": .integer(Self.seconds + 300),
            "iat": .integer(Self.seconds), "email": "a@example.org",
        ]
        return .object(right.merging(changes) { _, new in new }.filter { $0.value != .null })
    }

    private func keys(_ issuers: Issuer...) throws -> JSONWebKeySet { try set(issuers.map { try $0.jwk() }) }

    private func set(_ keys: [JSON]) throws -> JSONWebKeySet { try #require(JSONWebKeySet(parsing: JSON.object(["keys": .array(keys)]).utf8)) }

    @discardableResult
    private func verify(_ token: String, _ keys: JSONWebKeySet, nonce: String? = nil) throws(JSONWebTokenError) -> JSONWebToken {
        var expected = expected
        expected.nonce = nonce
        return try JSONWebToken(verifying: token, keys: keys, expected: expected, now: now)
    }

    @Test func `a token of either kind says who somebody is`() throws {
        for issuer in [rsa, p256] {
            let token = try verify(issuer.token(claims()), keys(issuer))
            #expect(token.subject == "user|1" && token["email"] == "a@example.org" && token["none"] == nil)
            #expect(!"\(token)".contains("example"))
        }
    }

    /// RFC 7515, appendices A.2 and A.3. What is refused is the claim, after the signature.
    @Test func `signatures are those of RFC 7515`() throws {
        for (token, key) in [(RFC7515.rs256, RFC7515.rsaKey), (RFC7515.es256, RFC7515.p256Key)] {
            let keys = try #require(JSONWebKeySet(parsing: Array("{\"keys\":[\(key)]}".utf8)))
            let joe = JSONWebToken.Expectation(issuer: "joe", audience: "x")
            #expect(throws: JSONWebTokenError.missingClaim(.aud)) { try JSONWebToken(verifying: token, keys: keys, expected: joe, now: now) }
            let tampered = token.replacing("eyJpc3MiOiJqb2Ui", with: "eyJpc3MiOiJqb2Ei")
            #expect(tampered != token)
            #expect(throws: JSONWebTokenError.badSignature) { try JSONWebToken(verifying: tampered, keys: keys, expected: joe, now: now) }
        }
    }

    @Test func `whatever is changed, the signature holds no more`() throws {
        for issuer in [rsa, p256] {
            let keys = try keys(issuer), token = try issuer.token(claims())
            let signature = try #require(Crypto.decodeBase64URL(token.split(separator: ".")[2]))
            let message = token.prefix(upTo: token.lastIndex(of: ".")!)
            func signed(_ signature: [UInt8]) -> String { message + "." + Crypto.base64URL(signature) }
            #expect(throws: Never.self) { try verify(signed(signature), keys) }
            for index in stride(from: 0, to: signature.count, by: 9) {
                var changed = signature
                changed[index] ^= 1
                #expect(throws: JSONWebTokenError.badSignature) { try verify(signed(changed), keys) }
            }
            let wrong: [[UInt8]] = [
                [], [0], Array(signature.dropLast()), signature + [0], [0] + signature, [UInt8](repeating: 0, count: signature.count),
                [UInt8](repeating: 255, count: signature.count), signature + signature,
            ]
            for signature in wrong { #expect(throws: JSONWebTokenError.badSignature) { try verify(signed(signature), keys) } }
            let other = try issuer.token(claims(["sub": "user|2"])).split(separator: ".")
            let mixed = token.split(separator: ".")
            #expect(throws: JSONWebTokenError.badSignature) { try verify("\(mixed[0]).\(other[1]).\(mixed[2])", keys) }
        }
    }

    @Test func `the signature of ES256 is no DER`() throws {
        // A DER sequence of the same numbers is what OpenSSL itself would take.
        let message = Issuer.message(["alg": "ES256", "kid": "k1"], claims())
        let raw = try p256.signature(of: message)
        func number(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let digits = Array(bytes.drop { $0 == 0 })
            let positive = digits[0] > 127 ? [0] + digits : digits
            return [2, UInt8(positive.count)] + positive
        }
        let content = number(raw[..<32]) + number(raw[32...])
        let der = [0x30, UInt8(content.count)] + content
        #expect(throws: Never.self) { try verify(message + "." + Crypto.base64URL(raw), try keys(p256)) }
        #expect(throws: JSONWebTokenError.badSignature) { try verify(message + "." + Crypto.base64URL(der), try keys(p256)) }
    }

    @Test func `another's key makes no token`() throws {
        let stranger = try Issuer(.p256)
        #expect(throws: JSONWebTokenError.badSignature) { try verify(stranger.token(claims()), keys(p256)) }
        // Nor does a key that the token brings along.
        let header: JSON = .object(["alg": "ES256", "kid": "k1", "jwk": try stranger.jwk(), "jku": "https://evil.example/keys"])
        #expect(throws: JSONWebTokenError.badSignature) { try verify(stranger.token(claims(), header: header), keys(p256)) }
    }

    @Test func `the algorithm is the key's, not the token's`() throws {
        let both = try set([rsa.jwk(["kid": "r"]), p256.jwk(["kid": "e"])])
        #expect(throws: JSONWebTokenError.algorithmMismatch) { try verify(rsa.token(claims(), header: ["alg": "RS256", "kid": "e"]), both) }
        #expect(throws: JSONWebTokenError.algorithmMismatch) { try verify(p256.token(claims(), header: ["alg": "ES256", "kid": "r"]), both) }
        #expect(throws: JSONWebTokenError.algorithmMismatch) { try verify(rsa.token(claims(), header: ["alg": "ES256", "kid": "r"]), both) }
        #expect(throws: Never.self) { try verify(rsa.token(claims(), header: ["alg": "RS256", "kid": "r"]), both) }
    }

    @Test(arguments: ["none", "None", "NONE", "", "HS256", "HS512", "RS384", "RS512", "PS256", "ES384", "ES256K", "EdDSA", "rs256", "RS256 "])
    func `other algorithms are refused`(algorithm: String) throws {
        let keys = try keys(rsa)
        let message = Issuer.message(["alg": .string(algorithm), "kid": "k1"], claims())
        // As if a public key were a shared secret.
        let mac = try Crypto.base64URL(Crypto.hmacSHA256(key: rsa.publicPEM, message.utf8))
        for signature in ["", mac, try Crypto.base64URL(rsa.signature(of: message))] {
            #expect(throws: JSONWebTokenError.unsupportedAlgorithm) { try verify(message + "." + signature, keys) }
        }
    }

    @Test func `the key is the one that is named`() throws {
        let second = try Issuer(.p256)
        let two = try set([p256.jwk(["kid": "a"]), second.jwk(["kid": "b"])])
        #expect(throws: Never.self) { try verify(second.token(claims(), header: ["alg": "ES256", "kid": "b"]), two) }
        #expect(throws: JSONWebTokenError.badSignature) { try verify(second.token(claims(), header: ["alg": "ES256", "kid": "a"]), two) }
        #expect(throws: JSONWebTokenError.unknownKey) { try verify(second.token(claims(), header: ["alg": "ES256", "kid": "B"]), two) }
        #expect(throws: JSONWebTokenError.unknownKey) { try verify(second.token(claims()), set([])) }
    }

    @Test func `without a name there has to be one key that fits`() throws {
        let header: JSON = ["alg": "ES256"]
        let second = try Issuer(.p256)
        let token = try p256.token(claims(), header: header)
        #expect(throws: Never.self) { try verify(token, keys(p256)) }
        #expect(throws: Never.self) { try verify(token, keys(p256, rsa)) }
        #expect(throws: Never.self) { try verify(token, set([p256.jwk([:])])) }
        #expect(throws: JSONWebTokenError.ambiguousKey) { try verify(token, keys(p256, second)) }
        #expect(throws: JSONWebTokenError.ambiguousKey) { try verify(token, keys(rsa)) }
        #expect(throws: JSONWebTokenError.ambiguousKey) { try verify(token, set([])) }
        #expect(throws: JSONWebTokenError.unknownKey) { try verify(p256.token(claims()), set([p256.jwk([:])])) }
    }

    @Test func `two keys of one name are both tried`() throws {
        let second = try Issuer(.p256)
        #expect(throws: Never.self) { try verify(second.token(claims()), keys(p256, second)) }
    }

    @Test func `an extension that must be understood is refused`() throws {
        for value in [["exp"], [], "exp", .null] as [JSON] {
            let header: JSON = .object(["alg": "ES256", "kid": "k1", "crit": value])
            #expect(throws: JSONWebTokenError.criticalExtension) { try verify(p256.token(claims(), header: header), keys(p256)) }
        }
    }

    @Test func `a header that is none is malformed`() throws {
        for header in [["kid": "k1"], ["alg": 5], ["alg": "ES256", "kid": 5], "ES256", ["ES256"], .null] as [JSON] {
            #expect(throws: JSONWebTokenError.malformed) { try verify(p256.token(claims(), header: header), keys(p256)) }
        }
    }

    @Test func `what is no token is malformed, what is too long is not looked at`() throws {
        let keys = try keys(p256)
        let token = try p256.token(claims())
        let parts = token.split(separator: ".").map(String.init)
        let wrong = [
            "", ".", "..", "...", "a.b.c", token + ".", "." + token, token + ".x", token + "=", token + "\n", " " + token,
            token.replacing(".", with: ".."),
            "\(parts[0]).\(parts[1])", "\(parts[0])..\(parts[2])", "\(parts[0]).W10.\(parts[2])", "W10.\(parts[1]).\(parts[2])",
            "\(parts[0]).\(parts[1])=.\(parts[2])", "\(parts[0])._w.\(parts[2])",
        ]
        for text in wrong { #expect(throws: JSONWebTokenError.malformed) { try verify(text, keys) } }
        let long = try p256.token(claims(["x": .string(String(repeating: "x", count: 13_000))]))
        #expect(long.utf8.count > 16 << 10)
        #expect(throws: JSONWebTokenError.tooLarge) { try verify(long, keys) }
        let fitting = try p256.token(claims(["x": .string(String(repeating: "x", count: 11_500))]))
        #expect(throws: Never.self) { try verify(fitting, keys) }
    }

    @Test func `claims count when they are right`() throws {
        let keys = try keys(p256)
        let right: [[String: JSON]] = [
            ["aud": ["other", "ping-watch"]], ["exp": .integer(Self.seconds + 1)], ["exp": .number(Double(Self.seconds) + 0.5)],
            ["exp": .number(1e300)], ["iat": .null], ["iat": .integer(Self.seconds + 60)], ["nbf": .integer(Self.seconds + 60)], ["nbf": .integer(0)],
            ["sub": .null], ["iat": .number(-1e300)],
        ]
        for changes in right { #expect(throws: Never.self) { try verify(p256.token(claims(changes)), keys) } }
    }

    @Test(arguments: [
        (["iss": .null], .missingClaim(.iss)), (["iss": "https://issuer.example"], .wrongIssuer),
        (["iss": "https://ISSUER.example/"], .wrongIssuer), (["iss": "https://issuer.example/\0"], .wrongIssuer),
        (["iss": ["https://issuer.example/"]], .malformedClaim(.iss)),
        (["aud": .null], .missingClaim(.aud)), (["aud": "ping-watch2"], .wrongAudience), (["aud": "PING-WATCH"], .wrongAudience),
        (["aud": ["a", "b"]], .wrongAudience), (["aud": []], .wrongAudience),
        (["aud": ["ping-watch", 5]], .malformedClaim(.aud)), (["aud": 5], .malformedClaim(.aud)), (["exp": .null], .missingClaim(.exp)),
        (["exp": .integer(seconds)], .expired), (["exp": .integer(seconds - 1)], .expired), (["exp": .integer(-1)], .expired),
        (["exp": "4000000000"], .malformedClaim(.exp)), (["exp": true], .malformedClaim(.exp)), (["exp": [4_000_000_000]], .malformedClaim(.exp)),
        (["nbf": .integer(seconds + 61)], .notYetValid), (["iat": .integer(seconds + 61)], .notYetValid), (["nbf": "0"], .malformedClaim(.nbf)),
        (["iat": false], .malformedClaim(.iat)), (["sub": 5], .malformedClaim(.sub)),
    ] as [([String: JSON], JSONWebTokenError)])
    func `claims that are wrong are refused with the reason`(changes: [String: JSON], error: JSONWebTokenError) throws {
        #expect(throws: error) { try verify(p256.token(claims(changes)), keys(p256)) }
        #expect(!error.description.isEmpty)
    }

    @Test func `another spelling of a letter is another issuer`() throws {
        let token = try p256.token(claims(["iss": "caf\u{e9}", "aud": "caf\u{e9}"]))
        let composed = JSONWebToken.Expectation(issuer: "caf\u{e9}", audience: "caf\u{e9}")
        let decomposed = JSONWebToken.Expectation(issuer: "cafe\u{301}", audience: "caf\u{e9}")
        let keys = try keys(p256)
        #expect(throws: Never.self) { try JSONWebToken(verifying: token, keys: keys, expected: composed, now: now) }
        #expect(throws: JSONWebTokenError.wrongIssuer) { try JSONWebToken(verifying: token, keys: keys, expected: decomposed, now: now) }
    }

    @Test func `a nonce has to be the one of the request`() throws {
        let keys = try keys(p256)
        let token = try p256.token(claims(["nonce": "n1"]))
        #expect(throws: Never.self) { try verify(token, keys, nonce: "n1") }
        #expect(throws: Never.self) { try verify(token, keys) }
        #expect(throws: JSONWebTokenError.wrongNonce) { try verify(token, keys, nonce: "n2") }
        #expect(throws: JSONWebTokenError.missingClaim(.nonce)) { try verify(p256.token(claims()), keys, nonce: "n1") }
        #expect(throws: JSONWebTokenError.malformedClaim(.nonce)) { try verify(p256.token(claims(["nonce": 1])), keys, nonce: "1") }
    }
}
