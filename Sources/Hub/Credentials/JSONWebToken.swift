// Tokens of another issuer.

public import Domain
public import Runtime

/// What a signed token (RFC 7519, as compact JWS, RFC 7515) says. There is none of it that was not verified.
public struct JSONWebToken: Sendable, CustomStringConvertible, CustomReflectable {
    /// What a token has to say to be taken.
    public struct Expectation: Sendable {
        /// `iss`, exactly.
        public var issuer: String
        /// `aud`, or one of it.
        public var audience: String
        /// Where there was one in the request.
        public var nonce: String?

        public init(issuer: String, audience: String, nonce: String? = nil) {
            (self.issuer, self.audience, self.nonce) = (issuer, audience, nonce)
        }
    }

    public static let maximumBytes = 16 << 10
    /// How far an issuer's clock may be ahead, in seconds.
    static let leeway: Double = 60

    /// All claims.
    public let claims: JSON

    /// `sub`: who it is about, by the issuer's own name.
    public var subject: String? { claims["sub"]?.stringValue }

    public subscript(_ claim: String) -> JSON? { claims[claim] }

    /// Verifies the signature and then the claims. `exp` has to be there, and is no second too late; `nbf` and `iat` may be a minute ahead. Keys and
    /// addresses of keys in the token itself (`jwk`, `jku`, `x5c`, `x5u`) count for nothing.
    public init(verifying text: String, keys: JSONWebKeySet, expected: Expectation, now: Timestamp) throws(JSONWebTokenError) {
        guard text.utf8.count <= Self.maximumBytes else { throw .tooLarge }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Crypto.decodeBase64URL(parts[2])
        else { throw .malformed }
        guard let name = header["alg"]?.stringValue else { throw .malformed }
        guard let algorithm = JSONWebAlgorithm(rawValue: name) else { throw .unsupportedAlgorithm }
        guard header["crit"] == nil else { throw .criticalExtension }
        let id = header["kid"]
        if let id, id.stringValue == nil { throw .malformed }
        let candidates = try keys.candidates(algorithm, id: id?.stringValue)
        let message = Array("\(parts[0]).\(parts[1])".utf8)
        guard candidates.contains(where: { $0.verify(signature, of: message) }) else { throw .badSignature }
        try Self.check(claims, expected, now)
        self.claims = claims
    }

    static func check(_ claims: JSON, _ expected: Expectation, _ now: Timestamp) throws(JSONWebTokenError) {
        guard let issuer = try string(.iss, claims) else { throw .missingClaim(.iss) }
        guard areSame(issuer, expected.issuer) else { throw .wrongIssuer }
        guard try audience(claims).contains(where: { areSame($0, expected.audience) }) else { throw .wrongAudience }
        let seconds = Double(now.milliseconds) / 1000
        guard let expiry = try time(.exp, claims) else { throw .missingClaim(.exp) }
        guard seconds < expiry else { throw .expired }
        for claim in [JSONWebTokenError.Claim.nbf, .iat] {
            if let time = try time(claim, claims), time > seconds + leeway { throw .notYetValid }
        }
        if let nonce = expected.nonce {
            guard let given = try string(.nonce, claims) else { throw .missingClaim(.nonce) }
            guard Crypto.constantTimeEquals(given.utf8, nonce.utf8) else { throw .wrongNonce }
        }
        _ = try string(.sub, claims)
    }

    /// Byte by byte: Swift's own comparison takes different spellings of a letter for the same.
    static func areSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    private static func object(_ part: Substring) -> JSON? {
        guard let bytes = Crypto.decodeBase64URL(part), let json = JSON(parsing: bytes), case .object = json else { return nil }
        return json
    }

    private static func string(_ claim: JSONWebTokenError.Claim, _ claims: JSON) throws(JSONWebTokenError) -> String? {
        guard let value = claims[claim.rawValue] else { return nil }
        guard let text = value.stringValue else { throw .malformedClaim(claim) }
        return text
    }

    /// A NumericDate: seconds since 1970, perhaps with a fraction.
    private static func time(_ claim: JSONWebTokenError.Claim, _ claims: JSON) throws(JSONWebTokenError) -> Double? {
        guard let value = claims[claim.rawValue] else { return nil }
        guard let seconds = value.numberValue, seconds.isFinite else { throw .malformedClaim(claim) }
        return seconds
    }

    /// One string, or several.
    private static func audience(_ claims: JSON) throws(JSONWebTokenError) -> [String] {
        switch claims["aud"] {
        case nil: throw .missingClaim(.aud)
        case .string(let audience): return [audience]
        case .array(let values):
            let audiences = values.compactMap(\.stringValue)
            guard audiences.count == values.count else { throw .malformedClaim(.aud) }
            return audiences
        default: throw .malformedClaim(.aud)
        }
    }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
