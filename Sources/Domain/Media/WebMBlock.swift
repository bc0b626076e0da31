// One access unit of a WebM stream (RFC 9559, sections 10.1 and 10.2).

/// The content of a SimpleBlock or a BlockGroup, whose time can be told anew.
struct WebMBlock: Sendable {
    let track: UInt64
    let isKeyframe: Bool
    /// Ticks since the stream's zero.
    let time: Int64
    /// In ticks, where the block says so.
    let duration: UInt64?
    private let isGroup: Bool
    private var content: [UInt8]
    /// Where in the content the two bytes of the relative time are.
    private let timePosition: Int

    init(_ content: ArraySlice<UInt8>, isGroup: Bool, clusterTime: Int64?) throws(ContainerError) {
        let name = isGroup ? "BlockGroup" : "SimpleBlock"
        guard let clusterTime else { throw .missing("the Cluster's Timecode before its first block") }
        var block = content
        var duration: UInt64?
        var refersToAnother = false
        if isGroup {
            var found: ArraySlice<UInt8>?
            for child in try EBML.children(content, of: name) {
                switch child.id {
                case 0xa1: found = child.content
                case 0x9b: duration = try EBML.unsigned(child.content, of: "BlockDuration")
                case 0xfb: refersToAnother = true
                default: break
                }
            }
            guard let found else { throw .malformed(element: name, reason: "it has no Block") }
            block = found
        }
        guard let (track, length) = EBML.number(block), block.count >= length + 3 else {
            throw .malformed(element: name, reason: "it is too short for its head")
        }
        let position = block.startIndex + length
        let relative = Int16(bitPattern: UInt16(content[position]) << 8 | UInt16(content[position + 1]))
        self.track = track
        self.isGroup = isGroup
        self.duration = duration
        // Sound may begin a little before the stream's zero.
        time = max(0, clusterTime + Int64(relative))
        isKeyframe = isGroup ? !refersToAnother : content[position + 2] & 0x80 != 0
        timePosition = position - content.startIndex
        self.content = Array(content)
    }

    var byteCount: Int { content.count }

    /// As an element of a Cluster that begins at `clusterTime`, from which it is at most `Int16.max` ticks away.
    func element(clusterTime: Int64) -> [UInt8] {
        var content = content
        let relative = UInt16(bitPattern: Int16(time - clusterTime))
        content[timePosition] = UInt8(relative >> 8)
        content[timePosition + 1] = UInt8(relative & 0xff)
        return EBML.element([isGroup ? 0xa0 : 0xa3], content)
    }
}
