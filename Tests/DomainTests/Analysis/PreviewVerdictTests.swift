import Domain
import Testing

struct PreviewVerdictTests {
    private let motion = Trigger(type: "motion", at: Timestamp(milliseconds: 0))

    /// Three stills, half a second apart.
    private func verdict(_ scene: SyntheticScene, count: Int = 3) -> PreviewVerdict {
        var scene = scene
        scene.framesPerSecond = 2
        scene.seconds = Double(count) / 2
        return PreviewVerdict(scene.frames, trigger: motion)
    }

    private func plain(_ luma: UInt8, noise: Int = 2) -> ClipMeasurements.Frame {
        let pixels = (0..<160 * 90).map { index in UInt8(Int(luma) + index * 7919 % (2 * noise + 1)) }
        return ClipMeasurements.Frame(seconds: 0, width: 160, height: 90, luma: pixels)
    }

    @Test func `somebody who passes is wanted, wherever`() {
        for y in [0.1, 0.4, 0.7] {
            #expect(verdict(SyntheticScene(box: { ($0 * 0.5 + 0.1, y) })).reason == .movement)
            #expect(verdict(SyntheticScene(box: { ($0 * 0.5 + 0.1, y) }), count: 2).reason == .movement)
        }
        // Seen on the one in the middle alone.
        #expect(verdict(SyntheticScene(box: { (0.4..<0.6).contains($0) ? (0.4, 0.4) : nil })).reason == .movement)
    }

    @Test func `somebody who passes while the light changes is wanted`() {
        let scene = SyntheticScene(box: { ($0 * 0.5 + 0.1, 0.4) }, light: { (1 - $0 * 0.3, $0 * 20) })
        #expect(verdict(scene).reason == .movement)
    }

    @Test func `a room that stays as it is is not wanted`() {
        for noise in [0, 2, 6, 12] { #expect(verdict(SyntheticScene(noise: noise)).reason == .noChange, "\(noise)") }
        #expect(verdict(SyntheticScene(box: { _ in (0.4, 0.4) })).reason == .noChange)
    }

    @Test func `another light is not wanted`() {
        #expect(verdict(SyntheticScene(light: { ($0 < 0.4 ? 1 : 0.6, 0) })).reason == .light)
        #expect(verdict(SyntheticScene(light: { (1, $0 < 0.4 ? 0 : 40) })).reason == .light)
    }

    @Test(arguments: [0, 100, 240]) func `one shade is not wanted`(luma: UInt8) {
        #expect(PreviewVerdict([plain(luma), plain(luma)], trigger: motion).reason == .blank)
        #expect(PreviewVerdict([plain(luma)], trigger: motion).reason == .blank)
    }

    @Test func `when in doubt the clip is wanted`() {
        #expect(verdict(SyntheticScene(), count: 1).reason == .single)
        #expect(PreviewVerdict([], trigger: motion).reason == .noPictures)
        for type in ["sound", "manual", "tamper"] {
            #expect(PreviewVerdict([plain(0)], trigger: Trigger(type: type, at: Timestamp(milliseconds: 0))).reason == .trigger)
        }
        let room = SyntheticScene(seconds: 0.4).frames
        #expect(room.count == 2)
        #expect(PreviewVerdict([plain(0)] + room, trigger: motion).reason == .uncovered)
        #expect(PreviewVerdict(room + [plain(0)], trigger: motion).reason == .uncovered)
        #expect(PreviewVerdict.Reason.allCases.filter { !PreviewVerdict($0).isWanted } == [.blank, .noChange, .light])
    }

    @Test func `stills are judged when they are complete, or no more come`() {
        func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 1000).advanced(bySeconds: seconds) }
        var stills = PreviewStills(now: at(0))
        #expect(!stills.isDue(at: at(4.9)) && stills.isDue(at: at(5)))
        _ = stills.add([2], sequence: 1, isLast: false, now: at(4))
        #expect(!stills.isDue(at: at(5.9)) && stills.isDue(at: at(6)))
        _ = stills.add([1], sequence: 0, isLast: true, now: at(5))
        #expect(stills.isDue(at: at(5)) && stills.pictures == [[1], [2]])
        var three = PreviewStills(now: at(0))
        for sequence in 0..<UInt32(3) {
            #expect(!three.isDue(at: at(1)))
            let isTaken = three.add([UInt8(sequence)], sequence: sequence, isLast: false, now: at(1))
            #expect(isTaken)
        }
        #expect(three.isDue(at: at(1)))
        let isTaken = three.add([9], sequence: 3, isLast: false, now: at(1))
        #expect(!isTaken && three.pictures.count == 3)
    }
}
