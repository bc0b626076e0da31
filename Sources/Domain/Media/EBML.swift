// Variable-length numbers and elements of EBML (RFC 8794), as far as WebM needs them.

enum EBML {
    /// The head of an element.
    struct Head: Hashable {
        let id: UInt32
        /// Of the content in bytes; `nil`: unknown, it ends where something begins that cannot be in it.
        let size: UInt64?
        /// Bytes of the head itself.
        let length: Int
    }

    /// - Returns: `nil` while it is not whole.
    static func head(_ input: SplitterInput) throws(ContainerError) -> Head? {
        guard input.available > 0 else { return nil }
        let idLength = input.byte(at: 0).leadingZeroBitCount + 1
        guard idLength <= 4 else { throw .malformed(element: "WebM", reason: "an element's id at byte \(input.offset) is longer than 4 bytes") }
        guard input.available > idLength else { return nil }
        let sizeLength = input.byte(at: idLength).leadingZeroBitCount + 1
        guard sizeLength <= 8 else { throw .malformed(element: "WebM", reason: "an element's size at byte \(input.offset) is longer than 8 bytes") }
        guard input.available >= idLength + sizeLength else { return nil }
        let id = input.bytes(at: 0, count: idLength).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Head(id: id, size: size(input.bytes(at: idLength, count: sizeLength)), length: idLength + sizeLength)
    }

    /// The value of a number whose first byte says how long it is; `nil`: all ones.
    private static func size(_ bytes: ArraySlice<UInt8>) -> UInt64? {
        let mask = UInt64(1) << (7 * UInt64(bytes.count)) - 1
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } & mask
        return value == mask ? nil : value
    }

    /// The number at the front of a block, and its length.
    static func number(_ bytes: ArraySlice<UInt8>) -> (value: UInt64, length: Int)? {
        guard let first = bytes.first else { return nil }
        let length = first.leadingZeroBitCount + 1
        guard length <= 8, bytes.count >= length, let value = size(bytes.prefix(length)) else { return nil }
        return (value, length)
    }

    /// The elements inside a content that is whole.
    static func children(
        _ content: ArraySlice<UInt8>, of parent: String
    ) throws(ContainerError) -> [(id: UInt32, content: ArraySlice<UInt8>)] {
        var found: [(id: UInt32, content: ArraySlice<UInt8>)] = []
        var rest = content
        while let first = rest.first {
            let idLength = first.leadingZeroBitCount + 1
            guard idLength <= 4, rest.count > idLength else { throw .malformed(element: parent, reason: "an element in it has no id") }
            let id = rest.prefix(idLength).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            rest = rest.dropFirst(idLength)
            guard let (size, length) = number(rest), size <= UInt64(rest.count - length) else {
                throw .malformed(element: parent, reason: "an element in it is longer than itself")
            }
            guard found.count < 1024 else { throw .malformed(element: parent, reason: "it has more elements than any recorder writes") }
            found.append((id, rest.dropFirst(length).prefix(Int(size))))
            rest = rest.dropFirst(length + Int(size))
        }
        return found
    }

    static func unsigned(_ content: ArraySlice<UInt8>, of element: String) throws(ContainerError) -> UInt64 {
        guard content.count <= 8 else { throw .malformed(element: element, reason: "a number has at most 8 bytes, this one \(content.count)") }
        return content.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    /// An element of known size.
    static func element(_ id: [UInt8], _ content: some Collection<UInt8>) -> [UInt8] {
        var bytes = id
        let size = UInt32(content.count)
        bytes.append(0x08)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
        bytes += content
        return bytes
    }
}
