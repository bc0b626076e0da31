// Boxes of ISO/IEC 14496-12, as far as fragmented MP4 needs them.

struct MP4Box {
    let type: String
    /// Where in the array that was read it begins.
    let start: Int
    let content: Range<Int>

    /// The head of a box at the front of `input`; `nil` while it is not whole.
    static func head(_ input: SplitterInput) throws(ContainerError) -> (type: String, size: UInt64, length: Int)? {
        guard input.available >= 8 else { return nil }
        var size = number(input.bytes(at: 0, count: 4)), length = 8
        let type = name(input.bytes(at: 4, count: 4))
        if size == 1 {
            guard input.available >= 16 else { return nil }
            size = number(input.bytes(at: 8, count: 8))
            length = 16
        }
        guard size != 0 else { throw .malformed(element: type, reason: "it has no size") }
        guard size >= UInt64(length) else { throw .malformed(element: type, reason: "it is shorter than its head") }
        return (type, size, length)
    }

    /// The boxes in a part of `bytes`.
    static func children(_ bytes: [UInt8], _ range: Range<Int>, of parent: String) throws(ContainerError) -> [MP4Box] {
        var boxes: [MP4Box] = []
        var position = range.lowerBound
        // What is too short for a box is filled up with zeros by some.
        while range.upperBound - position >= 8 {
            var size = number(bytes[position..<position + 4]), length = 8
            let type = name(bytes[position + 4..<position + 8])
            if size == 1, range.upperBound - position >= 16 {
                size = number(bytes[position + 8..<position + 16])
                length = 16
            }
            guard size >= UInt64(length), size <= UInt64(range.upperBound - position) else {
                throw .malformed(element: parent, reason: "the box \(type) in it is longer than itself")
            }
            guard boxes.count < 1024 else { throw .malformed(element: parent, reason: "it has more boxes than any recorder writes") }
            boxes.append(MP4Box(type: type, start: position, content: position + length..<position + Int(size)))
            position += Int(size)
        }
        return boxes
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }

    private static func name(_ bytes: ArraySlice<UInt8>) -> String { CodecName.printable(String(decoding: bytes, as: UTF8.self)) }
}

/// Reads numbers of a box one after another.
struct MP4Reader {
    private let bytes: [UInt8]
    private let element: String
    private(set) var position: Int
    private let end: Int

    init(_ bytes: [UInt8], _ box: MP4Box) {
        self.bytes = bytes
        element = box.type
        position = box.content.lowerBound
        end = box.content.upperBound
    }

    var remaining: Int { end - position }

    mutating func skip(_ count: Int) throws(ContainerError) {
        guard remaining >= count else { throw .malformed(element: element, reason: "it is too short") }
        position += count
    }

    mutating func number(_ count: Int) throws(ContainerError) -> UInt64 {
        let start = position
        try skip(count)
        return MP4Box.number(bytes[start..<position])
    }

    mutating func number32() throws(ContainerError) -> UInt32 { UInt32(truncatingIfNeeded: try number(4)) }
}
