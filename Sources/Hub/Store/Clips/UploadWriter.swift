// A whole clip on its way to the disk.

internal import Runtime

#if canImport(Glibc)
internal import Glibc
#endif

/// Gathers a body in a file of its own, which takes its place when it is whole.
public actor UploadWriter {
    /// Where the bytes are after `finish`.
    public nonisolated let path: String
    private nonisolated let temporaryPath: String
    private nonisolated let executor: ThreadExecutor
    private nonisolated let reserve: DiskReserve
    private var file: File?
    private var hasher: SHA256Hasher? = SHA256Hasher()
    private var size: Int64 = 0
    private var isSealed = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(path: String, reserve: DiskReserve, executor: ThreadExecutor) throws(StoreError) {
        self.reserve = reserve
        self.path = path
        self.executor = executor
        temporaryPath = "\(path).\(Crypto.randomToken(bytes: 6)).part"
        file = try File(temporaryPath, flags: O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
    }

    public func append(_ bytes: [UInt8]) throws {
        guard let file else { throw StoreError.file(operation: "writing \(path)", errno: EBADF, reason: "the upload is over") }
        try reserve.check(bytes.count)
        try file.append(bytes)
        bytes.withUnsafeBytes { hasher?.update($0) }
        size += Int64(bytes.count)
    }

    /// All bytes are there, and on the disk; they take their place by `place`, or none by `discard`.
    ///
    /// - Returns: SHA-256 of the bytes in hexadecimal, and their number.
    public func seal() throws -> (etag: String, size: Int64) {
        guard let file, let digest = hasher.take()?.finalize() else {
            throw StoreError.file(operation: "writing \(path)", errno: EBADF, reason: "the upload is over")
        }
        try file.synchronize()
        isSealed = true
        return (Crypto.hex(digest), size)
    }

    /// What was sealed becomes the event's upload, in the place of one that was there before.
    public func place() throws {
        guard file != nil, isSealed else {
            throw StoreError.file(operation: "writing \(path)", errno: EBADF, reason: "the upload is over")
        }
        try Folder.move(temporaryPath, to: path)
        file = nil
    }

    /// Leaves no trace.
    public func discard() {
        guard file != nil else { return }
        file = nil
        try? Folder.remove(temporaryPath)
    }
}
