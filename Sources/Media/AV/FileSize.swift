// Sizes and moves of files.

#if canImport(Glibc)
internal import Glibc
#endif

enum FileSize {
    /// Bytes; 0 when there is no such file.
    static func of(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}

/// A file that is removed unless it was kept.
final class TemporaryFile {
    let path: String
    private var isKept = false
    init(_ path: String) { self.path = path }
    deinit { if !isKept { unlink(path) } }

    /// rename(2).
    func keep(as destination: String) throws(MediaError) {
        guard rename(path, destination) == 0 else { throw MediaError("the clip cannot be written: \(String(cString: strerror(errno)))") }
        isKept = true
    }
}
