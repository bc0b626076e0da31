// The bytes that a splitter has not used yet.

/// A queue of bytes, some of which may be passed over before they have come.
struct SplitterInput: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0
    private var toSkip: UInt64 = 0
    /// How many bytes of the stream are behind the first that is available. Cannot overflow: so many bytes never come, and a skip is at most 2^63.
    private(set) var offset: UInt64 = 0

    var available: Int { buffer.count - start }
    /// Whether bytes that are to be passed over have not come yet.
    var isSkipping: Bool { toSkip > 0 }

    mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0, start >= buffer.count / 2 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer += bytes
        passOver()
    }

    func starts(with bytes: [UInt8]) -> Bool { buffer[start...].starts(with: bytes) }

    func byte(at index: Int) -> UInt8 { buffer[start + index] }

    func bytes(at index: Int, count: Int) -> ArraySlice<UInt8> { buffer[start + index..<start + index + count] }

    /// How often something was taken.
    private var taken: UInt64 = 0

    /// - Throws: when a stream consists of crumbs, each of which costs as much as a picture. Silence and a still scene come to some
    ///   forty bytes an element.
    func checkDensity() throws(ContainerError) {
        guard taken > 8192 + offset / 8 else { return }
        throw .malformed(element: "the stream", reason: "its elements are too small for those of a recording")
    }

    mutating func drop(_ count: Int) {
        taken += 1
        start += count
        offset += UInt64(count)
    }

    mutating func take(_ count: Int) -> [UInt8] {
        let bytes = Array(buffer[start..<start + count])
        drop(count)
        return bytes
    }

    /// Passes over bytes, of which some may still be to come.
    mutating func skip(_ count: UInt64) {
        taken += 1
        toSkip += count
        passOver()
    }

    private mutating func passOver() {
        let now = Int(min(toSkip, UInt64(available)))
        toSkip -= UInt64(now)
        start += now
        offset += UInt64(now)
    }
}
