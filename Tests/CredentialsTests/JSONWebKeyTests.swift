import Runtime
import TestSupport
import Testing

@testable import Credentials

@Suite(.mustEnd)
struct JSONWebKeyTests {
    @Test func `keys are read with their kind and name`() throws {
        let rsa = try #require(JSONWebKey(Issuer.rsa.get().jwk()))
        #expect(rsa.algorithm == .rs256 && rsa.id == "k1")
        let p256 = try #require(JSONWebKey(Issuer.p256.get().jwk(["use": "sig", "alg": "ES256", "key_ops": ["verify"], "x5t": "more"])))
        #expect(p256.algorithm == .es256 && p256.id == nil)
    }

    @Test(arguments: [
        ["kty": "oct"], ["kty": "OKP"], ["kty": .null], ["kty": 5], ["use": "enc"], ["use": 5], ["alg": "RS512"], ["alg": "ES256"], ["alg": 5],
        ["key_ops": ["encrypt"]], ["key_ops": []], ["key_ops": "verify"], ["kid": 5], ["n": ""], ["n": "AQAB"], ["n": 5], ["n": "not base64"],
        ["n": .null], ["e": ""], ["e": "AQ"], ["e": "AA"], ["e": "BA"], ["e": .null], ["e": "AQAAAAAAAAAB"], ["e": "AQAB="],
    ] as [[String: JSON]])
    func `RSA keys that cannot be used are none`(changes: [String: JSON]) throws {
        #expect(try JSONWebKey(Issuer.rsa.get().jwk(changes)) == nil)
    }

    @Test(arguments: [
        ["crv": "P-384"], ["crv": "secp256k1"], ["crv": .null], ["alg": "RS256"], ["alg": "ES384"], ["x": ""], ["x": "AQAB"], ["x": 5], ["y": .null],
        // Not on the curve.
        ["y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"], ["x": "_____________________________________w8"],
        ["x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    ] as [[String: JSON]])
    func `P-256 keys that cannot be used are none`(changes: [String: JSON]) throws {
        #expect(try JSONWebKey(Issuer.p256.get().jwk(changes)) == nil)
    }

    @Test(arguments: [(1024, false), (2047, false), (3072, true)]) func `an RSA key has 2048 bits at least`(bits: Int, isTaken: Bool) throws {
        #expect(try (JSONWebKey(Issuer(.rsa(bits: bits)).jwk()) != nil) == isTaken)
    }

    @Test func `an RSA key has 8192 bits at most`() {
        // As odd as a modulus; nobody factors it here.
        func key(bytes: Int) -> JSONWebKey? {
            JSONWebKey(["kty": "RSA", "e": "AQAB", "n": .string(Crypto.base64URL([UInt8](repeating: 0xff, count: bytes)))])
        }
        #expect(key(bytes: 1024) != nil && key(bytes: 1025) == nil)
    }

    @Test func `of a set what cannot be used is left out`() throws {
        let good = try Issuer.p256.get().jwk()
        let keys: [JSON] = [good, ["kty": "new"], [:], 5, .null, ["kty": "EC", "crv": "P-521"], good]
        let json: JSON = .object(["keys": .array(keys), "more": 1])
        #expect(try #require(JSONWebKeySet(parsing: json.utf8)).keys.count == 2)
        #expect(try #require(JSONWebKeySet(parsing: Array("{\"keys\":[]}".utf8))).keys.isEmpty)
    }

    @Test(arguments: ["", "{", "[]", "{}", "{\"keys\":{}}", "{\"keys\":null}", "{\"Keys\":[]}", "<html>"])
    func `what is no set is refused`(text: String) {
        #expect(JSONWebKeySet(parsing: Array(text.utf8)) == nil)
    }

    @Test func `a set is bounded`() {
        func set(_ count: Int, padding: Int = 0) -> JSONWebKeySet? {
            let keys: JSON = .array([JSON](repeating: [:], count: count))
            return JSONWebKeySet(parsing: JSON.object(["keys": keys, "x": .string(String(repeating: "x", count: padding))]).utf8)
        }
        #expect(set(64) != nil && set(65) == nil)
        #expect(set(1, padding: 262_000) != nil && set(1, padding: 262_144) == nil)
    }
}

/// RFC 7515, appendices A.2 and A.3.
enum RFC7515 {
    private static let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    static let rs256 =
        "eyJhbGciOiJSUzI1NiJ9.\(claims)."
        + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
        + "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
        + "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

    static let rsaKey =
        "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL"
        + "-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xs"
        + "mtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}"

    static let es256 =
        "eyJhbGciOiJFUzI1NiJ9.\(claims).DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

    static let p256Key =
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        + "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
}
