// The key of secrets that the hub has to read again: SECRETS_KEY, or a file beside the database.

import Runtime
import Store

#if canImport(Glibc)
import Glibc
#endif

enum SecretsKey {
    private static let wayOut = "put the right key back, or give the codes up, which turns them off for everybody: pingwatch user forget-codes"

    /// The key, shown to be the one of the database. Where there is none at all, one is made. Blocks.
    ///
    /// - Throws: `Configuration.Mistakes`, since another start without another key would end the same.
    static func open(_ configuration: Configuration, _ store: Store) async throws -> TOTPKey {
        let path = configuration.dataFolder + "/secrets.key"
        let box: SecretBox
        if let configured = configuration.secretsKey {
            box = configured
        } else {
            if access(path, F_OK) != 0 {
                guard try await !store.users.hasSealedSecrets() else {
                    throw Configuration.Mistakes(lines: [
                        "SECRETS_KEY: the database holds secrets of one-time codes that were encrypted, and there is neither this key nor \(path); "
                            + wayOut
                    ])
                }
                try make(path)
            }
            box = try read(path)
        }
        guard let key = try await store.users.adopt(box) else {
            let name = configuration.secretsKey == nil ? "DATA_DIR: \(path)" : "SECRETS_KEY: it"
            throw Configuration.Mistakes(lines: [
                "\(name) is not the key by which secrets of one-time codes in the database were encrypted; \(wayOut)"
            ])
        }
        return key
    }

    private static func read(_ path: String) throws -> SecretBox {
        let text: String
        do {
            text = try SecretFile.read(path)
        } catch {
            throw Configuration.Mistakes(lines: ["DATA_DIR: \(error)"])
        }
        guard let box = SecretBox(key: text) else { throw Configuration.Mistakes(lines: ["DATA_DIR: \(path) holds no key: 32 bytes in base64"]) }
        return box
    }

    /// All or nothing, also over a crash: another file, fsync(2), rename(2).
    private static func make(_ path: String) throws {
        let temporary = path + ".new", text = Array((SecretBox.makeKey().value + "\n").utf8)
        unlink(temporary)
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        let isWritten = write(descriptor, text, text.count) == text.count && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
        let folder = Glibc.open(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private static func failure(_ path: String) -> Configuration.Mistakes {
        Configuration.Mistakes(lines: ["DATA_DIR: \(path) cannot be written: \(String(cString: strerror(errno)))"])
    }
}
