// What is too large for the memory, on its way to somebody.

internal import Runtime

/// A file without a name: it is gone with its owner, however that ends.
public struct ScratchFile: Sendable {
    let file: File
    let reserve: DiskReserve
    let pool: ThreadPool

    /// - Throws: `StoreError.storageFull` also while there is still room for clips that are being received.
    public func append(_ bytes: [UInt8]) async throws {
        let file = file, reserve = reserve
        try await pool.run {
            try reserve.check(bytes.count)
            try file.append(bytes)
        }
    }

    /// Of what was appended.
    public func reader() async throws -> ObjectReader {
        let file = file, pool = pool
        return try await pool.run { ObjectReader(size: try file.size, version: 0, file: file, pool: pool) }
    }
}
