// Reads a clip log from the disk, a record at a time.

internal import Domain

#if canImport(Glibc)
internal import Glibc
#endif

/// A record that is cut off at the end is passed over: it was never acknowledged.
final class ClipLogReader {
    private let file: UnsafeMutablePointer<FILE>
    private var expected: UInt32 = 0

    init(_ path: String) throws(MediaError) {
        guard let file = fopen(path, "rbe") else { throw MediaError("no frame of the clip has arrived") }
        self.file = file
    }

    deinit { fclose(file) }

    func rewind() {
        Glibc.rewind(file)
        expected = 0
    }

    /// `nil` at the end.
    func next() throws(MediaError) -> (header: FrameHeader, payload: [UInt8])? {
        guard let prefix = read(ClipLog.prefixSize) else { return nil }
        let header: FrameHeader, size: Int
        do {
            (header, size) = try ClipLog.parsePrefix(prefix)
        } catch {
            throw MediaError("the received frames are damaged on the disk")
        }
        guard let payload = read(size) else { return nil }
        guard header.sequence == expected else {
            throw MediaError("frame \(expected) of the clip is missing, \(header.sequence) follows")
        }
        expected += 1
        return (header, payload)
    }

    private func read(_ count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = fread(buffer.baseAddress, 1, count, file)
        }
        return bytes.count == count ? bytes : nil
    }
}
