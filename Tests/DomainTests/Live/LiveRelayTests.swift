// Who gets which live frame, and what the sensor is asked.

import TestSupport
import Testing

@testable import Domain

private typealias Relay = LiveRelay<Int, String>

private func frame(_ flags: FrameHeader.Flags = [], track: UInt16 = 0, seconds: Double = 0) -> FrameHeader {
    FrameHeader(kind: .live, flags: flags, track: track, stream: 1, sequence: 0, timestamp: UInt64(seconds * 1_000_000))
}

private func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: Int64((seconds * 1000).rounded())) }

private func bytes(_ count: Int) -> MediaBacklog.Waiting { MediaBacklog.Waiting(bytes: count) }

extension LiveRelay where Viewer == Int, Frame == String {
    /// Relays a frame and returns who got it, and how.
    fileprivate mutating func send(
        _ header: FrameHeader, _ name: String = "f", at now: Timestamp = at(0), bytes: Int = 100, backlog: [Int: MediaBacklog.Waiting] = [:]
    ) -> [Int: Delivery] {
        var got: [Int: Delivery] = [:]
        relay(header, frame: name, bytes: bytes, now: now, backlog: { backlog[$0] ?? .init() }, deliver: { got[$0] = $2 })
        return got
    }

    /// As `send`, with the frames themselves.
    fileprivate mutating func names(_ header: FrameHeader, _ name: String, at now: Timestamp, backlog: [Int: MediaBacklog.Waiting] = [:]) -> [Int: [String]] {
        var got: [Int: [String]] = [:]
        relay(header, frame: name, bytes: 100, now: now, backlog: { backlog[$0] ?? .init() }, deliver: { viewer, frame, _ in got[viewer, default: []].append(frame) })
        return got
    }

    fileprivate mutating func enter(_ viewer: Int, at now: Timestamp, backlog: MediaBacklog.Waiting = .init()) -> (requests: [SensorRequest], frames: [String]) {
        let joined = try? join(viewer, backlog: backlog, now: now)
        return (joined?.requests ?? [], joined?.frames.map(\.frame) ?? [])
    }

    fileprivate mutating func pass(to now: Timestamp, backlog: [Int: MediaBacklog.Waiting] = [:]) -> [SensorRequest] {
        tick(now: now, backlog: { backlog[$0] ?? .init() }, deliver: { _, _, _ in })
    }
}

struct LiveRelayTests {
    @Test func `the first viewer starts the sensor, and gets video from a keyframe on`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        #expect(relay.enter(1, at: at(0)).requests == [.start])
        #expect(relay.send(frame(.configuration), "config") == [1: .frame])
        #expect(relay.send(frame()).isEmpty)
        #expect(relay.send(frame(.keyframe)) == [1: .frame])
        #expect(relay.send(frame()) == [1: .frame])
    }

    @Test func `who joins later gets the configurations, and one keyframe request serves all`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        _ = relay.enter(1, at: at(0))
        _ = relay.send(frame(.configuration, track: 1), "audio")
        _ = relay.send(frame(.configuration), "video")
        _ = relay.send(frame(.keyframe))
        let second = relay.enter(2, at: at(10))
        #expect(second.requests == [.keyframe])
        #expect(second.frames == ["video", "audio"])
        #expect(relay.enter(3, at: at(10.1)).requests.isEmpty)
        #expect(relay.send(frame(), at: at(10.1)) == [1: .frame])
        #expect(relay.send(frame(.keyframe), at: at(10.2)) == [1: .frame, 2: .frame, 3: .frame])
    }

    @Test func `a keyframe that does not come is asked for again`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        _ = relay.enter(1, at: at(0))
        #expect(relay.pass(to: at(0.3)).isEmpty)
        #expect(relay.pass(to: at(0.6)) == [.keyframe])
        _ = relay.send(frame(.keyframe), at: at(0.7))
        #expect(relay.pass(to: at(5)).isEmpty)
    }

    @Test func `a slow viewer skips to the next keyframe and is told so; others do not notice`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(maximumBacklogBytes: 1000, resumeBacklogBytes: 100))
        _ = relay.enter(1, at: at(0))
        _ = relay.enter(2, at: at(0))
        _ = relay.send(frame(.keyframe))
        #expect(relay.send(frame(), backlog: [1: bytes(1001)]) == [2: .frame])
        #expect(relay.send(frame(), backlog: [1: bytes(0)]) == [2: .frame])
        #expect(relay.send(frame(.keyframe), backlog: [1: bytes(101)]) == [2: .frame])
        #expect(relay.send(frame(.keyframe), backlog: [1: bytes(100)]) == [1: .gapThenFrame, 2: .frame])
        #expect(relay.send(frame()) == [1: .frame, 2: .frame])
    }

    @Test func `a viewer is slow by the time that a frame waits, too`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(maximumBacklogSeconds: 2))
        _ = relay.enter(1, at: at(0))
        _ = relay.send(frame(.keyframe))
        #expect(relay.send(frame(), backlog: [1: .init(bytes: 9, seconds: 2)]) == [1: .frame])
        #expect(relay.send(frame(), backlog: [1: .init(bytes: 9, seconds: 2.1)]).isEmpty)
        #expect(relay.send(frame(.keyframe)) == [1: .gapThenFrame])
    }

    @Test func `no keyframe is asked for on behalf of who cannot take one`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(maximumBacklogBytes: 1000, resumeBacklogBytes: 100))
        _ = relay.enter(1, at: at(0))
        _ = relay.send(frame(.keyframe))
        _ = relay.send(frame(), backlog: [1: bytes(1001)])
        #expect(relay.pass(to: at(10), backlog: [1: bytes(1001)]).isEmpty)
        #expect(relay.pass(to: at(11), backlog: [1: bytes(100)]) == [.keyframe])
    }

    @Test func `a configuration that a slow viewer misses comes before its keyframe`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(maximumBacklogBytes: 1000))
        _ = relay.enter(1, at: at(0))
        _ = relay.send(frame(.configuration), "one")
        _ = relay.send(frame(.keyframe))
        #expect(relay.names(frame(.configuration), "two", at: at(1), backlog: [1: bytes(1001)]).isEmpty)
        #expect(relay.names(frame(), "delta", at: at(1)).isEmpty)
        #expect(relay.names(frame(.keyframe), "key", at: at(1)) == [1: ["two", "key"]])
    }

    @Test func `who joins with too much waiting gets nothing until it can take it`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(maximumBacklogBytes: 1000, resumeBacklogBytes: 100))
        _ = relay.enter(1, at: at(0))
        _ = relay.send(frame(.configuration), "config")
        _ = relay.send(frame(.keyframe))
        #expect(relay.enter(2, at: at(1), backlog: bytes(1001)).frames.isEmpty)
        #expect(relay.names(frame(.keyframe), "one", at: at(1), backlog: [2: bytes(101)]) == [1: ["one"]])
        #expect(relay.names(frame(.keyframe), "two", at: at(1), backlog: [2: bytes(100)]) == [1: ["two"], 2: ["config", "two"]])
    }

    @Test func `after another configuration of video nothing is sent before its keyframe`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        _ = relay.enter(1, at: at(0))
        _ = relay.send(frame(.keyframe))
        #expect(relay.send(frame(.configuration, track: 1)) == [1: .frame])
        #expect(relay.send(frame()) == [1: .frame])
        #expect(relay.send(frame(.configuration)) == [1: .frame])
        #expect(relay.send(frame()).isEmpty)
        #expect(relay.send(frame(.keyframe)) == [1: .frame])
    }

    @Test func `the sensor is stopped a while after the last viewer left, not when one comes back`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(graceSeconds: 2))
        _ = relay.enter(1, at: at(0))
        relay.leave(1, now: at(1))
        #expect(relay.pass(to: at(2.9)).isEmpty)
        _ = relay.enter(2, at: at(2.95))
        #expect(!relay.pass(to: at(9)).contains(.stop))
        relay.leave(2, now: at(10))
        #expect(relay.pass(to: at(12)) == [.stop])
        #expect(relay.isIdle)
        #expect(relay.send(frame(.keyframe)).isEmpty)
    }

    @Test func `who waits for a picture keeps the sensor going like a viewer`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(graceSeconds: 2))
        #expect(relay.hold(now: at(0)) == [.start])
        #expect(relay.pass(to: at(3)) == [.keyframe])
        _ = relay.send(frame(.configuration), "c", at: at(3))
        _ = relay.send(frame(.keyframe), "k", at: at(3))
        _ = relay.send(frame(track: 1), "sound", at: at(3))
        _ = relay.send(frame(), "d", at: at(3))
        let picture = relay.picture(notOlderThan: 2, now: at(5))
        #expect(picture?.configuration == "c" && picture?.pictures == ["k", "d"])
        #expect(relay.picture(notOlderThan: 2, now: at(5.1)) == nil)
        _ = relay.enter(1, at: at(4))
        relay.leave(1, now: at(4))
        #expect(!relay.pass(to: at(9)).contains(.stop))
        relay.release(now: at(9))
        #expect(relay.pass(to: at(11)) == [.stop])
        #expect(relay.isIdle && relay.picture(notOlderThan: 100, now: at(11)) == nil)
    }

    @Test func `a viewer may wait for a sensor that is away`() {
        var relay = Relay(stream: 1, sensorIsPresent: false)
        #expect(relay.enter(1, at: at(0)).requests.isEmpty)
        #expect(relay.sensorArrived(now: at(1)) == [.start])
        #expect(relay.send(frame(.keyframe)) == [1: .frame])
    }

    @Test func `a stream has so many viewers, and who watches already may begin anew`() throws {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(viewersPerStream: 2))
        for viewer in [1, 2, 1] { _ = try relay.join(viewer, backlog: .init(), now: at(0)) }
        #expect(throws: Relay.Refusal.tooManyViewers(limit: 2)) { try relay.join(3, backlog: .init(), now: at(0)) }
        relay.leave(1, now: at(0))
        _ = try relay.join(3, backlog: .init(), now: at(0))
        #expect(Set(relay.allViewers) == [2, 3])
    }

    @Test func `one viewer cannot turn the stream into keyframes`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        _ = relay.enter(1, at: at(0))
        var asked = 0
        for step in 0..<1000 {
            let now = at(Double(step) * 0.01)
            if !relay.keyframeWanted(by: 1, now: now).isEmpty || !relay.pass(to: now).isEmpty {
                asked += 1
                _ = relay.send(frame(.keyframe), at: now)
            }
        }
        #expect((18...20).contains(asked))
    }

    // MARK: - The cached group

    /// A stream with a viewer, a keyframe and one picture after it.
    private func running(canForceKeyframe: Bool = true, limits: LiveLimits = LiveLimits()) -> Relay {
        var relay = Relay(stream: 1, sensorIsPresent: true, canForceKeyframe: canForceKeyframe, limits: limits)
        _ = relay.enter(1, at: at(0))
        _ = relay.send(frame(.configuration), "c")
        _ = relay.send(frame(.keyframe), "k")
        _ = relay.send(frame(seconds: 0.1), "d", at: at(0.1))
        return relay
    }

    @Test func `where the sensor forces no keyframes a joiner gets the cached group at once`() {
        var relay = running(canForceKeyframe: false)
        let joined = relay.enter(2, at: at(1))
        #expect(joined.requests.isEmpty && joined.frames == ["c", "k", "d"])
        #expect(relay.send(frame(seconds: 1), at: at(1)) == [1: .frame, 2: .frame])
        #expect(relay.keyframeWanted(by: 2, now: at(2)).isEmpty && relay.pass(to: at(9)).isEmpty)
    }

    @Test func `a keyframe that does not come in time is made up for by the cached group, with the next frame`() {
        var relay = running()
        #expect(relay.enter(2, at: at(1)).frames == ["c"])
        #expect(relay.names(frame(seconds: 1.4), "e", at: at(1.4)) == [1: ["e"]])
        #expect(relay.names(frame(seconds: 1.5), "f", at: at(1.5)) == [1: ["f"], 2: ["k", "d", "e", "f"]])
        #expect(relay.names(frame(seconds: 1.6), "g", at: at(1.6)) == [1: ["g"], 2: ["g"]])
        // Known to be slow now, until it is in time once.
        #expect(relay.enter(3, at: at(2)).frames == ["c", "k", "d", "e", "f", "g"])
        _ = relay.send(frame(.keyframe, seconds: 2.1), "k2", at: at(2.1))
        #expect(relay.enter(4, at: at(3)).frames == ["c"])
    }

    @Test func `or without another frame, when time passes`() {
        var relay = running()
        _ = relay.enter(2, at: at(1))
        var got: [String] = []
        _ = relay.tick(now: at(1.5), backlog: { _ in .init() }, deliver: { _, frame, delivery in if delivery == .replay { got.append(frame) } })
        #expect(got == ["k", "d"])
    }

    @Test func `pictures of long ago are not replayed, and not to who has much waiting`() {
        var relay = running(canForceKeyframe: false, limits: .init(resumeBacklogBytes: 100))
        #expect(relay.enter(2, at: at(4.2)).frames == ["c"])
        relay = running(canForceKeyframe: false, limits: .init(resumeBacklogBytes: 100))
        #expect(relay.enter(2, at: at(1), backlog: bytes(101)).frames == ["c"])
        #expect(relay.names(frame(seconds: 1), "e", at: at(1), backlog: [2: bytes(100)]) == [1: ["e"], 2: ["k", "d", "e"]])
    }

    // MARK: - By chance

    /// A viewer that checks what it gets, and a socket that sends at its own pace.
    private struct Checked {
        var configuration: String?
        /// Number of the last picture that it could decode.
        var decoded: Int?
        var expectsAnything = false
        var backlog = MediaBacklog()
        var queued: [Int] = []
        var isStalled = false
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `whatever happens, a viewer gets only what it can decode, and what waits is bounded`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limits = LiveLimits(
            maximumBacklogBytes: 20_000, maximumBacklogSeconds: 1, resumeBacklogBytes: 4000, maximumGroupBytes: 15_000, maximumGroupSeconds: 3,
            viewersPerStream: 6)
        let canForce = seed % 2 == 0
        var relay = Relay(stream: 1, sensorIsPresent: true, canForceKeyframe: canForce, limits: limits)
        var viewers: [Int: Checked] = [:], nextViewer = 0
        var running = false, configured: String?, needsKey = true, picture = 0, keyframes: Set<Int> = [], configurationOf: [Int: String] = [:]
        var problems: [String] = [], replays = 0, gaps = 0, skipped = 0

        func got(_ viewer: Int, _ name: String, _ delivery: Relay.Delivery, _ now: Timestamp) {
            let size = 200 + name.utf8.count
            viewers[viewer]?.queued.append(size)
            viewers[viewer]?.backlog.queued(size, isReplay: delivery == .replay, at: now)
            if delivery == .replay { replays += 1 }
            if delivery == .gapThenFrame { gaps += 1 }
            let parts = name.split(separator: " ")
            if parts[0] == "config" {
                viewers[viewer]?.configuration = name
                viewers[viewer]?.decoded = nil
            } else if parts[0] == "picture", let number = Int(parts[1]), let state = viewers[viewer] {
                if state.configuration != configurationOf[number] { problems.append("\(name) without its configuration") }
                if !keyframes.contains(number), state.decoded != number - 1 { problems.append("\(name) after \(String(describing: state.decoded))") }
                viewers[viewer]?.decoded = number
            }
        }
        func waiting(_ viewer: Int, _ now: Timestamp) -> MediaBacklog.Waiting {
            guard let total = viewers[viewer]?.queued.reduce(0, +) else { return .init() }
            return viewers[viewer]!.backlog.waiting(total, now: now)
        }
        func take(_ requests: [Relay.SensorRequest]) {
            for request in requests {
                switch request {
                case .start: (running, configured, needsKey) = (true, nil, true)
                case .keyframe: if canForce, random.next() % 3 > 0 { needsKey = true }
                case .stop: running = false
                }
            }
        }

        for step in 0..<6000 {
            let now = at(Double(step) * 0.01)
            switch random.next() % 100 {
            case 0:
                let viewer = nextViewer
                viewers[viewer] = Checked()
                do {
                    let joined = try relay.join(viewer, backlog: .init(), now: now)
                    for (frame, delivery) in joined.frames { got(viewer, frame, delivery, now) }
                    take(joined.requests)
                    nextViewer += 1
                } catch {
                    if relay.viewerCount < limits.viewersPerStream { problems.append("refused too early") }
                    viewers[viewer] = nil
                }
            case 1 where relay.viewerCount > 3 || random.next() % 4 == 0:
                if let viewer = viewers.keys.sorted().randomElement(using: &random) {
                    relay.leave(viewer, now: now)
                    viewers[viewer] = nil
                }
            case 2:
                if let viewer = viewers.keys.sorted().randomElement(using: &random) { viewers[viewer]?.isStalled.toggle() }
            case 3:
                if let viewer = viewers.keys.sorted().randomElement(using: &random) { take(relay.keyframeWanted(by: viewer, now: now)) }
            case 4 where random.next() % 20 == 0: configured = nil
            case 5 where random.next() % 40 == 0: take(relay.sensorArrived(canForceKeyframe: canForce, now: now))
            case 6...30: take(relay.tick(now: now, backlog: { waiting($0, now) }, deliver: { got($0, $1, $2, now) }))
            default: break
            }
            if running, step % 3 == 0 {
                if configured == nil {
                    configured = "config \(step)"
                    needsKey = true
                    relay.relay(
                        frame(.configuration, seconds: 0), frame: configured!, bytes: 200, now: now, backlog: { waiting($0, now) },
                        deliver: { got($0, $1, $2, now) })
                }
                picture += 1
                let isKey = needsKey || random.next() % 60 == 0
                needsKey = false
                if isKey { keyframes.insert(picture) }
                configurationOf[picture] = configured
                skipped += relay.relay(
                    frame(isKey ? .keyframe : [], seconds: Double(step) * 0.01), frame: "picture \(picture)", bytes: 200, now: now,
                    backlog: { waiting($0, now) }, deliver: { got($0, $1, $2, now) })
            }
            for (viewer, state) in viewers where !state.isStalled {
                // Some frames per step, so that a backlog is worked off.
                viewers[viewer]?.queued.removeFirst(min(4, state.queued.count))
            }
            for (viewer, state) in viewers {
                let bytes = state.queued.reduce(0, +)
                // One frame beyond the limit; and one group, which is replayed only to who has little waiting.
                if bytes > limits.maximumBacklogBytes + limits.maximumGroupBytes + 1000 { problems.append("\(bytes) bytes wait for \(viewer)") }
                if state.backlog.markCount > MediaBacklog.maximumMarks { problems.append("too many marks") }
            }
        }
        #expect(problems.isEmpty)
        // Everything was put to the test.
        #expect(gaps > 0 && skipped >= gaps && replays > 0 && picture > 1000)
    }
}

struct GroupOfPicturesTests {
    private func group(_ frames: [(FrameHeader, Int)], bytes: Int = 4096, seconds: Double = 4) -> GroupOfPictures<Int> {
        var group = GroupOfPictures<Int>(maximumBytes: bytes, maximumSeconds: seconds)
        for (index, (header, size)) in frames.enumerated() { group.add(header, index, bytes: size, now: at(Double(index))) }
        return group
    }

    @Test func `it begins with a keyframe, and anew with the next one`() {
        #expect(group([(frame(), 10), (frame(track: 1), 10)]).isEmpty)
        let one = group([(frame(), 10), (frame(.keyframe), 10), (frame(.keyframe, track: 1), 10), (frame(), 10)])
        #expect(one.frames == [1, 2, 3] && one.pictures == [1, 3] && one.newestAt == at(3))
        #expect(group([(frame(.keyframe), 10), (frame(), 10), (frame(.keyframe), 10)]).frames == [2])
    }

    @Test func `past a bound there is none until the next keyframe`() {
        let long = group([(frame(.keyframe, seconds: 1), 10), (frame(seconds: 5), 10), (frame(seconds: 5.01), 10), (frame(seconds: 5.02), 10)])
        #expect(long.isEmpty && long.newestAt == nil && long.bytes == 0)
        #expect(group([(frame(.keyframe), 2000), (frame(), 2000)]).frames == [0, 1])
        #expect(group([(frame(.keyframe), 2000), (frame(), 2097), (frame(), 1)]).isEmpty)
        #expect(group([(frame(.keyframe), 5000), (frame(), 1)]).isEmpty)
        #expect(group([(frame(.keyframe), 5000), (frame(.keyframe), 1)]).frames == [1])
    }

    @Test func `frames without bytes are bounded, and so are times that cannot be`() {
        #expect(group([(frame(.keyframe), 0)] + (0..<100).map { _ in (frame(), 0) }).isEmpty)
        let header = FrameHeader(kind: .live, stream: 1, sequence: 0, timestamp: .max)
        #expect(group([(frame(.keyframe), 1), (header, 1)]).isEmpty)
        #expect(group([(FrameHeader(kind: .live, flags: .keyframe, stream: 1, sequence: 0, timestamp: .max), 1), (frame(), 1)]).frames == [0, 1])
    }

    @Test func `it has one configuration of sound, and none of another video`() {
        #expect(group([(frame(.keyframe), 1), (frame(track: 1), 1), (frame(.configuration, track: 1), 1), (frame(track: 1), 1)]).frames == [0, 2, 3])
        #expect(group([(frame(.keyframe), 1), (frame(.configuration), 1), (frame(), 1)]).isEmpty)
    }
}

struct MediaBacklogTests {
    @Test func `the oldest frame that waits tells the age`() {
        var backlog = MediaBacklog()
        for index in 0..<10 { backlog.queued(100, at: at(Double(index))) }
        #expect(backlog.waiting(1000, now: at(10)) == .init(bytes: 1000, seconds: 10))
        // A part of the oldest is gone; it is still the oldest.
        #expect(backlog.waiting(901, now: at(10)).seconds == 10)
        #expect(backlog.waiting(900, now: at(10)).seconds == 9)
        #expect(backlog.waiting(1, now: at(10)).seconds == 1)
        #expect(backlog.waiting(0, now: at(10)) == .init())
        #expect(backlog.markCount == 0)
    }

    @Test func `a replay counts apart, and says nothing of age`() {
        var backlog = MediaBacklog()
        backlog.queued(50, at: at(0))
        backlog.queued(1000, isReplay: true, at: at(0))
        backlog.queued(100, at: at(1))
        #expect(backlog.waiting(1150, now: at(9)) == .init(bytes: 100, replayBytes: 1050, seconds: 0))
        #expect(backlog.waiting(101, now: at(9)) == .init(bytes: 100, replayBytes: 1, seconds: 0))
        #expect(backlog.waiting(100, now: at(9)) == .init(bytes: 100, replayBytes: 0, seconds: 8))
    }

    @Test func `it keeps few entries, whatever is queued, and is never younger than what waits`() {
        var backlog = MediaBacklog()
        for index in 0..<10_000 { backlog.queued(10, at: at(Double(index) * 0.1)) }
        #expect(backlog.markCount <= MediaBacklog.maximumMarks)
        #expect(backlog.waiting(100_000, now: at(1000)).seconds == 1000)
        #expect(backlog.waiting(10, now: at(1000)).seconds >= 0.1)
        #expect(backlog.waiting(0, now: at(1000)).seconds == 0)
    }
}

struct ChannelHistoryTests {
    private func history(_ count: Int, maximumCount: Int = 4) -> ChannelHistory<Int> {
        var history = ChannelHistory<Int>(epoch: "e", maximumCount: maximumCount, maximumSeconds: 60)
        for number in 0..<count { _ = history.append(number, at: at(Double(number))) }
        return history
    }

    @Test(arguments: [
        (epoch: "e", offset: 6 as UInt64, expected: [] as [Int], recovered: true),
        ("e", 4, [4, 5], true), ("e", 2, [2, 3, 4, 5], true), ("e", 1, [], false), ("other", 6, [], false), ("e", 7, [], false),
    ])
    func `everything that was missed, or nothing`(epoch: String, offset: UInt64, expected: [Int], recovered: Bool) {
        let recovery = history(6).recover(epoch: epoch, offset: offset)
        #expect(recovery.publications.map(\.payload) == expected)
        #expect(recovery.recovered == recovered)
    }

    @Test func `what is too old is forgotten`() {
        var history = history(3)
        _ = history.append(9, at: at(1000))
        #expect(history.recover(epoch: "e", offset: 3).publications.map(\.payload) == [9])
        #expect(!history.recover(epoch: "e", offset: 2).recovered)
    }
}

struct ClipReceiverTests {
    private func header(_ sequence: UInt32, _ flags: FrameHeader.Flags = [], seconds: Double = 0) -> FrameHeader {
        FrameHeader(kind: .clip, flags: flags, stream: 1, sequence: sequence, timestamp: UInt64(seconds * 1_000_000))
    }

    @Test func `frames are stored in order, and repeated ones ignored`() throws {
        var receiver = ClipReceiver(next: 2, windowBytes: 1000, maximumSeconds: 60)
        #expect(try receiver.frame(header(0), payloadBytes: 10) == .ignore)
        #expect(try receiver.frame(header(2), payloadBytes: 10) == .store)
        #expect(try receiver.frame(header(3), payloadBytes: 10) == .store)
        #expect(!receiver.isDrained)
        receiver.persisted(next: 4, bytes: 20)
        #expect(receiver.isDrained)
        try receiver.close(frames: 4)
        #expect(throws: ClipReceiver.Refusal.afterEnd) { try receiver.frame(header(4), payloadBytes: 1) }
    }

    @Test func `a gap is refused`() {
        var receiver = ClipReceiver(next: 0, windowBytes: 1000, maximumSeconds: 60)
        #expect(throws: ClipReceiver.Refusal.gap(expected: 0, got: 1)) { try receiver.frame(header(1), payloadBytes: 1) }
    }

    @Test func `more than twice the window without an acknowledgement is refused`() throws {
        var receiver = ClipReceiver(next: 0, windowBytes: 1000, maximumSeconds: 60)
        _ = try receiver.frame(header(0), payloadBytes: 2000)
        #expect(throws: ClipReceiver.Refusal.windowExceeded(limit: 1000)) { try receiver.frame(header(1), payloadBytes: 1) }
    }

    @Test func `a clip over the time limit is refused`() throws {
        var receiver = ClipReceiver(next: 0, windowBytes: 1000, maximumSeconds: 60)
        _ = try receiver.frame(header(0, .configuration), payloadBytes: 1)
        _ = try receiver.frame(header(1, .keyframe, seconds: 100), payloadBytes: 1)
        _ = try receiver.frame(header(2, seconds: 160), payloadBytes: 1)
        #expect(throws: ClipReceiver.Refusal.tooLong(limitSeconds: 60)) { try receiver.frame(header(3, seconds: 172), payloadBytes: 1) }
    }

    @Test func `an end that names another number of frames is refused`() throws {
        var receiver = ClipReceiver(next: 0, windowBytes: 1000, maximumSeconds: 60)
        #expect(throws: ClipReceiver.Refusal.empty) { try receiver.close(frames: 0) }
        _ = try receiver.frame(header(0), payloadBytes: 1)
        #expect(throws: ClipReceiver.Refusal.wrongCount(declared: 2, received: 1)) { try receiver.close(frames: 2) }
    }
}
