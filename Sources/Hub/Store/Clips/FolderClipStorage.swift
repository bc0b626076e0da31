// Clips in a folder: `<folder>/<account>/<event>/<object>`.

public import Domain
internal import Runtime
import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

public final class FolderClipStorage: ClipStorage {
    let folder: String
    let pool: ThreadPool
    /// Those who look at clips wait for each other, not those who record them for those who look.
    let readers: ThreadPool
    /// Writers wait for the disk; each belongs to one of these threads.
    private let executors: [ThreadExecutor]
    private let nextExecutor = Atomic<Int>(0)
    let reserveBytes: Int64

    static let asideFolder = "lost+found"

    /// - Parameter reserveBytes: of the disk that clips leave free, for the database and for processing what is there.
    public init(folder: String, reserveBytes: Int64 = 0) throws {
        try Folder.make(folder)
        self.folder = folder
        self.reserveBytes = reserveBytes
        pool = ThreadPool(name: "files", threads: 2)
        readers = ThreadPool(name: "readers", threads: 2)
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
        let reserve = DiskReserve(folder: folder, bytes: reserveBytes)
        return try await pool.run { try ClipLogWriter(path: path, reserve: reserve, executor: executor) }
    }

    public func clipFrames(in scope: AccountScope, event: EventID) async throws -> UInt32 {
        let path = try path(ClipObject.key(scope, event, ClipObject.log))
        return try await pool.run { try ClipLogWriter.frames(at: path) }
    }

    public func upload(in scope: AccountScope, event: EventID) async throws -> UploadWriter {
        let path = try await workFolder(in: scope, event: event) + "/" + ClipObject.upload
        let executor = executor
        let reserve = DiskReserve(folder: folder, bytes: reserveBytes)
        return try await pool.run { try UploadWriter(path: path, reserve: reserve, executor: executor) }
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
        return try await pool.run { try Folder.exists(path) ? path : nil }
    }

    public func open(key: String) async throws -> ObjectReader? {
        guard ClipObject.isValid(key) else { return nil }
        let path = try path(key), pool = readers
        return try await pool.run {
            guard let file = try File.existing(path, flags: O_RDONLY) else { return nil }
            return ObjectReader(size: try file.size, version: try file.modified, file: file, pool: pool)
        }
    }

    public func remove(key: String) async throws {
        let path = try path(key)
        try await pool.run { try Folder.remove(path) }
    }

    public func room() async throws -> Int64 {
        let reserve = DiskReserve(folder: folder, bytes: reserveBytes)
        return try await pool.run { try reserve.room() }
    }

    public func folders() async throws -> [(scope: AccountScope, event: EventID)] {
        let folder = folder
        return try await pool.run {
            try Folder.entries(folder).flatMap { account -> [(scope: AccountScope, event: EventID)] in
                guard account != Self.asideFolder, let id = AccountID(account) else { return [] }
                return try Folder.entries("\(folder)/\(account)").compactMap { event in EventID(event).map { (AccountScope(id), $0) } }
            }
        }
    }

    public func setAside(_ event: EventID, in scope: AccountScope) async throws {
        let source = "\(folder)/\(scope.account)/\(event)", destination = "\(folder)/\(Self.asideFolder)/\(scope.account)"
        try await pool.run {
            // An empty folder is nothing to keep.
            if try Folder.entries(source).isEmpty { return try Folder.removeEmpty(source) }
            try Folder.make(destination)
            try Folder.move(source, to: "\(destination)/\(event)-\(Crypto.randomToken(bytes: 6))")
        }
    }

    public func removeLeftovers(of event: EventID, in scope: AccountScope, olderThanSeconds seconds: Double) async throws {
        let path = "\(folder)/\(scope.account)/\(event)"
        try await pool.run {
            for name in try Folder.entries(path) where ClipObject.isTemporary(name) && Folder.ageSeconds("\(path)/\(name)") > seconds {
                try Folder.remove("\(path)/\(name)")
            }
        }
    }
}

extension FolderClipStorage {
    public func removeAll(of event: EventID, in scope: AccountScope) async throws {
        let path = "\(folder)/\(scope.account)/\(event)"
        try await pool.run { try Folder.removeTree(path) }
    }

    public func removeAll(in scope: AccountScope) async throws {
        let paths = ["\(folder)/\(scope.account)", "\(folder)/\(Self.asideFolder)/\(scope.account)"]
        try await pool.run { for path in paths { try Folder.removeTree(path) } }
    }

    public func scratch() async throws -> ScratchFile {
        let folder = folder, pool = readers, reserve = DiskReserve(folder: folder, bytes: reserveBytes)
        return try await pool.run {
            let path = "\(folder)/\(ClipObject.temporaryName("scratch"))"
            let file = try File(path, flags: O_RDWR | O_CREAT | O_EXCL | O_APPEND)
            try Folder.remove(path)
            return ScratchFile(file: file, reserve: reserve, pool: pool)
        }
    }
}

/// How much of a disk is left for clips.
struct DiskReserve: Sendable {
    let folder: String
    let bytes: Int64

    /// statvfs(3), less the reserve.
    func room() throws(StoreError) -> Int64 { try Folder.freeBytes(folder) - bytes }

    /// - Throws: `StoreError.storageFull` when `count` bytes more would leave too little.
    func check(_ count: Int) throws(StoreError) {
        guard bytes > 0 else { return }
        guard try room() >= Int64(count) else { throw .storageFull }
    }
}

/// One object, open for reading; it stays whole while it is being read, even when it is replaced.
public struct ObjectReader: Sendable {
    public let size: Int64
    /// Another one for other content under the same key.
    public let version: Int64
    let file: File
    let pool: ThreadPool

    /// Up to `count` bytes from `offset`; fewer at the end only.
    public func read(offset: Int64, count: Int) async throws -> [UInt8] {
        let file = file
        return try await pool.run { try file.read(offset: offset, count: count) }
    }
}
