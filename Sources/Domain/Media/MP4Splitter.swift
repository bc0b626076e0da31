// Fragmented MP4 as MediaRecorder writes it.

/// Every `moof` with its `mdat` is a segment; what lies beside them is left out.
struct MP4Splitter: Sendable {
    private let limits: ContainerSplitter.Limits
    private var initialization: [UInt8] = []
    private var tracks: MP4Tracks?
    /// A `moof` whose `mdat` has not come yet, with what lies between them.
    private var fragment: (bytes: [UInt8], about: MP4Fragment)?

    init(limits: ContainerSplitter.Limits) { self.limits = limits }

    mutating func next(_ input: inout SplitterInput) throws(ContainerError) -> ContainerSplitter.Step {
        while true {
            try input.checkDensity()
            guard !input.isSkipping, let head = try MP4Box.head(input) else { return .needsMore }
            switch head.type {
            case "ftyp":
                guard initialization.isEmpty else { throw .malformed(element: "ftyp", reason: "another file begins behind the first") }
                guard let box = try whole(head, limit: limits.maximumHeaderBytes, &input) else { return .needsMore }
                initialization = box
            case "moov":
                guard tracks == nil else { throw .malformed(element: "moov", reason: "it comes again") }
                guard let box = try whole(head, limit: limits.maximumHeaderBytes - initialization.count, &input) else { return .needsMore }
                let found = try MP4Tracks(box, content: head.length..<box.count)
                tracks = found
                initialization += box
                return .initialization(
                    ContainerInitialization(
                        format: .mp4, codecs: found.tracks.map(\.codec), width: found.video.width, height: found.video.height,
                        bytes: initialization))
            case "moof":
                guard let tracks else { throw .missing("moov before the first moof") }
                guard fragment == nil else { throw .missing("mdat behind a moof") }
                guard var box = try whole(head, limit: limits.maximumHeaderBytes, &input) else { return .needsMore }
                let about = try MP4Fragment(&box, content: head.length..<box.count, tracks: tracks)
                fragment = (box, about)
            case "mdat":
                guard let (bytes, about) = fragment else {
                    guard tracks != nil else { throw .unsupported("an MP4 that is not fragmented") }
                    throw .missing("moof before mdat")
                }
                guard let box = try whole(head, limit: limits.maximumSegmentBytes - bytes.count, &input) else { return .needsMore }
                fragment = nil
                return .segment(
                    ContainerSegment(
                        bytes: bytes + box, isKeyframe: about.isKeyframe, timestamp: about.timestamp, duration: about.duration))
            default:
                if let size = fragment?.bytes.count {
                    // The offsets in the moof count over it.
                    guard let box = try whole(head, limit: limits.maximumSegmentBytes - size, &input) else { return .needsMore }
                    fragment?.bytes += box
                } else {
                    input.skip(head.size)
                }
            }
        }
    }

    /// A box with its head; `nil` until it has come.
    private func whole(
        _ head: (type: String, size: UInt64, length: Int), limit: Int, _ input: inout SplitterInput
    ) throws(ContainerError) -> [UInt8]? {
        guard head.size <= UInt64(max(0, limit)) else { throw .tooLarge(element: head.type, bytes: head.size, limit: max(0, limit)) }
        guard input.available >= Int(head.size) else { return nil }
        return input.take(Int(head.size))
    }
}
