// What people sign in with.

import Domain
import Runtime

@testable import Credentials

extension FuzzTarget {
    /// The keys of RFC 7515, appendices A.2 and A.3, of which the corpus has a token each.
    private static let keys = JSONWebKeySet(
        parsing: Array(
            ("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                + "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
                + "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"
                + "pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Ca"
                + "pHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb5"
                + "4h4FRWyuXpoQ"
                + "\"}]}").utf8))!

    /// Nobody without a key makes a token that is taken (the RFC's have no audience), and only the claims that are expected are.
    func jwt(_ text: String, _ bytes: [UInt8]) {
        let expected = JSONWebToken.Expectation(issuer: "joe", audience: "x", nonce: "n")
        let now = Timestamp(milliseconds: 1_300_000_000_000)
        precondition(Self.keys.keys.count == 2)
        precondition((try? JSONWebToken(verifying: text, keys: Self.keys, expected: expected, now: now)) == nil)
        guard let claims = JSON(parsing: bytes), (try? JSONWebToken.check(claims, expected, now)) != nil else { return }
        precondition(claims["iss"] == "joe" && claims["nonce"] == "n" && (claims["exp"]?.numberValue ?? 0) > 1_300_000_000)
    }

    func jwks(_ bytes: [UInt8]) {
        guard let set = JSONWebKeySet(parsing: bytes) else { return }
        precondition(set.keys.count <= 64)
        for key in set.keys { precondition(!key.verify([UInt8](repeating: 0, count: 64), of: bytes)) }
    }

    /// What is taken costs no more than it may, and can be compared with.
    func phc(_ text: String) {
        guard let hash = try? PasswordHash(phc: text) else { return }
        let parameters = hash.parameters, maximum = PasswordHash.Parameters.maximum
        precondition(hash.phc.utf8.elementsEqual(text.utf8))
        precondition(parameters.memory <= maximum.memory && parameters.passes <= maximum.passes && parameters.lanes <= maximum.lanes)
        guard parameters.memory <= 1024 else { return }
        let isRight = Result { try hash.verify("x") }
        guard case .success(false) = isRight else { fatalError("\(isRight)") }
    }

    /// What was read is written as it was but for case and padding.
    func otpSecret(_ text: String) {
        guard let bytes = Base32.decode(text) else { return }
        precondition(Base32.encode(bytes) == text.uppercased().prefix { $0 != "=" })
        precondition(TOTP(secret: bytes).code(step: Int64(bytes.count)).utf8.count == 6)
    }

    func code(_ text: String) {
        if let code = PairingCode(text) {
            precondition(PairingCode(code.formatted) == code && code.rawValue.utf8.count == 8 && code.formatted.utf8.count == 9)
            precondition(code.rawValue.utf8.allSatisfy { !"0O1IL".utf8.contains($0) && ((50...57).contains($0) || (65...90).contains($0)) })
        }
        let user = UserID(trusted: "u")
        if let hash = RecoveryCodes.hash(text, of: user) { precondition(RecoveryCodes.hash(text.lowercased(), of: user) == hash) }
        _ = PasswordPolicy.refusal(of: text, email: text)
    }
}
