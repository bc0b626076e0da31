// Who watches a sensor's live stream, and which frame goes to whom.

/// The decisions of one device's live stream. It stores codec configurations and the last group of pictures as `Frame`s to be sent as they
/// came.
///
/// A viewer begins at a keyframe that is made for it: replaying the cached group would show it pictures of up to some seconds ago first. The
/// group is for sensors that do not bring a keyframe when they are asked.
public struct LiveRelay<Viewer: Hashable, Frame: Sendable> {
    /// What is to be asked of the sensor.
    public enum SensorRequest: Hashable, Sendable { case start, keyframe, stop }

    public enum Delivery: Hashable, Sendable {
        case frame
        /// Tell the viewer that frames were left out, then send the frame.
        case gapThenFrame
        /// A frame of some time ago, one of many that are sent at one go.
        case replay
    }

    public enum Refusal: Error, Hashable, Sendable { case tooManyViewers(limit: Int) }

    private struct ViewerState: Sendable {
        var isFlowing = false
        /// What it waits for is the next keyframe, since then.
        var waitsSince: Timestamp
        /// Frames were left out that it was to get.
        var hasGap = false
        /// A configuration was among them.
        var lacksConfigurations = false
    }

    /// The id that its frames carry.
    public let stream: UInt32
    private let limits: LiveLimits
    private var viewers: [Viewer: ViewerState] = [:]
    /// Who wants the stream to go on without being sent frames.
    private var holders = 0
    private var configurations: [UInt16: Frame] = [:]
    private var group: GroupOfPictures<Frame>
    private var sensorIsPresent: Bool
    /// By what the sensor says of itself.
    private var canForceKeyframe: Bool
    /// Whether the last request for a keyframe was answered in time, once there were pictures at all.
    private var answersInTime = true
    private var hasHadKeyframe = false
    private var isRunning = false
    private var keyframeAskedAt: Timestamp?
    private var awaitsKeyframe = false
    /// Somebody to whom frames flow wants one, too.
    private var keyframeIsWanted = false
    private var emptySince: Timestamp?

    public init(stream: UInt32, sensorIsPresent: Bool, canForceKeyframe: Bool = true, limits: LiveLimits = LiveLimits()) {
        self.stream = stream
        self.sensorIsPresent = sensorIsPresent
        self.canForceKeyframe = canForceKeyframe
        self.limits = limits
        group = GroupOfPictures(maximumBytes: limits.maximumGroupBytes, maximumSeconds: limits.maximumGroupSeconds)
    }

    public var viewerCount: Int { viewers.count }
    public var allViewers: [Viewer] { Array(viewers.keys) }
    /// The sensor was told to start, and not to stop.
    public var isStreaming: Bool { isRunning }
    /// Nobody watches and the sensor was told to stop, or is not there: the relay can go.
    public var isIdle: Bool { isUnused && !isRunning }
    private var isUnused: Bool { viewers.isEmpty && holders == 0 }

    // MARK: - Viewers

    /// A viewer begins to watch, or begins anew. The frames are to be sent to it right away: the configurations, and the cached group where
    /// a keyframe cannot be hoped for. Else it gets video from the next keyframe on.
    ///
    /// - Parameter backlog: what waits for it already.
    public mutating func join(
        _ viewer: Viewer, backlog: MediaBacklog.Waiting, now: Timestamp
    ) throws(Refusal) -> (requests: [SensorRequest], frames: [(frame: Frame, delivery: Delivery)]) {
        guard viewers[viewer] != nil || viewers.count < limits.viewersPerStream else { throw .tooManyViewers(limit: limits.viewersPerStream) }
        var state = ViewerState(waitsSince: now)
        defer { viewers[viewer] = state }
        let requests = use(now: now)
        guard isRunning, requests != [.start] else { return (requests, []) }
        guard !isTooMuch(backlog) else {
            state.lacksConfigurations = true
            return (requests, [])
        }
        var frames = sortedConfigurations.map { (frame: $0, delivery: Delivery.frame) }
        if !isKeyframeHopedFor, canReplay(to: backlog, now: now) {
            state.isFlowing = true
            frames += group.frames.map { ($0, .replay) }
        }
        return (requests, frames)
    }

    public mutating func leave(_ viewer: Viewer, now: Timestamp) {
        guard viewers.removeValue(forKey: viewer) != nil else { return }
        if isUnused { emptySince = now }
    }

    /// A viewer cannot decode what it has.
    public mutating func keyframeWanted(by viewer: Viewer, now: Timestamp) -> [SensorRequest] {
        guard viewers[viewer] != nil, isRunning else { return [] }
        // Whoever asks all the time must not turn everybody's stream into keyframes: the next one is asked for when it is time.
        if hasJustAsked(now: now) {
            keyframeIsWanted = true
            return []
        }
        return askForKeyframe(now: now)
    }

    // MARK: - Single pictures

    /// Somebody waits for a `picture`, until `release`: the stream runs, and is to bring a keyframe.
    public mutating func hold(now: Timestamp) -> [SensorRequest] {
        holders += 1
        return use(now: now)
    }

    public mutating func release(now: Timestamp) {
        holders -= 1
        if isUnused { emptySince = now }
    }

    /// What the newest picture is decoded from, when that came within `seconds`: video's configuration, where there is one, and all pictures
    /// from the last keyframe on.
    public func picture(notOlderThan seconds: Double, now: Timestamp) -> (configuration: Frame?, pictures: [Frame])? {
        guard let newestAt = group.newestAt, now.seconds(since: newestAt) <= seconds else { return nil }
        return (configurations[FrameHeader.videoTrack], group.pictures)
    }

    // MARK: - Time and the sensor

    /// Time passes: the stop after the grace, a keyframe that is overdue. `deliver` is called as by `relay`.
    public mutating func tick(
        now: Timestamp, backlog: (Viewer) -> MediaBacklog.Waiting, deliver: (Viewer, Frame, Delivery) -> Void
    ) -> [SensorRequest] {
        guard isRunning else { return [] }
        if let emptySince, now.seconds(since: emptySince) >= limits.graceSeconds {
            reset()
            return [.stop]
        }
        noticeOverdueKeyframe(now: now)
        var somebodyWaits = (keyframeIsWanted && !hasJustAsked(now: now)) || holders > 0
        for (viewer, state) in viewers where !state.isFlowing {
            let waiting = backlog(viewer)
            if isDue(state, now: now), canReplay(to: waiting, now: now) {
                replay(to: viewer, deliver)
            } else if waiting.allBytes <= limits.resumeBacklogBytes {
                // Who cannot take a keyframe has no use for one, and everybody would have to pay for it.
                somebodyWaits = true
            }
        }
        return somebodyWaits ? askForKeyframe(now: now) : []
    }

    /// The sensor is there, newly.
    public mutating func sensorArrived(canForceKeyframe: Bool = true, now: Timestamp) -> [SensorRequest] {
        reset()
        sensorIsPresent = true
        self.canForceKeyframe = canForceKeyframe
        for viewer in viewers.keys { viewers[viewer] = ViewerState(waitsSince: now) }
        return isUnused ? [] : use(now: now)
    }

    /// One frame of the sensor.
    ///
    /// - Parameters:
    ///   - bytes: its size.
    ///   - backlog: what waits for a viewer.
    ///   - deliver: called for each frame that a viewer gets, in order.
    /// - Returns: how many viewers have fallen behind with it.
    @discardableResult
    public mutating func relay(
        _ header: FrameHeader, frame: Frame, bytes: Int, now: Timestamp, backlog: (Viewer) -> MediaBacklog.Waiting,
        deliver: (Viewer, Frame, Delivery) -> Void
    ) -> Int {
        guard isRunning else { return 0 }
        group.add(header, frame, bytes: bytes, now: now)
        if header.flags.contains(.configuration) { return configure(header.track, frame, now: now, backlog: backlog, deliver: deliver) }
        let isVideoKeyframe = header.track == FrameHeader.videoTrack && header.flags.contains(.keyframe)
        noticeOverdueKeyframe(now: now)
        if isVideoKeyframe { keyframeArrived(now: now) }
        var fallenBehind = 0
        for (viewer, state) in viewers {
            if state.isFlowing {
                if isTooMuch(backlog(viewer)) {
                    viewers[viewer] = ViewerState(waitsSince: now, hasGap: true)
                    fallenBehind += 1
                } else {
                    deliver(viewer, frame, .frame)
                }
            } else if isVideoKeyframe {
                guard backlog(viewer).allBytes <= limits.resumeBacklogBytes else { continue }
                if state.lacksConfigurations { for configuration in sortedConfigurations { deliver(viewer, configuration, .frame) } }
                viewers[viewer] = ViewerState(isFlowing: true, waitsSince: now)
                deliver(viewer, frame, state.hasGap ? .gapThenFrame : .frame)
            } else if isDue(state, now: now), canReplay(to: backlog(viewer), now: now) {
                // This frame is the group's last.
                replay(to: viewer, deliver)
            }
        }
        return fallenBehind
    }

    // MARK: - Parts

    private var sortedConfigurations: [Frame] { configurations.sorted { $0.key < $1.key }.map(\.value) }

    /// A configuration goes to all who can take it. Video goes on with a keyframe after its own.
    private mutating func configure(
        _ track: UInt16, _ frame: Frame, now: Timestamp, backlog: (Viewer) -> MediaBacklog.Waiting,
        deliver: (Viewer, Frame, Delivery) -> Void
    ) -> Int {
        configurations[track] = frame
        var fallenBehind = 0
        for (viewer, before) in viewers {
            var state = before
            if before.lacksConfigurations || isTooMuch(backlog(viewer)) {
                if before.isFlowing { fallenBehind += 1 }
                state.hasGap = state.hasGap || before.isFlowing
                state.lacksConfigurations = true
                state.isFlowing = false
            } else {
                deliver(viewer, frame, .frame)
            }
            if track == FrameHeader.videoTrack { state.isFlowing = false }
            if before.isFlowing, !state.isFlowing { state.waitsSince = now }
            viewers[viewer] = state
        }
        return fallenBehind
    }

    private mutating func replay(to viewer: Viewer, _ deliver: (Viewer, Frame, Delivery) -> Void) {
        if viewers[viewer]?.lacksConfigurations == true { for configuration in sortedConfigurations { deliver(viewer, configuration, .frame) } }
        for frame in group.frames { deliver(viewer, frame, .replay) }
        viewers[viewer]?.isFlowing = true
        viewers[viewer]?.lacksConfigurations = false
    }

    private func isTooMuch(_ waiting: MediaBacklog.Waiting) -> Bool {
        waiting.bytes > limits.maximumBacklogBytes || waiting.seconds > limits.maximumBacklogSeconds
    }

    private var isKeyframeHopedFor: Bool { canForceKeyframe && answersInTime }

    /// Whether it has waited long enough for a keyframe. Who fell behind goes on with a new one only, so as not to fall behind again.
    private func isDue(_ state: ViewerState, now: Timestamp) -> Bool {
        !state.hasGap && (!isKeyframeHopedFor || now.seconds(since: state.waitsSince) >= limits.keyframePatienceSeconds)
    }

    /// Pictures of long ago must not pass for the present.
    private func canReplay(to backlog: MediaBacklog.Waiting, now: Timestamp) -> Bool {
        guard let newestAt = group.newestAt, backlog.allBytes <= limits.resumeBacklogBytes else { return false }
        return now.seconds(since: newestAt) <= limits.maximumGroupSeconds
    }

    /// Somebody more wants the stream: it starts, or brings a keyframe.
    private mutating func use(now: Timestamp) -> [SensorRequest] {
        emptySince = nil
        guard sensorIsPresent else { return [] }
        guard !isRunning else { return askForKeyframe(now: now) }
        isRunning = true
        keyframeAskedAt = now
        awaitsKeyframe = true
        return [.start]
    }

    /// One request serves all who wait; it is repeated only when it seems lost.
    private mutating func askForKeyframe(now: Timestamp) -> [SensorRequest] {
        guard canForceKeyframe else { return [] }
        if awaitsKeyframe, hasJustAsked(now: now) { return [] }
        noticeOverdueKeyframe(now: now)
        keyframeAskedAt = now
        awaitsKeyframe = true
        return [.keyframe]
    }

    private func hasJustAsked(now: Timestamp) -> Bool {
        keyframeAskedAt.map { now.seconds(since: $0) < limits.keyframePatienceSeconds } ?? false
    }

    private mutating func noticeOverdueKeyframe(now: Timestamp) {
        if hasHadKeyframe, awaitsKeyframe, !hasJustAsked(now: now) { answersInTime = false }
    }

    private mutating func keyframeArrived(now: Timestamp) {
        if awaitsKeyframe, hasJustAsked(now: now) { answersInTime = true }
        hasHadKeyframe = true
        awaitsKeyframe = false
        keyframeIsWanted = false
    }

    /// Nothing is known of what the sensor sends.
    private mutating func reset() {
        isRunning = false
        configurations = [:]
        group.clear()
        answersInTime = true
        hasHadKeyframe = false
        keyframeAskedAt = nil
        awaitsKeyframe = false
        keyframeIsWanted = false
    }
}

extension LiveRelay: Sendable where Viewer: Sendable {}
