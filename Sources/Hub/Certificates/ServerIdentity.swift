// What a TLS server shows and proves: a certificate, those between it and its authority, and the key.

internal import CCrypto

#if canImport(Glibc)
internal import Glibc
#endif

/// A certificate with its chain and key, which have been tried with OpenSSL before anybody connects.
public struct ServerIdentity: Sendable {
    public let certificate: Certificate
    /// Intermediate certificates, in the order of the file.
    public let chain: [Certificate]
    let key: PrivateKey

    /// Reads PEM (RFC 7468): the certificate first, its intermediates behind it; the key may be in the same file.
    public init(certificateFile: String, keyFile: String) throws(CertificateError) {
        let certificates = try readCertificates(certificateFile)
        let key = try readKey(keyFile)
        guard X509_check_private_key(certificates[0].x509, key.pkey) == 1 else {
            ERR_clear_error()
            throw CertificateError(file: keyFile, reason: "this key does not belong to the certificate in \(certificateFile)")
        }
        try self.init(certificate: certificates[0], chain: Array(certificates.dropFirst()), key: key, source: certificateFile)
    }

    init(certificate: Certificate, chain: [Certificate], key: PrivateKey, source: String) throws(CertificateError) {
        self.certificate = certificate
        self.chain = chain
        self.key = key
        // OpenSSL also refuses keys and signatures that are too weak; better now than when a phone connects.
        guard let trial = SSL_CTX_new(TLS_server_method()) else { throw CertificateError(file: source, reason: "OpenSSL has no memory") }
        defer { SSL_CTX_free(trial) }
        guard install(inContext: trial) else {
            throw CertificateError(file: source, reason: "OpenSSL does not take this certificate for a server; its key or signature may be too weak")
        }
    }

    /// For every connection of an SSL_CTX (SSL_CTX_use_cert_and_key).
    @discardableResult
    public func install(inContext context: OpaquePointer) -> Bool {
        withChain { SSL_CTX_use_cert_and_key(context, certificate.x509, key.pkey, $0, 1) == 1 }
    }

    /// For one connection (SSL_use_cert_and_key), instead of what its context has: that may be of another kind of key.
    public func install(inConnection connection: OpaquePointer) -> Bool {
        SSL_certs_clear(connection)
        return withChain { SSL_use_cert_and_key(connection, certificate.x509, key.pkey, $0, 1) == 1 }
    }

    private func withChain(_ body: (OpaquePointer) -> Bool) -> Bool {
        guard let stack = pw_x509_stack() else { return false }
        defer {
            pw_x509_stack_free(stack)
            ERR_clear_error()
        }
        for link in chain where pw_x509_stack_push(stack, link.x509) == 0 { return false }
        return body(stack)
    }

    /// Key and certificate in one PEM file, so that a crash cannot leave one of them without the other.
    var pem: [UInt8]? {
        collected { bio in
            guard PEM_write_bio_PrivateKey(bio, key.pkey, nil, nil, 0, nil, nil) == 1 else { return 0 }
            return PEM_write_bio_X509(bio, certificate.x509)
        }
    }
}

/// Opened by libcrypto (BIO_new_file), which reads PEM from nothing else.
private func open(_ file: String) throws(CertificateError) -> OpaquePointer {
    // Which of the two went wrong is not to be told by BIO_new_file: a folder opens, and then has no PEM in it.
    var status = stat()
    guard stat(file, &status) == 0, access(file, R_OK) == 0 else {
        throw CertificateError(file: file, reason: "it cannot be read: \(String(cString: strerror(errno)))")
    }
    guard status.st_mode & S_IFMT == S_IFREG, let bio = BIO_new_file(file, "r") else {
        ERR_clear_error()
        throw CertificateError(file: file, reason: "it cannot be read: this is not a file")
    }
    return bio
}

/// All certificates of a PEM file (PEM_read_bio_X509); at least one.
func readCertificates(_ file: String) throws(CertificateError) -> [Certificate] {
    let bio = try open(file)
    defer {
        BIO_free_all(bio)
        ERR_clear_error()
    }
    var found: [Certificate] = []
    while let x509 = PEM_read_bio_X509(bio, nil, nil, nil) { found.append(Certificate(owning: x509)) }
    // The last error of a file that is read to its end is "no more to start with"; any other is damage.
    let reason = ERR_GET_REASON(ERR_peek_last_error())
    guard reason == PEM_R_NO_START_LINE else {
        throw CertificateError(file: file, reason: "a certificate in it is damaged; PEM is expected")
    }
    guard !found.isEmpty else {
        throw CertificateError(file: file, reason: "there is no certificate in it; PEM is expected (-----BEGIN CERTIFICATE-----)")
    }
    return found
}

/// The private key of a PEM file (PEM_read_bio_PrivateKey).
func readKey(_ file: String) throws(CertificateError) -> PrivateKey {
    let bio = try open(file)
    defer {
        BIO_free_all(bio)
        ERR_clear_error()
    }
    var wasAsked = false
    // Without a callback OpenSSL would ask for the passphrase at the terminal, of which a service has none.
    let pkey = withUnsafeMutablePointer(to: &wasAsked) { asked in
        PEM_read_bio_PrivateKey(
            bio, nil,
            { _, _, _, user in
                user?.assumingMemoryBound(to: Bool.self).pointee = true
                return -1
            }, asked)
    }
    guard let pkey else {
        throw CertificateError(
            file: file,
            reason: wasAsked
                ? "the key is locked with a passphrase; one without is needed"
                : "there is no private key in it; PEM is expected (-----BEGIN PRIVATE KEY-----)")
    }
    return PrivateKey(owning: pkey)
}
