// WebM as MediaRecorder writes it: Segment and Clusters of unknown size, cut anywhere.

/// Cuts a new Cluster for every picture, with the sound that came before it: nobody waits for the end of a Cluster of the recorder, which
/// is known only when the next begins. Sound before a keyframe becomes a Cluster of its own, so that the keyframe is the first in its.
struct WebMSplitter: Sendable {
    private enum Place: Sendable {
        case header
        case segmentHead
        /// Between the elements of the Segment.
        case segment
        /// In a Cluster that ends at the offset; `nil`: where something else begins.
        case cluster(end: UInt64?)
    }

    private enum ID {
        static let ebml: UInt32 = 0x1a45_dfa3, segment: UInt32 = 0x1853_8067, cluster: UInt32 = 0x1f43_b675
        static let info: UInt32 = 0x1549_a966, tracks: UInt32 = 0x1654_ae6b
        static let seekHead: UInt32 = 0x114d_9b74, cues: UInt32 = 0x1c53_bb6b, chapters: UInt32 = 0x1043_a770
        static let tags: UInt32 = 0x1254_c367, attachments: UInt32 = 0x1941_a469
        static let timecode: UInt32 = 0xe7, simpleBlock: UInt32 = 0xa3, blockGroup: UInt32 = 0xa0
        static let timecodeScale: UInt32 = 0x2a_d7b1
        /// What ends a Cluster of unknown size.
        static let afterCluster: Set<UInt32> = [ebml, segment, cluster, info, tracks, seekHead, cues, chapters, tags, attachments]
    }

    private let limits: ContainerSplitter.Limits
    private var place = Place.header
    private var segmentEnd: UInt64?
    private var initialization: [UInt8] = []
    private var hasInfo = false
    private var tracks: WebMTracks?
    private var hasInitialized = false
    /// Nanoseconds a tick.
    private var scale: UInt64 = 1_000_000
    /// Of the Cluster, in ticks.
    private var timecode: Int64?
    private var pending = WebMCluster()
    private var ready: [ContainerSegment] = []

    init(limits: ContainerSplitter.Limits) { self.limits = limits }

    mutating func next(_ input: inout SplitterInput) throws(ContainerError) -> ContainerSplitter.Step {
        while true {
            if !ready.isEmpty { return .segment(ready.removeFirst()) }
            guard !input.isSkipping else { return .needsMore }
            try input.checkDensity()
            switch place {
            case .header:
                guard let header = try whole("EBML", limit: limits.maximumHeaderBytes, &input) else { return .needsMore }
                initialization = header.bytes
                place = .segmentHead
            case .segmentHead:
                guard let head = try EBML.head(input) else { return .needsMore }
                guard head.id == ID.segment else { throw .missing("the Segment behind the EBML header") }
                input.drop(head.length)
                segmentEnd = head.size.map { input.offset + $0 }
                initialization += [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
                place = .segment
            case .segment:
                if let found = try readSegment(&input) { return found }
            case .cluster(let end):
                guard try readCluster(end, &input) else { return .needsMore }
            }
        }
    }

    // MARK: Segment

    /// - Returns: `nil` when it went on.
    private mutating func readSegment(_ input: inout SplitterInput) throws(ContainerError) -> ContainerSplitter.Step? {
        guard let head = try EBML.head(input) else { return .needsMore }
        if let segmentEnd, input.offset >= segmentEnd { throw .malformed(element: "Segment", reason: "something follows its end") }
        switch head.id {
        case ID.cluster:
            guard let tracks else { throw .missing("Tracks before the first Cluster") }
            guard hasInitialized else {
                hasInitialized = true
                return .initialization(
                    ContainerInitialization(
                        format: .webm, codecs: tracks.codecs, width: tracks.width, height: tracks.height, bytes: initialization))
            }
            input.drop(head.length)
            timecode = nil
            place = .cluster(end: head.size.map { input.offset + $0 })
        case ID.info, ID.tracks:
            let name = head.id == ID.info ? "Info" : "Tracks"
            guard !hasInitialized, head.id == ID.info ? !hasInfo : tracks == nil else { throw .malformed(element: name, reason: "it comes again") }
            let room = limits.maximumHeaderBytes - initialization.count
            guard let (bytes, content) = try whole(name, limit: max(0, room), &input) else { return .needsMore }
            initialization += bytes
            if head.id == ID.info { try readInfo(content) } else { tracks = try WebMTracks(content) }
        case ID.ebml, ID.segment: throw .malformed(element: "Segment", reason: "another file begins inside it")
        default:
            guard let size = head.size else { throw .malformed(element: "Segment", reason: "an element in it has no size") }
            input.drop(head.length)
            input.skip(size)
            if input.isSkipping { return .needsMore }
        }
        return nil
    }

    private mutating func readInfo(_ content: ArraySlice<UInt8>) throws(ContainerError) {
        hasInfo = true
        for child in try EBML.children(content, of: "Info") where child.id == ID.timecodeScale {
            scale = try EBML.unsigned(child.content, of: "TimecodeScale")
        }
        guard (1...1_000_000_000).contains(scale) else { throw .malformed(element: "TimecodeScale", reason: "\(scale) ns is no tick of a recorder") }
    }

    /// An element that is needed as a whole; `nil` until it is.
    private func whole(
        _ name: String, limit: Int, _ input: inout SplitterInput
    ) throws(ContainerError) -> (bytes: [UInt8], content: ArraySlice<UInt8>)? {
        guard let head = try EBML.head(input) else { return nil }
        guard let size = head.size else { throw .malformed(element: name, reason: "it has no size") }
        guard size <= UInt64(limit) else { throw .tooLarge(element: name, bytes: size, limit: limit) }
        guard input.available >= head.length + Int(size) else { return nil }
        let bytes = input.take(head.length + Int(size))
        return (bytes, bytes[head.length...])
    }

    // MARK: Cluster

    /// - Returns: whether it went on; else more is needed.
    private mutating func readCluster(_ end: UInt64?, _ input: inout SplitterInput) throws(ContainerError) -> Bool {
        if let end, input.offset >= end {
            guard input.offset == end else { throw .malformed(element: "Cluster", reason: "an element in it is longer than itself") }
            place = .segment
            return true
        }
        guard let head = try EBML.head(input) else { return false }
        if ID.afterCluster.contains(head.id) {
            guard end == nil else { throw .malformed(element: "Cluster", reason: "an element in it belongs beside it") }
            place = .segment
            return true
        }
        guard let size = head.size else { throw .malformed(element: "Cluster", reason: "an element in it has no size") }
        if let end, input.offset + UInt64(head.length) + size > end {
            throw .malformed(element: "Cluster", reason: "an element in it is longer than itself")
        }
        switch head.id {
        case ID.timecode:
            guard let (_, content) = try whole("Timecode", limit: 8, &input) else { return false }
            let ticks = try EBML.unsigned(content, of: "Timecode")
            // Its nanoseconds must fit as well, with room for what a block adds.
            guard ticks < UInt64(Int64.max) / scale - 65_536 else { throw .malformed(element: "Timecode", reason: "\(ticks) is beyond any clock") }
            timecode = Int64(ticks)
        case ID.simpleBlock, ID.blockGroup:
            let isGroup = head.id == ID.blockGroup
            guard let (_, content) = try whole(isGroup ? "BlockGroup" : "SimpleBlock", limit: limits.maximumSegmentBytes, &input) else { return false }
            try add(try WebMBlock(content, isGroup: isGroup, clusterTime: timecode))
        default:
            input.drop(head.length)
            input.skip(size)
            return !input.isSkipping
        }
        return true
    }

    private mutating func add(_ block: WebMBlock) throws(ContainerError) {
        guard let tracks, tracks.numbers.contains(block.track) else { return }
        let isVideo = block.track == tracks.video
        let isKeyframe = isVideo && block.isKeyframe
        if isKeyframe || !pending.canTake(block, limit: limits.maximumSegmentBytes) { flush(isKeyframe: false) }
        pending.append(block)
        // Sound alone does not wait for ever.
        if isVideo || pending.count >= 50 { flush(isKeyframe: isKeyframe, duration: isVideo ? block.duration ?? tracks.videoTicks(scale) : nil) }
    }

    private mutating func flush(isKeyframe: Bool, duration: UInt64? = nil) {
        guard let (time, bytes) = pending.take() else { return }
        ready.append(
            ContainerSegment(
                bytes: bytes, isKeyframe: isKeyframe, timestamp: UInt64(time) * scale / 1000,
                duration: duration.flatMap { $0.multipliedReportingOverflow(by: scale) }.flatMap { $0.overflow ? nil : $0.partialValue / 1000 }))
    }
}
