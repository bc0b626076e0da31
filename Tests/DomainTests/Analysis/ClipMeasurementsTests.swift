// What is movement, and what is only light, noise or sound.

import Domain
import TestSupport
import Testing

@Suite("Measuring a clip", .mustEnd)
struct ClipMeasurementsTests {
    @Test("An empty room is still, whatever the noise", arguments: [0, 2, 6, 12])
    func still(noise: Int) {
        let measured = SyntheticScene(noise: noise).measured()
        #expect(!measured.hasMovement)
        #expect(measured.region == nil && measured.direction == nil && !measured.lightChanged)
        #expect(measured.brightness == .normal)
    }

    struct Course: Sendable, CustomTestStringConvertible {
        let name: String
        let from: (x: Double, y: Double)
        let to: (x: Double, y: Double)
        let direction: ClipMeasurements.Direction?
        let region: ClipMeasurements.Region
        var testDescription: String { name }
    }

    @Test(
        "A moving box is followed",
        arguments: [
            Course(name: "left to right", from: (0, 0.35), to: (0.85, 0.35), direction: .right, region: .across),
            Course(name: "right to left", from: (0.85, 0.35), to: (0, 0.35), direction: .left, region: .across),
            Course(
                name: "down on the left", from: (0.05, 0), to: (0.05, 0.7), direction: .down,
                region: .place(column: .first, row: .middle)),
            Course(
                name: "up on the right", from: (0.8, 0.7), to: (0.8, 0), direction: .up, region: .place(column: .last, row: .middle)),
            Course(
                name: "a little, at the top left", from: (0.02, 0.02), to: (0.14, 0.02), direction: nil,
                region: .place(column: .first, row: .first)),
            Course(
                name: "a little, at the bottom right", from: (0.75, 0.7), to: (0.83, 0.7), direction: nil,
                region: .place(column: .last, row: .last)),
        ])
    func course(_ course: Course) {
        let scene = SyntheticScene(box: { time in
            let share = time / 4
            return (course.from.x + (course.to.x - course.from.x) * share, course.from.y + (course.to.y - course.from.y) * share)
        })
        let measured = scene.measured()
        #expect(measured.movedSeconds > 3)
        #expect(measured.direction == course.direction)
        #expect(measured.region == course.region)
        #expect((0.02...0.3).contains(measured.peakMovedShare))
        #expect(measured.averageMovedShare <= measured.peakMovedShare)
    }

    @Test(
        "A change of light is no movement",
        arguments: [(0.5, 0.0), (0.7, 0.0), (1.4, 0.0), (1.0, 35.0), (1.0, -50.0), (0.6, 20.0), (1.3, -80.0)])
    func lightStep(gain: Double, offset: Double) {
        let measured = SyntheticScene(light: { $0 < 2 ? (1, 0) : (gain, offset) }).measured()
        #expect(!measured.hasMovement)
        #expect(measured.lightChanged)
    }

    @Test("Movement is seen while the light changes too")
    func movementInChangingLight() {
        let scene = SyntheticScene(
            box: { ($0 / 5, 0.4) }, light: { (1 - $0 / 10, 0) })
        #expect(scene.measured().movedSeconds > 3)
        #expect(scene.measured().direction == .right)
    }

    @Test("Only the seconds with movement count")
    func movedSeconds() {
        let scene = SyntheticScene(seconds: 10, box: { $0 < 4 || $0 > 7 ? nil : (($0 - 4) / 4, 0.3) })
        #expect((2.8...4).contains(scene.measured().movedSeconds))
    }

    @Test("A box that appears for one picture is no movement")
    func blink() {
        #expect(!SyntheticScene(box: { $0 == 2 ? (0.4, 0.4) : nil }, boxSize: 14).measured().hasMovement)
    }

    @Test("Brightness in four steps", arguments: zip([0.08, 0.35, 1, 1.75], ClipMeasurements.Brightness.allCases))
    func brightness(gain: Double, expected: ClipMeasurements.Brightness) {
        #expect(SyntheticScene(light: { _ in (gain, 0) }, noise: 1).measured().brightness == expected)
    }

    @Test("Without pictures or with one there is nothing to compare")
    func tooFewFrames() {
        #expect(ClipMeasurements(frames: [], sounds: []) == ClipMeasurements())
        let one = ClipMeasurements(frames: Array(SyntheticScene().frames.prefix(1)), sounds: [])
        #expect(!one.hasMovement && one.brightness == .normal)
    }

    @Test("The smallest pictures are measured without a trap", arguments: [(1, 1), (2, 1), (5, 3), (7, 200)])
    func tiny(width: Int, height: Int) {
        let frames = (0..<4).map { index in
            ClipMeasurements.Frame(
                seconds: Double(index) / 5, width: width, height: height,
                luma: [UInt8](repeating: UInt8(index * 60), count: width * height))
        }
        #expect(!ClipMeasurements(frames: frames, sounds: []).hasMovement)
    }

    struct SoundCase: Sendable, CustomTestStringConvertible {
        let name: String
        let levels: [Double]
        let loudness: ClipMeasurements.Loudness?
        let hasSound: Bool
        var testDescription: String { name }
    }

    @Test(
        "What stands out of the noise is sound",
        arguments: [
            SoundCase(name: "no track", levels: [], loudness: nil, hasSound: false),
            SoundCase(name: "silence", levels: Array(repeating: -90, count: 40), loudness: .quiet, hasSound: false),
            SoundCase(name: "even fan", levels: Array(repeating: -35, count: 40), loudness: .quiet, hasSound: false),
            SoundCase(
                name: "voice in a quiet room", levels: (0..<40).map { $0 > 15 && $0 < 30 ? -28 : -60 }, loudness: .audible,
                hasSound: true),
            SoundCase(name: "shout", levels: (0..<40).map { $0 > 20 ? -10 : -50 }, loudness: .loud, hasSound: true),
            SoundCase(name: "one click", levels: (0..<40).map { $0 == 20 ? -5 : -60 }, loudness: .quiet, hasSound: false),
            SoundCase(name: "loud all the time", levels: Array(repeating: -8, count: 40), loudness: .loud, hasSound: true),
        ])
    func sound(_ sound: SoundCase) {
        let sounds = sound.levels.enumerated().map { ClipMeasurements.Sound(seconds: Double($0.offset) / 10, decibels: $0.element) }
        let measured = ClipMeasurements(frames: [], sounds: sounds)
        #expect(measured.loudness == sound.loudness)
        #expect(measured.hasSound == sound.hasSound)
    }
}
