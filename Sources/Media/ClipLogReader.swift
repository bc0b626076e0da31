// Reads a clip log from the disk, a record at a time.

internal import Domain

#if canImport(Glibc)
internal import Glibc
#endif

/// A record that is cut off at the end is passed over: it was never acknowledged.
final class ClipLogReader {
    private static let chunk = 256 << 10
    private let file: UnsafeMutablePointer<FILE>
    private var parser = ClipLogParser()
    private var expected: UInt32 = 0

    init(_ path: String) throws(MediaError) {
        guard let file = fopen(path, "rbe") else { throw MediaError("no frame of the clip has arrived") }
        self.file = file
    }

    deinit { fclose(file) }

    func rewind() {
        Glibc.rewind(file)
        parser = ClipLogParser()
        expected = 0
    }

    /// `nil` at the end.
    ///
    /// - Throws: when a header cannot be, or a sequence number is missing.
    func next() throws(MediaError) -> ClipLogRecord? {
        while true {
            let step: ClipLogParser.Step
            do {
                step = try parser.next()
            } catch {
                throw MediaError("the received frames are damaged on the disk")
            }
            switch step {
            case .record(let record):
                guard record.header.sequence == expected else {
                    throw MediaError("frame \(expected) of the clip is missing, \(record.header.sequence) follows")
                }
                expected &+= 1
                return record
            case .needsMore:
                let bytes = read()
                if bytes.isEmpty { return nil }
                parser.append(bytes)
            }
        }
    }

    private func read() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, initialized in
            initialized = fread(buffer.baseAddress, 1, Self.chunk, file)
        }
    }
}
