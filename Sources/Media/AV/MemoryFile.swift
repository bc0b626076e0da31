// A file that is in memory only.

internal import CLibAV

#if canImport(Glibc)
internal import Glibc
#endif

/// memfd_create(2), for what libav can open by a path alone. It is gone with its owner.
final class MemoryFile {
    private let descriptor: Int32

    var path: String { "/proc/self/fd/\(descriptor)" }

    init(_ parts: [[UInt8]]) throws(MediaError) {
        descriptor = PW_memory_file()
        guard descriptor >= 0 else { throw MediaError("a stream cannot be read: \(String(cString: strerror(errno)))") }
        for part in parts {
            var rest = part[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard written > 0 else { throw MediaError("a stream cannot be read: \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(written)
            }
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
