// Clips in a folder: `<folder>/<account>/<event>/<object>`.

public import Domain
internal import Runtime
import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

public final class FolderClipStorage: ClipStorage {
    private let folder: String
    private let pool: ThreadPool
    /// Writers wait for the disk; each belongs to one of these threads.
    private let executors: [ThreadExecutor]
    private let nextExecutor = Atomic<Int>(0)

    public init(folder: String) throws {
        try Folder.make(folder)
        self.folder = folder
        pool = ThreadPool(name: "files", threads: 2)
        executors = (0..<2).map { ThreadExecutor(name: "clips-\($0)") }
    }

    private var executor: ThreadExecutor {
        executors[abs(nextExecutor.wrappingAdd(1, ordering: .relaxed).oldValue % executors.count)]
    }

    private func path(_ key: String) throws(StoreError) -> String {
        guard ClipObject.isValid(key) else {
            throw .file(operation: "finding an object", errno: EINVAL, reason: "the key is not <account>/<event>/<object>")
        }
        return "\(folder)/\(key)"
    }

    public func workFolder(in scope: AccountScope, event: EventID) async throws -> String {
        let path = "\(folder)/\(scope.account)/\(event)"
        try await pool.run { try Folder.make(path) }
        return path
    }

    public func clipLog(in scope: AccountScope, event: EventID) async throws -> ClipLogWriter {
        let path = try await workFolder(in: scope, event: event) + "/" + ClipObject.log
        let executor = executor
        return try await pool.run { try ClipLogWriter(path: path, executor: executor) }
    }

    public func upload(in scope: AccountScope, event: EventID) async throws -> UploadWriter {
        let path = try await workFolder(in: scope, event: event) + "/" + ClipObject.upload
        let executor = executor
        return try await pool.run { try UploadWriter(path: path, executor: executor) }
    }

    public func put(_ bytes: [UInt8], key: String) async throws {
        let path = try path(key)
        try await pool.run {
            try Folder.make(String(path[..<path.lastIndex(of: "/")!]))
            let temporary = "\(path).\(Crypto.randomToken(bytes: 6)).part"
            do {
                let file = try File(temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
                try file.append(bytes)
                try file.synchronize()
                try Folder.move(temporary, to: path)
            } catch {
                try? Folder.remove(temporary)
                throw error
            }
        }
    }

    public func adopt(file source: String, key: String) async throws {
        let path = try path(key)
        try await pool.run {
            try Folder.make(String(path[..<path.lastIndex(of: "/")!]))
            try File(source, flags: O_RDONLY).synchronize()
            try Folder.move(source, to: path)
        }
    }

    public func localFile(key: String) async throws -> String? {
        let path = try path(key)
        return try await pool.run { access(path, R_OK) == 0 ? path : nil }
    }

    public func open(key: String) async throws -> ObjectReader? {
        guard ClipObject.isValid(key) else { return nil }
        let path = try path(key), pool = pool
        return try await pool.run {
            guard let file = try File.existing(path, flags: O_RDONLY) else { return nil }
            return ObjectReader(size: try file.size, file: file, pool: pool)
        }
    }

    public func remove(key: String) async throws {
        let path = try path(key)
        try await pool.run { try Folder.remove(path) }
    }
}

/// One object, open for reading; it stays whole while it is being read, even when it is replaced.
public struct ObjectReader: Sendable {
    public let size: Int64
    let file: File
    let pool: ThreadPool

    /// Up to `count` bytes from `offset`; fewer at the end only.
    public func read(offset: Int64, count: Int) async throws -> [UInt8] {
        let file = file
        return try await pool.run { try file.read(offset: offset, count: count) }
    }
}
