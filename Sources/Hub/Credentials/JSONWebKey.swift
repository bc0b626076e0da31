// The public keys of an issuer.

internal import CCrypto
public import Runtime

/// How tokens are signed (RFC 7518, section 3.1): RSASSA-PKCS1-v1_5 or ECDSA with P-256, both with SHA-256.
public enum JSONWebAlgorithm: String, Hashable, Sendable, CaseIterable {
    case rs256 = "RS256"
    case es256 = "ES256"
}

/// A public key for signatures (RFC 7517), by OpenSSL.
public final class JSONWebKey: @unchecked Sendable {
    // @unchecked: nothing writes to the EVP_PKEY after this owner was made, and its reference count is atomic.
    private let pkey: OpaquePointer

    /// `kid`.
    public let id: String?
    public let algorithm: JSONWebAlgorithm

    /// Bits of an RSA modulus: fewer can be broken; more only cost time.
    static let rsaBits = 2048...8192

    /// `nil` for keys of other kinds, for other uses or algorithms, and for those that are malformed or too weak.
    public init?(_ json: JSON) {
        guard case .object = json, Self.isForVerifying(json) else { return nil }
        defer { ERR_clear_error() }
        let made: (pkey: OpaquePointer, algorithm: JSONWebAlgorithm)
        switch json["kty"]?.stringValue {
        case "RSA":
            guard let pkey = Self.rsa(json) else { return nil }
            made = (pkey, .rs256)
        case "EC":
            guard let pkey = Self.p256(json) else { return nil }
            made = (pkey, .es256)
        default: return nil
        }
        (pkey, algorithm, id) = (made.pkey, made.algorithm, json["kid"]?.stringValue)
        if let named = json["alg"], named.stringValue != algorithm.rawValue { return nil }
        if let id = json["kid"], id.stringValue == nil { return nil }
    }

    deinit { EVP_PKEY_free(pkey) }

    /// Whether `signature`, as a token has it, is this key's for `message` (EVP_DigestVerify).
    func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        var signature = signature
        if algorithm == .es256 {
            guard let der = Self.der(signature) else { return false }
            signature = der
        }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, pkey) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// `use` and `key_ops` (RFC 7517, sections 4.2 and 4.3), where they are there.
    private static func isForVerifying(_ json: JSON) -> Bool {
        if let use = json["use"], use.stringValue != "sig" { return false }
        guard let operations = json["key_ops"] else { return true }
        guard case .array(let operations) = operations else { return false }
        return operations.contains("verify")
    }

    /// RFC 7518, section 6.3.1. An exponent of 1 would let everybody sign.
    private static func rsa(_ json: JSON) -> OpaquePointer? {
        guard let n = bytes(json, "n"), let e = bytes(json, "e"), (256...1024).contains(n.count), (1...8).contains(e.count),
            let modulus = BN_bin2bn(n, Int32(n.count), nil)
        else { return nil }
        defer { BN_free(modulus) }
        guard let exponent = BN_bin2bn(e, Int32(e.count), nil) else { return nil }
        defer { BN_free(exponent) }
        guard rsaBits.contains(Int(BN_num_bits(modulus))), BN_is_odd(modulus) == 1, BN_is_odd(exponent) == 1, BN_is_one(exponent) == 0 else {
            return nil
        }
        return publicKey("RSA") { pw_param_push_rsa($0, modulus, exponent) }
    }

    /// RFC 7518, section 6.2.1; the point is checked to be on the curve (EVP_PKEY_public_check).
    private static func p256(_ json: JSON) -> OpaquePointer? {
        guard json["crv"]?.stringValue == "P-256", let x = bytes(json, "x"), let y = bytes(json, "y"), x.count == 32, y.count == 32 else {
            return nil
        }
        // Uncompressed (SEC 1, section 2.3.3).
        let point = [4] + x + y
        let key = point.withUnsafeBytes { point in publicKey("EC") { pw_param_push_p256($0, point.baseAddress, point.count) } }
        guard let key else { return nil }
        guard let context = EVP_PKEY_CTX_new(key, nil) else {
            EVP_PKEY_free(key)
            return nil
        }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_public_check(context) == 1 else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }

    /// EVP_PKEY_fromdata of what `push` puts in, which has to stay where it is until this returns.
    private static func publicKey(_ type: String, _ push: (OpaquePointer) -> Int32) -> OpaquePointer? {
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        guard push(builder) == 1, let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var pkey: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &pkey, PW_EVP_PKEY_PUBLIC_KEY, parameters) == 1 else { return nil }
        return pkey
    }

    /// The signature of RFC 7518, section 3.4 (r and s, 32 bytes each), as OpenSSL has it (i2d_ECDSA_SIG).
    private static func der(_ signature: [UInt8]) -> [UInt8]? {
        guard signature.count == 64, let pair = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(pair) }
        let r = signature.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress, 32, nil) }
        let s = signature.withUnsafeBufferPointer { BN_bin2bn($0.baseAddress! + 32, 32, nil) }
        // It takes both over, or neither.
        guard ECDSA_SIG_set0(pair, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_ECDSA_SIG(pair, &bytes)
        defer { pw_openssl_free(bytes) }
        guard count > 0 else { return nil }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    private static func bytes(_ json: JSON, _ name: String) -> [UInt8]? { json[name]?.stringValue.flatMap { Crypto.decodeBase64URL($0) } }
}

/// What an issuer publishes at its `jwks_uri` (RFC 7517, section 5).
public struct JSONWebKeySet: Sendable {
    public let keys: [JSONWebKey]

    static let maximumBytes = 256 << 10, maximumKeys = 64

    /// Keys that cannot be used here are left out, as the RFC wants it; `nil` where this is no key set at all, or has more than 64 keys.
    public init?(parsing bytes: [UInt8]) {
        guard bytes.count <= Self.maximumBytes, case .array(let keys)? = JSON(parsing: bytes)?["keys"], keys.count <= Self.maximumKeys else {
            return nil
        }
        self.keys = keys.compactMap { JSONWebKey($0) }
    }

    /// The keys that may have signed what says so.
    func candidates(_ algorithm: JSONWebAlgorithm, id: String?) throws(JSONWebTokenError) -> [JSONWebKey] {
        guard let id else {
            let fitting = keys.filter { $0.algorithm == algorithm }
            guard fitting.count == 1 else { throw .ambiguousKey }
            return fitting
        }
        let named = keys.filter { $0.id.map { JSONWebToken.areSame($0, id) } ?? false }
        guard !named.isEmpty else { throw .unknownKey }
        let fitting = named.filter { $0.algorithm == algorithm }
        guard !fitting.isEmpty else { throw .algorithmMismatch }
        return fitting
    }
}
