// A file that is made beside its place.

#if canImport(Glibc)
internal import Glibc
#endif

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
