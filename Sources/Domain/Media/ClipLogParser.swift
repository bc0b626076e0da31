// Reads a clip log piece by piece.

/// Takes bytes as they come and gives records. Holds at most one record and what was appended last.
public struct ClipLogParser: Sendable {
    public enum Step: Hashable, Sendable {
        case record(ClipLogRecord)
        /// The record is not whole yet: what is left at the end of a log is a torn tail.
        case needsMore
    }

    private var buffer: [UInt8] = []
    private var position = 0

    public init() {}

    public mutating func append(_ bytes: some Collection<UInt8>) {
        // Moved to the front now and then, so that the buffer does not grow with the log.
        if position > 0, position >= buffer.count / 2 {
            buffer.removeFirst(position)
            position = 0
        }
        buffer += bytes
    }

    /// The next record.
    ///
    /// - Throws: `ClipLog.Malformed` for a header that cannot be; the parser stays where it is.
    public mutating func next() throws(ClipLog.Malformed) -> Step {
        guard buffer.count - position >= ClipLog.prefixSize else { return .needsMore }
        let (header, size) = try ClipLog.parsePrefix(buffer[position..<position + ClipLog.prefixSize])
        let start = position + ClipLog.prefixSize
        guard buffer.count - start >= size else { return .needsMore }
        position = start + size
        return .record(ClipLogRecord(header: header, payload: Array(buffer[start..<start + size])))
    }
}
