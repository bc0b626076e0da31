// Why the bytes of a recorder cannot be cut up.

/// What was wrong with a stream of WebM or fragmented MP4. `element` is an element of Matroska (RFC 9559) or a box of ISO/IEC 14496-12.
public enum ContainerError: Error, Hashable, Sendable {
    /// The first bytes are those of neither WebM nor MP4.
    case unknownContainer
    case malformed(element: String, reason: String)
    /// Something that must come before came not at all.
    case missing(String)
    /// Right by its specification, but nothing that can be shown live.
    case unsupported(String)
    case tooLarge(element: String, bytes: UInt64, limit: Int)
}

extension ContainerError: CustomStringConvertible {
    /// For the sensor's developer; holds nothing but names and numbers.
    public var description: String {
        switch self {
        case .unknownContainer: "the stream begins neither as WebM nor as MP4"
        case .malformed(let element, let reason): "\(element): \(reason)"
        case .missing(let what): "\(what) is missing"
        case .unsupported(let what): "\(what) cannot be shown live"
        case .tooLarge(let element, let bytes, let limit): "\(element): \(bytes) bytes are more than the \(limit) that are allowed"
        }
    }
}
