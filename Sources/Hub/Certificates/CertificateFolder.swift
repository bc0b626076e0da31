// Where the local authority and the hub's certificate are kept, and when a new one is made.

internal import Runtime

#if canImport(Glibc)
internal import Glibc
#endif

/// Why the hub gets another certificate.
public enum RenewalReason: String, Sendable {
    /// There is none, or none that can be read.
    case missing
    /// The authority is another one.
    case authority
    /// Names or addresses came or went.
    case names
    /// Fewer than thirty days are left.
    case age
}

/// The rule of renewal. One that is not valid yet stays: small machines without a battery start in the past, and learn the time later.
///
/// - Parameter now: seconds since 1970.
public func renewalReason(
    notAfter: Int64, names: SubjectNames, wanted: SubjectNames, isSignedByAuthority: Bool, now: Int64
) -> RenewalReason? {
    if !isSignedByAuthority { return .authority }
    if names != wanted { return .names }
    if notAfter - now < 30 * LocalAuthority.day { return .age }
    return nil
}

/// A folder of mode 0700 with two files of mode 0600. Their names tell what must not be handed out.
public struct CertificateFolder: Sendable {
    private let path: String

    public var authorityFile: String { path + "/authority-private.pem" }
    public var identityFile: String { path + "/hub-private.pem" }

    public init(path: String) { self.path = path }

    public struct Contents: Sendable {
        public let authority: LocalAuthority
        public let identity: ServerIdentity
        /// Phones have to be told of it.
        public let authorityIsNew: Bool
        /// Why the identity is new; `nil` when it is the one of before.
        public let renewal: RenewalReason?
    }

    /// What is there, or is made now.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: where the authority cannot be read. Another is not made in its place: people installed it.
    public func contents(for wanted: SubjectNames, host: String, now: Int64) throws(CertificateError) -> Contents {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw CertificateError(file: path, reason: "it cannot be made: \(String(cString: strerror(errno)))")
        }
        var authority = access(authorityFile, F_OK) == 0 ? try LocalAuthority(file: authorityFile) : nil
        // One that is at its end certifies nothing that lasts.
        if let old = authority, old.certificate.notAfter - now < 30 * LocalAuthority.day { authority = nil }
        let authorityIsNew = authority == nil
        let used: LocalAuthority
        if let authority {
            used = authority
        } else {
            used = try LocalAuthority(host: host, now: now)
            try write(used.pem, to: authorityFile)
        }
        // The time cannot be earlier than when the authority was made.
        let now = max(now, used.certificate.notBefore + LocalAuthority.backdatedDays * LocalAuthority.day)
        let identity = try? ServerIdentity(certificateFile: identityFile, keyFile: identityFile)
        let reason = identity.map { identity in
            renewalReason(
                notAfter: identity.certificate.notAfter, names: identity.certificate.names,
                wanted: wanted, isSignedByAuthority: identity.certificate.isSigned(by: used.certificate), now: now)
        } ?? .missing
        if let identity, reason == nil {
            return Contents(authority: used, identity: identity, authorityIsNew: authorityIsNew, renewal: nil)
        }
        let renewed = try used.issue(for: wanted, host: host, now: now)
        try write(renewed.pem, to: identityFile)
        return Contents(authority: used, identity: renewed, authorityIsNew: authorityIsNew, renewal: reason)
    }

    /// All or nothing, also over a crash: another file, fsync(2), rename(2).
    private func write(_ bytes: [UInt8]?, to file: String) throws(CertificateError) {
        guard let bytes else { throw LocalAuthority.failure }
        let temporary = file + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(file) }
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(temporary, file) == 0 else {
            let error = failure(file)
            unlink(temporary)
            throw error
        }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func failure(_ file: String) -> CertificateError {
        CertificateError(file: file, reason: "it cannot be written: \(String(cString: strerror(errno)))")
    }
}
