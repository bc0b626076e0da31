// One X.509 certificate, and one private key, as libcrypto holds them.

internal import CCrypto

#if canImport(Glibc)
internal import Glibc
#endif

/// An X.509 certificate (RFC 5280), which never changes.
public final class Certificate: @unchecked Sendable {
    // @unchecked: nothing writes to the X509 after this owner was made, and its reference count is atomic.
    let x509: OpaquePointer

    /// Takes the reference over.
    init(owning x509: OpaquePointer) { self.x509 = x509 }

    deinit { X509_free(x509) }

    /// DER, by i2d_X509.
    public var der: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(i2d_X509(x509, nil)))
        bytes.withUnsafeMutableBufferPointer { buffer in
            var target = buffer.baseAddress
            _ = i2d_X509(x509, &target)
        }
        return bytes
    }

    /// SHA-256 of the DER (X509_digest) as people compare it: pairs of digits with colons between.
    public var fingerprint: String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        X509_digest(x509, EVP_sha256(), &digest, &length)
        return digest.prefix(Int(length)).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count < 2 ? "0" + digits : digits
        }.joined(separator: ":")
    }

    /// Seconds since 1970 (X509_get0_notBefore).
    public var notBefore: Int64 { seconds(X509_get0_notBefore(x509)) }
    /// Seconds since 1970 (X509_get0_notAfter).
    public var notAfter: Int64 { seconds(X509_get0_notAfter(x509)) }

    private func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return Int64(timegm(&parts))
    }

    /// Whether it may sign others: basicConstraints (X509_check_ca).
    public var isAuthority: Bool { X509_check_ca(x509) == 1 }

    /// Whether `authority` made this one: by name and key identifier (X509_check_issued), and by its signature (X509_verify).
    public func isSigned(by authority: Certificate) -> Bool {
        defer { ERR_clear_error() }
        guard X509_check_issued(authority.x509, x509) == 0, let key = X509_get0_pubkey(authority.x509) else { return false }
        return X509_verify(x509, key) == 1
    }

    /// What it is for: subjectAltName (RFC 5280, section 4.2.1.6).
    public var names: SubjectNames {
        defer { ERR_clear_error() }
        guard let raw = X509_get_ext_d2i(x509, NID_subject_alt_name, nil, nil) else { return SubjectNames() }
        let list = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(list) }
        var names = SubjectNames()
        for index in 0..<pw_general_names_count(list) {
            var bytes: UnsafePointer<UInt8>?
            var length: Int32 = 0
            let kind = pw_general_name(list, index, &bytes, &length)
            let value = Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
            if kind == PW_GEN_DNS {
                names.insert(String(decoding: value, as: UTF8.self))
            } else if kind == PW_GEN_IPADD, let address = numericAddress(value) {
                names.insert(address)
            }
        }
        return names
    }
}

/// A private key. Nothing prints it.
public final class PrivateKey: @unchecked Sendable, CustomStringConvertible, CustomReflectable {
    // @unchecked: nothing writes to the EVP_PKEY after this owner was made, and its reference count is atomic.
    let pkey: OpaquePointer

    /// Takes the reference over.
    init(owning pkey: OpaquePointer) { self.pkey = pkey }

    deinit { EVP_PKEY_free(pkey) }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The bytes of a memory BIO that `write` fills (BIO_s_mem).
func collected(_ write: (OpaquePointer) -> Int32) -> [UInt8]? {
    guard let bio = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free_all(bio) }
    guard write(bio) == 1 else { return nil }
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = pw_bio_bytes(bio, &bytes)
    return Array(UnsafeBufferPointer(start: bytes, count: count))
}
