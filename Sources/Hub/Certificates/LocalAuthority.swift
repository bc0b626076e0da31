// A certificate authority of this machine's own, for networks where no public one can help.

internal import CCrypto
internal import Runtime

/// A self-signed authority (RFC 5280) that people install on their phones once, and that certifies this hub alone.
public struct LocalAuthority: Sendable {
    public let certificate: Certificate
    private let key: PrivateKey

    /// Ten years.
    static let lifetimeDays: Int64 = 3652
    /// Browsers hold public authorities to 398 days, Apple's all others to more; within that nobody objects. Both ends count.
    static let leafLifetimeDays: Int64 = 397
    /// Phones whose clock is behind shall take it as well.
    static let backdatedDays: Int64 = 1
    static let day: Int64 = 86_400

    /// Makes a new one.
    ///
    /// - Parameters:
    ///   - host: tells several hubs apart in a phone's list of authorities.
    ///   - now: seconds since 1970.
    public init(host: String, now: Int64) throws(CertificateError) {
        guard let pkey = pw_p256_key() else { throw Self.failure }
        key = PrivateKey(owning: pkey)
        let name = Subject(organization: "Ping Watch", commonName: "Ping Watch on \(host)")
        certificate = try makeCertificate(
            subject: name, publicKey: key, lifetime: now - Self.backdatedDays * Self.day...now + Self.lifetimeDays * Self.day,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ],
            issuer: nil, signingKey: key)
    }

    /// Reads one from the file that `pem` went to.
    public init(file: String) throws(CertificateError) {
        certificate = try readCertificates(file)[0]
        key = try readKey(file)
        guard X509_check_private_key(certificate.x509, key.pkey) == 1, certificate.isAuthority else {
            ERR_clear_error()
            throw CertificateError(file: file, reason: "this is no certificate authority with its key")
        }
    }

    /// Certifies a new key for a server called `names`.
    public func issue(for names: SubjectNames, host: String, now: Int64) throws(CertificateError) -> ServerIdentity {
        guard let pkey = pw_p256_key() else { throw Self.failure }
        let leafKey = PrivateKey(owning: pkey)
        let start = now - Self.backdatedDays * Self.day
        // Not longer than its authority, and a second short of the limit: both ends count.
        let end = min(start + Self.leafLifetimeDays * Self.day - 1, certificate.notAfter)
        let leaf = try makeCertificate(
            subject: Subject(organization: "Ping Watch", commonName: host), publicKey: leafKey, lifetime: start...max(start, end),
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"), (NID_ext_key_usage, "serverAuth"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
                (NID_subject_alt_name, names.extensionValue),
            ],
            issuer: certificate, signingKey: key)
        return try ServerIdentity(certificate: leaf, chain: [], key: leafKey, source: "the hub's own certificate")
    }

    var pem: [UInt8]? {
        collected { bio in
            guard PEM_write_bio_PrivateKey(bio, key.pkey, nil, nil, 0, nil, nil) == 1 else { return 0 }
            return PEM_write_bio_X509(bio, certificate.x509)
        }
    }

    static let failure = CertificateError(file: "OpenSSL", reason: "it can make no certificate")
}

private struct Subject {
    let organization: String
    let commonName: String

    /// X520's upper bound for both is 64 characters.
    func write(to name: OpaquePointer) -> Bool {
        [(NID_organizationName, organization), (NID_commonName, commonName)].allSatisfy { id, text in
            let bytes = Array(text.utf8.prefix(64))
            return X509_NAME_add_entry_by_NID(name, id, MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0) == 1
        }
    }
}

/// X509_sign with SHA-256. Without an issuer it signs itself.
private func makeCertificate(
    subject: Subject, publicKey: PrivateKey, lifetime: ClosedRange<Int64>, extensions: [(Int32, String)], issuer: Certificate?,
    signingKey: PrivateKey
) throws(CertificateError) -> Certificate {
    defer { ERR_clear_error() }
    guard let x509 = X509_new() else { throw LocalAuthority.failure }
    let certificate = Certificate(owning: x509)
    // Positive, and with more than the 64 random bits that CAs need (RFC 5280, section 4.1.2.2).
    var serial = Crypto.randomBytes(16)
    serial[0] = serial[0] & 0x7f | 0x40
    guard let number = BN_bin2bn(serial, Int32(serial.count), nil) else { throw LocalAuthority.failure }
    defer { BN_free(number) }
    guard X509_set_version(x509, 2) == 1, BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != nil,
        ASN1_TIME_set(X509_getm_notBefore(x509), Int(lifetime.lowerBound)) != nil,
        ASN1_TIME_set(X509_getm_notAfter(x509), Int(lifetime.upperBound)) != nil,
        X509_set_pubkey(x509, publicKey.pkey) == 1, let name = X509_get_subject_name(x509), subject.write(to: name),
        X509_set_issuer_name(x509, issuer.map { X509_get_subject_name($0.x509) } ?? name) == 1
    else { throw LocalAuthority.failure }
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer?.x509 ?? x509, x509, nil, nil, 0)
    for (id, value) in extensions {
        guard let made = X509V3_EXT_conf_nid(nil, &context, id, value) else { throw LocalAuthority.failure }
        defer { X509_EXTENSION_free(made) }
        guard X509_add_ext(x509, made, -1) == 1 else { throw LocalAuthority.failure }
    }
    guard X509_sign(x509, signingKey.pkey, EVP_sha256()) > 0 else { throw LocalAuthority.failure }
    return certificate
}
