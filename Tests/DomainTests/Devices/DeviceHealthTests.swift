// When people are told of a camera: every scene is a list of seconds and what is seen of the camera then.

import Domain
import Testing

/// A camera, its hub's clocks, and what people were told.
private struct Scene {
    static let start = Timestamp(milliseconds: 1_700_000_000_000)

    var health: DeviceHealth
    let rules: DeviceHealth.Rules
    /// Seconds since the beginning, by a clock that nobody sets.
    var time = 0.0
    /// By how much the wall clock was set.
    var step = 0.0
    var lastHeard = Scene.start
    private(set) var told: [(at: Double, notice: DeviceNotice)] = []

    init(_ rules: DeviceHealth.Rules = .init()) {
        self.rules = rules
        health = DeviceHealth(rules: rules, at: .init(wall: Self.start, elapsed: Self.start))
    }

    var moment: DeviceHealth.Moment {
        .init(wall: Self.start.advanced(bySeconds: time + step), elapsed: Timestamp(milliseconds: 5000).advanced(bySeconds: time))
    }

    /// So many seconds pass, with a look at each.
    mutating func pass(_ seconds: Double, connected: Bool = true, _ problems: Set<DeviceProblem> = []) {
        let end = time + seconds
        while time < end {
            time += 1
            if connected { lastHeard = moment.wall }
            let observation = DeviceHealth.Observation(isConnected: connected, problems: problems, lastHeard: lastHeard)
            for notice in health.observe(observation, at: moment) { told.append((time, notice)) }
        }
    }

    /// Another process goes on with what was kept; its clock begins anew.
    mutating func restart() { health = DeviceHealth(rules: rules, memory: health.memory, at: moment) }

    var words: [String] { told.map { "\(Int($0.at)) \($0.notice.kind.rawValue)" } }
}

struct DeviceHealthTests {
    // MARK: Outages

    @Test func `a camera that is away for a minute is told once, and when it is back`() {
        var scene = Scene()
        scene.pass(100)
        scene.pass(59, connected: false)
        #expect(scene.words == [])
        scene.pass(600, connected: false)
        #expect(scene.words == ["161 offline"])
        #expect(scene.told[0].notice == .offline(since: Scene.start.advanced(bySeconds: 100)))
        scene.pass(300)
        #expect(scene.words == ["161 offline", "765 online"])
        #expect(scene.told[1].notice.since == scene.told[0].notice.since)
        #expect(scene.health.memory.isEmpty)
    }

    @Test func `a camera that comes back in time is not told of`() {
        var scene = Scene()
        for _ in 0..<20 {
            scene.pass(50, connected: false)
            scene.pass(30)
        }
        #expect(scene.words == [])
    }

    @Test func `an instant of connection is no return`() {
        var scene = Scene()
        for _ in 0..<20 {
            scene.pass(50, connected: false)
            scene.pass(3)
        }
        #expect(scene.words == ["61 offline"])
        scene.pass(60)
        #expect(scene.words == ["61 offline", "1063 online"])
    }

    @Test func `each outage is told by itself`() {
        var scene = Scene()
        for _ in 0..<3 {
            scene.pass(100, connected: false)
            scene.pass(100)
        }
        #expect(scene.told.map(\.notice.kind) == [.offline, .online, .offline, .online, .offline, .online])
        #expect(Set(scene.told.map(\.notice.since)).count == 3)
    }

    @Test func `a clock that is set makes nobody be away longer or shorter`() {
        for step in [-86_400.0, -30, 30, 86_400] {
            var scene = Scene()
            scene.pass(10)
            scene.pass(20, connected: false)
            scene.step = step
            scene.pass(40, connected: false)
            #expect(scene.words == [], "\(step)")
            scene.pass(1, connected: false)
            #expect(scene.words == ["71 offline"], "\(step)")
        }
        // What was heard of last lies ahead of a clock that was set back.
        var scene = Scene()
        scene.pass(10)
        scene.step = -3600
        scene.pass(61, connected: false)
        #expect(scene.told.first?.notice.since == Scene.start.advanced(bySeconds: 11 - 3600))
    }

    @Test func `another process tells nothing twice, and finds who does not come back`() {
        var scene = Scene()
        scene.pass(10)
        scene.pass(30, connected: false)
        scene.restart()
        scene.pass(60, connected: false)
        #expect(scene.words == [])
        scene.pass(1, connected: false)
        #expect(scene.words == ["101 offline"] && scene.told[0].notice.since == Scene.start.advanced(bySeconds: 10))
        scene.restart()
        scene.pass(300, connected: false)
        scene.restart()
        scene.pass(6)
        #expect(scene.words == ["101 offline", "407 online"])
        scene.restart()
        scene.pass(300)
        #expect(scene.words.count == 2)
    }

    @Test func `without a time nobody is away`() {
        var scene = Scene(.init(offlineSeconds: 0))
        scene.pass(1000, connected: false)
        scene.pass(1000)
        #expect(scene.words == [])
    }

    // MARK: Problems

    @Test func `a problem that lasts is told once, urgent ones sooner`() {
        for problem in DeviceProblem.allCases {
            var scene = Scene()
            scene.pass(10)
            scene.pass(1000, connected: true, [problem])
            #expect(scene.words == [problem.isUrgent ? "31 attention" : "71 attention"])
            #expect(scene.told[0].notice.problems == [problem] && scene.told[0].notice.since == Scene.start.advanced(bySeconds: 11))
            #expect(scene.health.needsAttention)
        }
        #expect(DeviceProblem.allCases.filter(\.isUrgent) == [.frozen, .trackEnded, .covered, .moved])
    }

    @Test func `what is due at the same time is one notice, and what comes later another`() {
        var scene = Scene()
        scene.pass(100, connected: true, [.batteryLow, .wakeLockLost])
        scene.pass(100, connected: true, [.batteryLow, .wakeLockLost, .covered])
        #expect(scene.words == ["61 attention", "121 attention"])
        #expect(scene.told.map(\.notice.problems) == [[.wakeLockLost, .batteryLow], [.covered]])
    }

    @Test func `a problem that passes is not told`() {
        var scene = Scene()
        for _ in 0..<10 {
            scene.pass(15, connected: true, [.covered])
            scene.pass(15)
        }
        #expect(scene.words == [] && !scene.health.needsAttention)
    }

    @Test func `a problem that is gone for a moment has not been gone`() {
        var scene = Scene()
        for _ in 0..<10 {
            scene.pass(5, connected: true, [.frozen])
            scene.pass(5)
        }
        #expect(scene.words == ["21 attention"])
    }

    @Test func `it is told again only after it was well for five minutes`() {
        var scene = Scene()
        scene.pass(30, connected: true, [.frozen])
        for _ in 0..<5 {
            scene.pass(290)
            #expect(!scene.health.needsAttention)
            scene.pass(30, connected: true, [.frozen])
            #expect(scene.health.needsAttention)
        }
        #expect(scene.words == ["21 attention"])
        scene.pass(301)
        #expect(scene.health.memory.isEmpty)
        scene.pass(30, connected: true, [.frozen])
        #expect(scene.words.count == 2)
    }

    @Test func `a camera that is away is not well, and has no problem that lasts`() {
        var scene = Scene()
        scene.pass(15, connected: true, [.covered])
        scene.pass(10, connected: false)
        scene.pass(15, connected: true, [.covered])
        #expect(scene.words == [])
        scene.pass(10, connected: true, [.covered])
        #expect(scene.words == ["46 attention"])
        // Away for longer than it would have to be well.
        scene.pass(400, connected: false, [.covered])
        scene.pass(100, connected: true, [.covered])
        #expect(scene.told.map(\.notice.kind) == [.attention, .offline, .online])
    }

    @Test func `problems that were told are known to another process`() {
        var scene = Scene()
        scene.pass(30, connected: true, [.frozen])
        scene.restart()
        scene.pass(100, connected: true, [.frozen, .moved])
        #expect(scene.told.map(\.notice.problems) == [[.frozen], [.moved]])
        #expect(scene.health.needsAttention)
        scene.restart()
        scene.pass(302)
        #expect(scene.health.memory.isEmpty)
    }

    @Test func `a shorter time holds for urgent problems too, and none is none`() {
        var scene = Scene(.init(attentionSeconds: 4))
        scene.pass(10, connected: true, [.covered])
        #expect(scene.words == ["5 attention"])
        scene = Scene(.init(attentionSeconds: 0))
        scene.pass(1000, connected: true, [.covered])
        #expect(scene.words == [])
    }

    // MARK: Words

    @Test func `people are told in plain words`() {
        // 03:12 on some day.
        let since = Timestamp(milliseconds: 1_700_000_000_000 / 86_400_000 * 86_400_000 + (3 * 60 + 12) * 60_000 + 59_999)
        func words(_ notice: DeviceNotice, after seconds: Double) -> String { notice.summary(label: "Hall", now: since.advanced(bySeconds: seconds)) }
        #expect(words(.offline(since: since), after: 60) == "Hall has been offline since 03:12 UTC.")
        #expect(words(.offline(since: since), after: 3 * 86_400) == "Hall has been offline for 3 days.")
        #expect(words(.online(since: since), after: 61) == "Hall is back. It was offline for a minute.")
        #expect(words(.online(since: since), after: 3700) == "Hall is back. It was offline for an hour.")
        #expect(words(.online(since: since), after: -5) == "Hall is back.")
        #expect(words(.attention([.frozen], since: since, seconds: 61), after: 61) == "Hall: the picture has been frozen for a minute.")
        #expect(
            words(.attention([.covered, .batteryLow, .wakeLockLost], since: since, seconds: 21), after: 21)
                == "Hall: the camera has been covered, the battery has been low and the screen has not been kept awake for 21 seconds.")
    }
}
