// The live stream of a sensor that has no encoder of its own, but a recorder.

/// Makes frames for viewers out of the bytes that a recorder wrote: its initialization segment becomes the configuration, its media
/// segments become frames.
public struct RecordedStream: Sendable {
    public enum Refusal: Error, Hashable, Sendable {
        /// The first piece of a file does not say that it is one.
        case noBeginning
        case gap(expected: UInt32, got: UInt32)
        case container(ContainerError)
    }

    public enum Output: Hashable, Sendable {
        case configuration(FrameHeader, ContainerInitialization)
        case frame(FrameHeader, payload: [UInt8])
    }

    /// Of one message: some seconds of the smallest sounds.
    private static let maximumOutputs = 1024

    private let stream: UInt32
    private let limits: ContainerSplitter.Limits
    private var splitter: ContainerSplitter?
    /// Of the sensor's pieces.
    private var expected: UInt32 = 0
    /// Of the frames for viewers.
    private var sequence: UInt32 = 0

    public init(stream: UInt32, limits: ContainerSplitter.Limits = .init()) {
        self.stream = stream
        self.limits = limits
    }

    /// One piece of the sensor. With the flag `configuration` it begins another file, as when a recorder had to be started again.
    public mutating func receive(_ header: FrameHeader, _ payload: some Collection<UInt8>) throws(Refusal) -> [Output] {
        var splitter: ContainerSplitter
        if header.flags.contains(.configuration) {
            splitter = ContainerSplitter(limits: limits)
        } else {
            guard let current = self.splitter else { throw .noBeginning }
            guard header.sequence == expected else { throw .gap(expected: expected, got: header.sequence) }
            splitter = current
        }
        // Its bytes are not to be copied because two have it.
        self.splitter = nil
        expected = header.sequence &+ 1
        splitter.append(payload)
        var outputs: [Output] = []
        do {
            while outputs.count <= Self.maximumOutputs, let output = try output(of: &splitter) { outputs.append(output) }
        } catch {
            throw .container(error)
        }
        guard outputs.count <= Self.maximumOutputs else {
            throw .container(.malformed(element: "the message", reason: "it has more than \(Self.maximumOutputs) pictures and sounds"))
        }
        self.splitter = splitter
        return outputs
    }

    private mutating func output(of splitter: inout ContainerSplitter) throws(ContainerError) -> Output? {
        switch try splitter.next() {
        case .needsMore: return nil
        case .initialization(let initialization): return .configuration(nextHeader(.configuration), initialization)
        case .segment(let segment):
            return .frame(
                nextHeader(segment.isKeyframe ? .keyframe : [], timestamp: segment.timestamp, duration: UInt32(clamping: segment.duration ?? 0)),
                payload: segment.bytes)
        }
    }

    private mutating func nextHeader(_ flags: FrameHeader.Flags, timestamp: UInt64 = 0, duration: UInt32 = 0) -> FrameHeader {
        defer { sequence &+= 1 }
        return FrameHeader(kind: .liveBytes, flags: flags, stream: stream, sequence: sequence, duration: duration, timestamp: timestamp)
    }
}

extension RecordedStream.Refusal: CustomStringConvertible {
    /// For the sensor's developer.
    public var description: String {
        switch self {
        case .noBeginning: "flags: the first piece of a file must be flagged as its beginning"
        case .gap(let expected, let got): "sequence: piece \(expected) was expected, \(got) came"
        case .container(let error): error.description
        }
    }
}
