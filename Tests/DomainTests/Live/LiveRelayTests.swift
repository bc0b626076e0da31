// Who gets which live frame, and what the sensor is asked.

import Domain
import Testing

private typealias Relay = LiveRelay<Int, String>

private func frame(_ flags: FrameHeader.Flags = [], track: UInt16 = 0) -> FrameHeader {
    FrameHeader(kind: .live, flags: flags, track: track, stream: 1, sequence: 0)
}

private func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: Int64(seconds * 1000)) }

extension LiveRelay where Viewer == Int, Frame == String {
    /// Relays a frame and returns who got it.
    fileprivate mutating func send(_ header: FrameHeader, _ name: String = "f", backlog: [Int: Int] = [:]) -> [Int: Delivery] {
        var got: [Int: Delivery] = [:]
        relay(header, frame: name, backlog: { backlog[$0] ?? 0 }, deliver: { got[$0] = $1 })
        return got
    }
}

struct LiveRelayTests {
    @Test func `the first viewer starts the sensor, and gets video from a keyframe on`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        #expect(relay.join(1, now: at(0)).requests == [.start])
        #expect(relay.send(frame(.configuration), "config") == [1: .frame])
        #expect(relay.send(frame()).isEmpty)
        #expect(relay.send(frame(.keyframe)) == [1: .frame])
        #expect(relay.send(frame()) == [1: .frame])
    }

    @Test func `who joins later gets the configurations, and one keyframe request serves all`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        _ = relay.join(1, now: at(0))
        _ = relay.send(frame(.configuration, track: 1), "audio")
        _ = relay.send(frame(.configuration), "video")
        _ = relay.send(frame(.keyframe))
        let second = relay.join(2, now: at(10))
        #expect(second.requests == [.keyframe])
        #expect(second.configurations == ["video", "audio"])
        #expect(relay.join(3, now: at(10.1)).requests.isEmpty)
        #expect(relay.send(frame()) == [1: .frame])
        #expect(relay.send(frame(.keyframe)) == [1: .frame, 2: .frame, 3: .frame])
    }

    @Test func `a keyframe that does not come is asked for again`() {
        var relay = Relay(stream: 1, sensorIsPresent: true)
        _ = relay.join(1, now: at(0))
        #expect(relay.tick(now: at(0.3)).isEmpty)
        #expect(relay.tick(now: at(0.6)) == [.keyframe])
        _ = relay.send(frame(.keyframe))
        #expect(relay.tick(now: at(5)).isEmpty)
    }

    @Test func `a slow viewer skips to the next keyframe and is told so; others do not notice`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(maximumBacklogBytes: 1000, resumeBacklogBytes: 100))
        _ = relay.join(1, now: at(0))
        _ = relay.join(2, now: at(0))
        _ = relay.send(frame(.keyframe))
        #expect(relay.send(frame(), backlog: [1: 1001]) == [2: .frame])
        #expect(relay.send(frame(), backlog: [1: 0]) == [2: .frame])
        #expect(relay.send(frame(.keyframe), backlog: [1: 101]) == [2: .frame])
        #expect(relay.send(frame(.keyframe), backlog: [1: 100]) == [1: .gapThenFrame, 2: .frame])
        #expect(relay.send(frame()) == [1: .frame, 2: .frame])
    }

    @Test func `the sensor is stopped a while after the last viewer left, not when one comes back`() {
        var relay = Relay(stream: 1, sensorIsPresent: true, limits: .init(graceSeconds: 2))
        _ = relay.join(1, now: at(0))
        relay.leave(1, now: at(1))
        #expect(relay.tick(now: at(2.9)).isEmpty)
        _ = relay.join(2, now: at(2.95))
        #expect(!relay.tick(now: at(9)).contains(.stop))
        relay.leave(2, now: at(10))
        #expect(relay.tick(now: at(12)) == [.stop])
        #expect(relay.isIdle)
        #expect(relay.send(frame(.keyframe)).isEmpty)
    }

    @Test func `a viewer may wait for a sensor that is away`() {
        var relay = Relay(stream: 1, sensorIsPresent: false)
        #expect(relay.join(1, now: at(0)).requests.isEmpty)
        #expect(relay.sensorArrived(now: at(1)) == [.start])
        #expect(relay.send(frame(.keyframe)) == [1: .frame])
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
