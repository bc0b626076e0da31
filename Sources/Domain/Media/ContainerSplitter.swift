// Cuts what a recorder writes into pieces that can be played from any keyframe on.

/// Takes the bytes of one WebM or fragmented MP4 stream as they come and gives its initialization segment, then its media segments.
///
/// What comes out depends on the bytes alone, not on the pieces in which they came. Memory is bounded by `Limits`; what is no such
/// stream is an error that names what was wrong, after which nothing more is taken.
public struct ContainerSplitter: Sendable {
    public struct Limits: Hashable, Sendable {
        /// Of the initialization segment, and of a `moof`.
        public var maximumHeaderBytes: Int
        /// Of one block of WebM, or one `moof` with its `mdat`.
        public var maximumSegmentBytes: Int

        public init(maximumHeaderBytes: Int = 256 << 10, maximumSegmentBytes: Int = 4 << 20) {
            self.maximumHeaderBytes = maximumHeaderBytes
            self.maximumSegmentBytes = maximumSegmentBytes
        }
    }

    public enum Step: Hashable, Sendable {
        /// Once, before any segment.
        case initialization(ContainerInitialization)
        case segment(ContainerSegment)
        /// What comes next is not whole yet.
        case needsMore
    }

    private enum State: Sendable {
        case beginning
        case webm(WebMSplitter)
        case mp4(MP4Splitter)
        case failed(ContainerError)
    }

    private let limits: Limits
    private var input = SplitterInput()
    private var state = State.beginning

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Bytes that wait for what completes them.
    public var bufferedBytes: Int { input.available }

    public mutating func append(_ bytes: some Collection<UInt8>) {
        if case .failed = state { return }
        input.append(bytes)
    }

    /// The next piece. Called until it needs more, so that not more waits than one piece.
    ///
    /// - Throws: `ContainerError` for what is no stream of a recorder, and the same again from then on.
    public mutating func next() throws(ContainerError) -> Step {
        do {
            return try advance()
        } catch {
            state = .failed(error)
            input = SplitterInput()
            throw error
        }
    }

    private mutating func advance() throws(ContainerError) -> Step {
        switch state {
        case .failed(let error): throw error
        case .beginning:
            guard input.available >= 8 else { return .needsMore }
            if input.starts(with: [0x1a, 0x45, 0xdf, 0xa3]) {
                state = .webm(WebMSplitter(limits: limits))
            } else if Array(input.bytes(at: 4, count: 4)) == Array("ftyp".utf8) {
                state = .mp4(MP4Splitter(limits: limits))
            } else {
                throw .unknownContainer
            }
            return try advance()
        case .webm(var splitter):
            // Taken out while it works, so that its arrays are not copied.
            state = .beginning
            let step = try splitter.next(&input)
            state = .webm(splitter)
            return step
        case .mp4(var splitter):
            state = .beginning
            let step = try splitter.next(&input)
            state = .mp4(splitter)
            return step
        }
    }

    /// All pieces of a stream that is there as a whole; what is cut off at its end is left out.
    public static func split(
        _ bytes: some Collection<UInt8>, limits: Limits = Limits()
    ) throws(ContainerError) -> (initialization: ContainerInitialization?, segments: [ContainerSegment]) {
        var splitter = ContainerSplitter(limits: limits)
        splitter.append(bytes)
        var initialization: ContainerInitialization?
        var segments: [ContainerSegment] = []
        while true {
            switch try splitter.next() {
            case .initialization(let found): initialization = found
            case .segment(let segment): segments.append(segment)
            case .needsMore: return (initialization, segments)
            }
        }
    }
}
