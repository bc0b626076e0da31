// The log of a clip that is being received.

internal import Domain
internal import Runtime

#if canImport(Glibc)
internal import Glibc
#endif

/// Appends records `[u32 big-endian length of the payload][24-byte header][payload]`; what it acknowledges is on the disk.
public actor ClipLogWriter {
    public nonisolated let path: String
    /// The sequence after the last whole record that was there when the log was opened.
    public nonisolated let initialNext: UInt32
    private nonisolated let executor: ThreadExecutor
    private nonisolated let reserve: DiskReserve
    private var file: File?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A record that was torn by a crash is cut off.
    ///
    /// - Throws: `StoreError.inUse` while another writer has it.
    init(path: String, reserve: DiskReserve, executor: ThreadExecutor) throws(StoreError) {
        self.reserve = reserve
        let file = try File(path, flags: O_RDWR | O_CREAT | O_APPEND)
        // Two writers would cut off each other's frames.
        try file.lock()
        let found = try Self.scan(file)
        if found.end < (try file.size) {
            try file.truncate(to: found.end)
            try file.synchronize()
        }
        try Folder.synchronizeParent(of: path)
        self.path = path
        self.executor = executor
        self.file = file
        initialNext = found.next
    }

    /// Writes records and waits for the disk, once for all of them.
    ///
    /// - Returns: `nextSequence`, which may be acknowledged now.
    public func append(_ records: [[UInt8]], nextSequence: UInt32) throws -> UInt32 {
        guard let file else { throw StoreError.file(operation: "writing \(path)", errno: EBADF, reason: "the log is closed") }
        try reserve.check(records.reduce(0) { $0 + $1.count })
        let start = try file.size
        do {
            try file.append(records.count == 1 ? records[0] : Array(records.joined()))
            try file.synchronize()
        } catch {
            // What is half written must not look like a record later.
            try? file.truncate(to: start)
            throw error
        }
        return nextSequence
    }

    public func close() { file = nil }

    /// How many whole frames a log has, whoever may be writing it.
    static func frames(at path: String) throws(StoreError) -> UInt32 {
        guard let file = try File.existing(path, flags: O_RDONLY) else { return 0 }
        return try scan(file).next
    }

    /// Reads the headers only.
    private static func scan(_ file: File) throws(StoreError) -> (end: Int64, next: UInt32) {
        let size = try file.size
        var position: Int64 = 0
        var next: UInt32 = 0
        while position + Int64(ClipLog.prefixSize) <= size {
            let prefix = try file.read(offset: position, count: ClipLog.prefixSize)
            guard let (header, payload) = try? ClipLog.parsePrefix(prefix), header.sequence == next else { break }
            let end = position + Int64(ClipLog.prefixSize + payload)
            guard end <= size else { break }
            position = end
            next = header.sequence + 1
        }
        return (position, next)
    }
}
