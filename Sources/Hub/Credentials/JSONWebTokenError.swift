// Why a token of another issuer counts for nothing.

/// Nothing of the token itself is in it, so that it can be logged.
public enum JSONWebTokenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// More than `JSONWebToken.maximumBytes`.
    case tooLarge
    /// It is not three parts of base64url, the first two of them JSON objects.
    case malformed
    /// `alg` is neither RS256 nor ES256.
    case unsupportedAlgorithm
    /// `crit` asks for what is not understood here (RFC 7515, section 4.1.11).
    case criticalExtension
    /// No key has its `kid`: fetch the issuer's keys again, now and then.
    case unknownKey
    /// It names no key, and not exactly one fits.
    case ambiguousKey
    /// `alg` is not that of the key.
    case algorithmMismatch
    case badSignature
    case missingClaim(Claim)
    /// It is of the wrong type, or no time.
    case malformedClaim(Claim)
    case wrongIssuer
    case wrongAudience
    case wrongNonce
    case expired
    /// `nbf` or `iat` is in the future.
    case notYetValid

    /// Claims that are checked.
    public enum Claim: String, Hashable, Sendable { case iss, aud, exp, nbf, iat, nonce, sub }

    public var description: String {
        switch self {
        case .tooLarge: "the token is longer than \(JSONWebToken.maximumBytes) bytes"
        case .malformed: "this is no JSON web token"
        case .unsupportedAlgorithm: "the token is signed by neither RS256 nor ES256"
        case .criticalExtension: "the token needs an extension that is not known"
        case .unknownKey: "the issuer has no such key"
        case .ambiguousKey: "the token does not say which key signed it"
        case .algorithmMismatch: "the token's algorithm is not its key's"
        case .badSignature: "the token's signature is wrong"
        case .missingClaim(let claim): "the token has no \(claim.rawValue)"
        case .malformedClaim(let claim): "the token's \(claim.rawValue) is malformed"
        case .wrongIssuer: "the token is another issuer's"
        case .wrongAudience: "the token is for somebody else"
        case .wrongNonce: "the token answers another request"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet; is a clock wrong?"
        }
    }
}
