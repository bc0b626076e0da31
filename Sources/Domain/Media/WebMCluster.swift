// A Cluster that is being put together.

struct WebMCluster: Sendable {
    private var blocks: [WebMBlock] = []
    private var bytes = 0

    var count: Int { blocks.count }

    /// Whether a block is near enough in time, and there is room for it.
    func canTake(_ block: WebMBlock, limit: Int) -> Bool {
        guard let first = blocks.first else { return true }
        return abs(block.time - first.time) <= Int64(Int16.max) && bytes + block.byteCount <= limit
    }

    mutating func append(_ block: WebMBlock) {
        blocks.append(block)
        bytes += block.byteCount
    }

    /// The time of its first block in ticks and the element; `nil` when it is empty.
    mutating func take() -> (time: Int64, bytes: [UInt8])? {
        guard let time = blocks.first?.time else { return nil }
        let timecode = (0..<8).reversed().map { UInt8(truncatingIfNeeded: time >> (8 * Int64($0))) }
        var content = EBML.element([0xe7], timecode)
        content.reserveCapacity(bytes + 16 * blocks.count)
        for block in blocks { content += block.element(clusterTime: time) }
        blocks = []
        bytes = 0
        return (time, EBML.element([0x1f, 0x43, 0xb6, 0x75], content))
    }
}
