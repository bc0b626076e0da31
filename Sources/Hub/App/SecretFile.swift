// Secrets that are kept in files, as containers and systemd hand them over.

#if canImport(Glibc)
import Glibc
#endif

enum SecretFile {
    /// In words that hold nothing of the file.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    private static let maximumBytes = 65_536

    /// The text of a file without the end of its last line. Blocks.
    static func read(_ path: String) throws(Unusable) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unusable(description: "\(path) cannot be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw Unusable(description: "\(path) cannot be read: \(String(cString: strerror(errno)))") }
            guard count > 0 else { break }
            bytes += piece.prefix(count)
            guard bytes.count <= maximumBytes else { throw Unusable(description: "\(path) has more than \(maximumBytes) bytes, which no secret has") }
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw Unusable(description: "\(path) is empty") }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else { throw Unusable(description: "\(path) is no text") }
        return text
    }
}
