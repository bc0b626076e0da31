// Where the hub's certificate comes from, and how it gets another one.

import Certificates
import Runtime

#if canImport(Glibc)
import Glibc
#endif

/// The certificate of `serve`: two files that somebody else renews, or an authority of the hub's own.
actor Encryption {
    enum Source: Sendable {
        case files(certificate: String, key: String)
        case local(folder: CertificateFolder, extraNames: [String])
    }

    nonisolated let credentials: ServerCredentials
    /// Of the local authority.
    nonisolated let authority: LockedValue<Certificate>?
    private let source: Source
    private let clock: WallClock
    private let log = Log("tls")

    /// Reading files and making keys blocks, so it has a thread of its own.
    private nonisolated let thread = ThreadExecutor(name: "tls")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Returns: `nil` where the configuration wants none.
    /// - Throws: `Configuration.Mistakes`, since another start without another file would end the same.
    init?(_ configuration: Configuration, clock: WallClock) throws {
        self.clock = clock
        do {
            switch configuration.encryption {
            case .off: return nil
            case .files(let certificate, let key):
                source = .files(certificate: certificate, key: key)
                credentials = ServerCredentials(try ServerIdentity(certificateFile: certificate, keyFile: key))
                authority = nil
            case .local(let extraNames):
                let folder = CertificateFolder(path: configuration.dataFolder + "/tls")
                source = .local(folder: folder, extraNames: extraNames)
                let contents = try folder.contents(for: Machine.names(extra: extraNames), host: Machine.hostName, now: clock.milliseconds / 1000)
                credentials = ServerCredentials(contents.identity)
                authority = LockedValue(contents.authority.certificate)
            }
        } catch {
            let variable = if case .local = configuration.encryption { "TLS" } else { error.file == Self.keyFile(configuration) ? "TLS_KEY" : "TLS_CERT" }
            throw Configuration.Mistakes(lines: ["\(variable): \(error)"])
        }
        let left = credentials.current.certificate.notAfter - clock.milliseconds / 1000
        if left < 0 { log.warning("the certificate has expired") }
    }

    private static func keyFile(_ configuration: Configuration) -> String? {
        if case .files(_, let key) = configuration.encryption { key } else { nil }
    }

    /// Whether SIGHUP asks to look again. A hub without files of somebody else that runs in a terminal ends with it, as others do.
    nonisolated var wantsHangups: Bool {
        if case .files = source { true } else { isatty(STDIN_FILENO) == 0 }
    }

    /// Looks for another certificate: when told, and where it is the hub's own once a day. Until cancelled.
    func run(hangups: AsyncStream<Void>?) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                guard let hangups else { return }
                for await _ in hangups { await self.reload() }
            }
            guard case .local = source else { return }
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(86_400))
                if !Task.isCancelled { reload() }
            }
        }
    }

    private func reload() {
        do {
            switch source {
            case .files(let certificate, let key):
                let identity = try ServerIdentity(certificateFile: certificate, keyFile: key)
                credentials.replace(with: identity)
                log.info("new connections get the new certificate", ["sha256": identity.certificate.fingerprint])
            case .local(let folder, let extraNames):
                let contents = try folder.contents(for: Machine.names(extra: extraNames), host: Machine.hostName, now: clock.milliseconds / 1000)
                guard let reason = contents.renewal else { return log.info("the certificate is still good") }
                authority?.withLock { $0 = contents.authority.certificate }
                credentials.replace(with: contents.identity)
                log.info("new connections get a new certificate", ["reason": reason.rawValue])
                if contents.authorityIsNew { log.warning("the certificate authority is a new one, which phones have to install") }
            }
        } catch {
            log.error("the certificate stays the one of before", ["error": String(describing: error)])
        }
    }
}
