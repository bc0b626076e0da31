// Publications that wait for the end of a turn, to go out together.

/// What was published on each channel and not sent yet, as the lines of one text message.
///
/// A subscriber costs as much for a message of one line as for one of many: what is published in quick succession shares one. Channels
/// come out in the order in which something was first published on them, the lines of a channel in theirs.
public struct UnsentPublications<Channel: Hashable & Sendable>: Sendable {
    private var lines: [Channel: [UInt8]] = [:]
    private var order: [Channel] = []
    private let maximumBytes: Int

    /// - Parameter maximumBytes: from which on a message is not made longer.
    public init(maximumBytes: Int = 32 * 1024) {
        self.maximumBytes = maximumBytes
    }

    /// Adds a line, which has no end of line in it.
    ///
    /// - Returns: the message that it completes, which is to be sent now.
    public mutating func add(_ line: String, to channel: Channel) -> [UInt8]? {
        guard lines[channel] != nil else {
            let first = Array(line.utf8)
            if first.count >= maximumBytes { return first }
            lines[channel] = first
            order.append(channel)
            return nil
        }
        lines[channel]?.append(UInt8(ascii: "\n"))
        lines[channel]?.append(contentsOf: line.utf8)
        return lines[channel, default: []].count >= maximumBytes ? take(channel) : nil
    }

    /// What waits for a channel, which waits no more then.
    public mutating func take(_ channel: Channel) -> [UInt8]? {
        guard let message = lines.removeValue(forKey: channel) else { return nil }
        order.removeAll { $0 == channel }
        return message
    }

    /// All that waits, the oldest first.
    public mutating func takeAll() -> [(channel: Channel, message: [UInt8])] {
        guard !order.isEmpty else { return [] }
        defer {
            order.removeAll(keepingCapacity: true)
            lines.removeAll(keepingCapacity: true)
        }
        return order.compactMap { channel in lines[channel].map { (channel, $0) } }
    }
}
