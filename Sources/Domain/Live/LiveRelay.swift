// Who watches a sensor's live stream, and which frame goes to whom.

/// The decisions of one device's live stream. It stores the codec configurations as `Frame`s to be sent as they came.
public struct LiveRelay<Viewer: Hashable & Sendable, Frame: Sendable>: Sendable {
    /// What is to be asked of the sensor.
    public enum SensorRequest: Hashable, Sendable { case start, keyframe, stop }

    public struct Limits: Hashable, Sendable {
        /// A viewer with more bytes than this waiting is skipped to the next keyframe.
        public var maximumBacklogBytes: Int
        /// It gets that keyframe only with at most this much still waiting.
        public var resumeBacklogBytes: Int
        /// How long the sensor goes on after the last viewer left.
        public var graceSeconds: Double
        /// How long an asked-for keyframe may take before it is asked for again.
        public var keyframePatienceSeconds: Double

        public init(
            maximumBacklogBytes: Int = 2 << 20, resumeBacklogBytes: Int = 256 << 10, graceSeconds: Double = 2,
            keyframePatienceSeconds: Double = 0.5
        ) {
            self.maximumBacklogBytes = maximumBacklogBytes
            self.resumeBacklogBytes = resumeBacklogBytes
            self.graceSeconds = graceSeconds
            self.keyframePatienceSeconds = keyframePatienceSeconds
        }
    }

    public enum Delivery: Hashable, Sendable {
        case frame
        /// Tell the viewer that frames were left out, then send the frame.
        case gapThenFrame
    }

    private enum ViewerState: Sendable { case waiting(skipped: Bool), flowing }

    /// The id that its frames carry.
    public let stream: UInt32
    private let limits: Limits
    private var viewers: [Viewer: ViewerState] = [:]
    private var configurations: [UInt16: Frame] = [:]
    private var sensorIsPresent: Bool
    private var isRunning = false
    private var keyframeAskedAt: Timestamp?
    private var emptySince: Timestamp?

    public init(stream: UInt32, sensorIsPresent: Bool, limits: Limits = Limits()) {
        self.stream = stream
        self.sensorIsPresent = sensorIsPresent
        self.limits = limits
    }

    public var viewerCount: Int { viewers.count }
    public var allViewers: [Viewer] { Array(viewers.keys) }
    /// Nobody watches and the sensor was told to stop, or is not there: the relay can go.
    public var isIdle: Bool { viewers.isEmpty && !isRunning }

    /// A viewer begins to watch. It is to be sent the configurations right away and gets video from the next keyframe on.
    public mutating func join(_ viewer: Viewer, now: Timestamp) -> (requests: [SensorRequest], configurations: [Frame]) {
        if viewers[viewer] == nil { viewers[viewer] = .waiting(skipped: false) }
        emptySince = nil
        guard sensorIsPresent else { return ([], []) }
        guard isRunning else {
            isRunning = true
            keyframeAskedAt = now
            return ([.start], [])
        }
        return (askForKeyframe(now: now), configurations.sorted { $0.key < $1.key }.map(\.value))
    }

    public mutating func leave(_ viewer: Viewer, now: Timestamp) {
        guard viewers.removeValue(forKey: viewer) != nil else { return }
        if viewers.isEmpty { emptySince = now }
    }

    /// Time passes: the stop after the grace, a keyframe that is overdue.
    public mutating func tick(now: Timestamp) -> [SensorRequest] {
        if isRunning, let emptySince, now.seconds(since: emptySince) >= limits.graceSeconds {
            isRunning = false
            configurations = [:]
            return [.stop]
        }
        let somebodyWaits = viewers.values.contains { if case .waiting = $0 { true } else { false } }
        return isRunning && somebodyWaits ? askForKeyframe(now: now) : []
    }

    /// A viewer cannot decode what it has.
    public mutating func keyframeWanted(by viewer: Viewer, now: Timestamp) -> [SensorRequest] {
        guard viewers[viewer] != nil, isRunning else { return [] }
        return askForKeyframe(now: now)
    }

    /// The sensor is there, newly.
    public mutating func sensorArrived(now: Timestamp) -> [SensorRequest] {
        sensorIsPresent = true
        configurations = [:]
        isRunning = !viewers.isEmpty
        keyframeAskedAt = isRunning ? now : nil
        return isRunning ? [.start] : []
    }

    /// One frame of the sensor. `backlog` says how many bytes wait for a viewer; `deliver` is called for each that gets the frame.
    public mutating func relay(
        _ header: FrameHeader, frame: Frame, backlog: (Viewer) -> Int, deliver: (Viewer, Delivery) -> Void
    ) {
        guard isRunning else { return }
        if header.flags.contains(.configuration) {
            configurations[header.track] = frame
            for viewer in viewers.keys { deliver(viewer, .frame) }
            return
        }
        let isVideoKeyframe = header.track == FrameHeader.videoTrack && header.flags.contains(.keyframe)
        if isVideoKeyframe { keyframeAskedAt = nil }
        for (viewer, state) in viewers {
            switch state {
            case .flowing:
                if backlog(viewer) > limits.maximumBacklogBytes {
                    viewers[viewer] = .waiting(skipped: true)
                } else {
                    deliver(viewer, .frame)
                }
            case .waiting(let skipped):
                guard isVideoKeyframe, backlog(viewer) <= limits.resumeBacklogBytes else { continue }
                viewers[viewer] = .flowing
                deliver(viewer, skipped ? .gapThenFrame : .frame)
            }
        }
    }

    /// One request serves all who wait; it is repeated only when it seems lost.
    private mutating func askForKeyframe(now: Timestamp) -> [SensorRequest] {
        if let asked = keyframeAskedAt, now.seconds(since: asked) < limits.keyframePatienceSeconds { return [] }
        keyframeAskedAt = now
        return [.keyframe]
    }
}
