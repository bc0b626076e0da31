// The local authority, what is kept of it, and what is said of files that are wrong.

import Certificates
import Foundation
import TestSupport
import Testing

private let day: Int64 = 86_400
/// 2026-01-01.
private let now: Int64 = 1_767_225_600

@Suite("Certificates", .mustEnd)
struct CertificateTests {
    private let folder: TemporaryFolder
    private let wanted = SubjectNames(["hub", "hub.local", "localhost", "127.0.0.1", "::1", "192.168.1.20"])

    init() throws { folder = try TemporaryFolder() }

    @Test func `a certificate has its names, lasts 397 days at most, and is signed by its authority`() throws {
        let authority = try LocalAuthority(host: "hub", now: now)
        let leaf = try authority.issue(for: wanted, host: "hub", now: now).certificate
        #expect(leaf.names == wanted)
        #expect(leaf.notBefore == now - day)
        #expect(leaf.notAfter + 1 - leaf.notBefore == 397 * day)
        #expect(leaf.isSigned(by: authority.certificate))
        #expect(!leaf.isAuthority && authority.certificate.isAuthority)
        #expect(authority.certificate.notAfter - now == 3652 * day)
        #expect(authority.certificate.isSigned(by: authority.certificate))
        let other = try LocalAuthority(host: "hub", now: now)
        #expect(!leaf.isSigned(by: other.certificate))
        #expect(leaf.fingerprint.wholeMatch(of: /([0-9A-F]{2}:){31}[0-9A-F]{2}/) != nil)
    }

    @Test func `a certificate does not outlast its authority`() throws {
        let authority = try LocalAuthority(host: "hub", now: now)
        let late = now + 3600 * day
        #expect(try authority.issue(for: wanted, host: "hub", now: late).certificate.notAfter == authority.certificate.notAfter)
    }

    @Test func `a long host name is no hindrance`() throws {
        let name = String(repeating: "a", count: 63) + "." + String(repeating: "b", count: 63)
        let authority = try LocalAuthority(host: name, now: now)
        #expect(try authority.issue(for: SubjectNames([name]), host: name, now: now).certificate.names.dns == [name])
    }

    @Test(arguments: [
        ("HUB.Local", true), ("a", true), ("my_hub", true), ("*.example.org", true), ("10.0.0.1", true), ("FE80::1", true), ("", false),
        ("a,DNS:evil", false), ("a b", false), ("-a", false), ("a..b", false), ("10.0.0.256", false), ("*", false), ("a:b", false),
        ("ä", false), (String(repeating: "a", count: 64), false),
    ])
    func `names are taken as they may be`(name: String, isTaken: Bool) {
        var names = SubjectNames()
        #expect(names.insert(name) == isTaken)
        #expect(names.isEmpty == !isTaken)
    }

    @Test func `this machine is called by its name, localhost and addresses`() {
        let names = Machine.names(extra: ["camera.example.org"])
        #expect(names.dns.isSuperset(of: [Machine.hostName, "localhost", "camera.example.org"]))
        #expect(names.dns.contains { $0.hasSuffix(".local") })
        #expect(names.addresses.isSuperset(of: ["127.0.0.1", "::1"]))
        #expect(names.addresses.isSuperset(of: Machine.addresses))
    }

    @Test func `the rule of renewal`() {
        func reason(left: Int64 = 300 * day, names: SubjectNames? = nil, signed: Bool = true) -> RenewalReason? {
            renewalReason(notAfter: now + left, names: names ?? wanted, wanted: wanted, isSignedByAuthority: signed, now: now)
        }
        #expect(reason() == nil)
        #expect(reason(left: 30 * day) == nil)
        #expect(reason(left: 30 * day - 1) == .age)
        #expect(reason(left: -1) == .age)
        #expect(reason(names: SubjectNames(["hub"])) == .names)
        #expect(reason(signed: false) == .authority)
    }

    @Test func `what was made is kept, with modes for the owner alone`() throws {
        let store = CertificateFolder(path: folder.file("tls"))
        let first = try store.contents(for: wanted, host: "hub", now: now)
        #expect(first.authorityIsNew && first.renewal == .missing)
        let second = try store.contents(for: wanted, host: "hub", now: now + 100 * day)
        #expect(!second.authorityIsNew && second.renewal == nil)
        #expect(second.identity.certificate.der == first.identity.certificate.der)
        #expect(folder.files == ["tls/authority-private.pem", "tls/hub-private.pem"])
        #expect(try ["tls", "tls/authority-private.pem", "tls/hub-private.pem"].map { try mode(of: folder.file($0)) } == [0o700, 0o600, 0o600])
    }

    @Test func `an old certificate, other names and another authority are renewed`() throws {
        let store = CertificateFolder(path: folder.file("tls"))
        let first = try store.contents(for: wanted, host: "hub", now: now)
        let aged = try store.contents(for: wanted, host: "hub", now: now + 380 * day)
        #expect(aged.renewal == .age && !aged.authorityIsNew)
        #expect(aged.identity.certificate.isSigned(by: first.authority.certificate))
        let moved = try store.contents(for: SubjectNames(["hub", "10.0.0.7"]), host: "hub", now: now + 380 * day)
        #expect(moved.renewal == .names && moved.identity.certificate.names.addresses == ["10.0.0.7"])
        let later = try store.contents(for: wanted, host: "hub", now: now + 3640 * day)
        #expect(later.authorityIsNew && later.renewal == .authority)
        #expect(later.identity.certificate.isSigned(by: later.authority.certificate))
    }

    @Test func `a machine that starts without knowing the time keeps what it has, and makes nothing from the past`() throws {
        let store = CertificateFolder(path: folder.file("tls"))
        let first = try store.contents(for: wanted, host: "hub", now: now)
        let started = try store.contents(for: wanted, host: "hub", now: 5)
        #expect(started.identity.certificate.der == first.identity.certificate.der && !started.authorityIsNew)
        let moved = try store.contents(for: SubjectNames(["hub"]), host: "hub", now: 5)
        #expect(moved.renewal == .names && moved.identity.certificate.notBefore == now - day)
    }

    @Test func `a damaged certificate is made again, a damaged authority is a clear error and left alone`() throws {
        let store = CertificateFolder(path: folder.file("tls"))
        _ = try store.contents(for: wanted, host: "hub", now: now)
        _ = try folder.write("nonsense".utf8, as: "tls/hub-private.pem")
        #expect(try store.contents(for: wanted, host: "hub", now: now).renewal == .missing)
        _ = try folder.write("nonsense".utf8, as: "tls/authority-private.pem")
        let error = #expect(throws: CertificateError.self) { try store.contents(for: wanted, host: "hub", now: now) }
        #expect(error?.file == store.authorityFile)
        #expect(try bytes(of: store.authorityFile) == Array("nonsense".utf8))
    }

    @Test func `files that are wrong are named with what is wrong`() throws {
        let store = CertificateFolder(path: folder.file("tls")), other = CertificateFolder(path: folder.file("other"))
        _ = try store.contents(for: wanted, host: "hub", now: now)
        _ = try other.contents(for: wanted, host: "hub", now: now)
        let good = store.identityFile
        _ = try ServerIdentity(certificateFile: good, keyFile: good)
        let text = String(decoding: try bytes(of: good), as: UTF8.self)
        let certificateOnly = try folder.write(text[text.range(of: "-----BEGIN CERT")!.lowerBound...].utf8, as: "certificate.pem")
        let cut = try folder.write(text.dropLast(60).utf8, as: "cut.pem")
        let locked = try folder.write(lockedKey.utf8, as: "locked.pem")
        let cases: [(String, String, String, String)] = [
            (folder.file("none.pem"), good, "none.pem", "cannot be read"), (good, folder.file("none.pem"), "none.pem", "cannot be read"),
            (folder.path, good, folder.path, "not a file"), (good, certificateOnly, "certificate.pem", "no private key"),
            (locked, good, "locked.pem", "no certificate"), (good, locked, "locked.pem", "passphrase"), (cut, good, "cut.pem", "damaged"),
            (good, other.identityFile, "other", "does not belong"),
        ]
        for (certificate, key, file, reason) in cases {
            let error = #expect(throws: CertificateError.self) { try ServerIdentity(certificateFile: certificate, keyFile: key) }
            #expect(error?.file.contains(file) == true && error?.reason.contains(reason) == true, "\(reason): \(String(describing: error))")
        }
    }

    @Test func `a chain is the certificates behind the first`() throws {
        let store = CertificateFolder(path: folder.file("tls"))
        let contents = try store.contents(for: wanted, host: "hub", now: now)
        let both = try folder.write(try bytes(of: store.identityFile) + bytes(of: store.authorityFile), as: "both.pem")
        let identity = try ServerIdentity(certificateFile: both, keyFile: both)
        #expect(identity.certificate.der == contents.identity.certificate.der)
        #expect(identity.chain.map(\.der) == [contents.authority.certificate.der])
    }

    @Test func `keys do not print themselves`() throws {
        let authority = try LocalAuthority(host: "hub", now: now)
        let identity = try authority.issue(for: wanted, host: "hub", now: now)
        var text = ""
        dump(identity, to: &text)
        dump(authority, to: &text)
        #expect(text.contains("<redacted>") && !text.contains("PRIVATE KEY"))
    }
}

/// Made for this test, with the passphrase "test".
private let lockedKey = """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgQa30CcFB8+AICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEF2zCaAxC4JzyokLdW3S1lgEgZCY
    EiJ8L/K8rdX6xQllq6bi9BvZhq5rr+49LKdtcLD0aR2CRArCa4D6xOs6QJqtG1xO
    NCHMd1qaYmJQp7C2K+zBtLIgvmCqeKMRvtUzfwiyLyfUQT9NHKOSqcYilQaLHrOM
    eYiniV0iqsar/RPQ4y0IE2By8IQnOjIJJRpPCqjGVjTxVBVUY24BS+zXr1sSg7w=
    -----END ENCRYPTED PRIVATE KEY-----

    """

private func mode(of path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? -1
}
