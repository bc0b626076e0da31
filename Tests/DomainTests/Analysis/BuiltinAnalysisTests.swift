// The words and the decision of the built-in analysis.

import Domain
import TestSupport
import Testing

@Suite("Built-in analysis", .mustEnd)
struct BuiltinAnalysisTests {
    private let motion = Trigger(type: "motion", at: Timestamp(milliseconds: 0), score: 0.1)

    @Test("A crossing is told in one sentence")
    func crossing() {
        let measured = ClipMeasurements(
            peakMovedShare: 0.12, averageMovedShare: 0.08, movedSeconds: 11.2, region: .place(column: .first, row: .middle),
            direction: .right, brightness: .normal, loudness: .quiet)
        let result = BuiltinAnalysis.describe(measured, trigger: motion, durationSeconds: 14)
        #expect(result.summary == "Movement for 11 s in the left half, crossing to the right; normal light, quiet.")
        #expect(result.label == "motion")
        #expect(result.shouldNotify)
        #expect(result.tags == ["motion", "left", "moving-right"])
        #expect(result.provider == "builtin" && result.model == "builtin-1")
    }

    struct Decision: Sendable, CustomTestStringConvertible {
        let trigger: String
        let measured: ClipMeasurements
        let label: String
        let notify: Bool
        let reason: String
        var testDescription: String { "\(trigger): \(label)" }
    }

    private static let moved = ClipMeasurements(peakMovedShare: 0.1, averageMovedShare: 0.1, movedSeconds: 3, region: .across, brightness: .normal)
    private static let still = ClipMeasurements(brightness: .normal, loudness: .quiet)
    private static let heard = ClipMeasurements(brightness: .dark, loudness: .audible, soundSeconds: 2)
    private static let lit = ClipMeasurements(brightness: .dim, lightChanged: true, loudness: .quiet)

    @Test(
        "Who is told, and why",
        arguments: [
            Decision(trigger: "motion", measured: moved, label: "motion", notify: true, reason: "Movement in the clip."),
            Decision(
                trigger: "motion", measured: still, label: "still", notify: false,
                reason: "Triggered by motion, yet the clip shows no movement and no sound."),
            Decision(
                trigger: "motion", measured: lit, label: "still", notify: false,
                reason: "Triggered by motion, yet the clip shows no movement and no sound but a change of light."),
            Decision(trigger: "sound", measured: heard, label: "sound", notify: true, reason: "Sound in the clip."),
            Decision(
                trigger: "line_crossing", measured: still, label: "still", notify: false,
                reason: "Triggered by line crossing, yet the clip shows no movement and no sound."),
            Decision(trigger: "manual", measured: still, label: "still", notify: true, reason: "Recorded by hand."),
            Decision(
                trigger: "motion", measured: ClipMeasurements(), label: "still", notify: true,
                reason: "The clip has no picture to check the trigger with."),
        ])
    func decision(_ decision: Decision) {
        let trigger = Trigger(type: decision.trigger, at: Timestamp(milliseconds: 0))
        let result = BuiltinAnalysis.describe(decision.measured, trigger: trigger, durationSeconds: 5)
        #expect(result.label == decision.label)
        #expect(result.shouldNotify == decision.notify)
        #expect(result.alertReason == decision.reason)
        #expect((0...1).contains(result.confidence ?? -1))
    }

    @Test("What cannot be judged is said")
    func prompt() {
        let result = BuiltinAnalysis.describe(Self.moved, trigger: motion, durationSeconds: 5, prompt: "only cats")
        #expect(result.alertReason?.hasSuffix("What to watch for was not judged: that takes a model.") == true)
    }

    @Test("A clip stored elsewhere is believed, and said to be unseen")
    func external() {
        let result = BuiltinAnalysis.describeExternal(trigger: motion, durationSeconds: 12.4)
        #expect(result.summary == "Triggered by motion. The clip of 12 s is stored elsewhere and was not looked at.")
        #expect(result.shouldNotify && result.label == "motion" && result.confidence == nil)
    }

    @Test("Absurd durations do not trap", arguments: [Double.infinity, -Double.infinity, Double.nan, -5, 0, 1e300])
    func absurdDuration(seconds: Double) {
        #expect(!BuiltinAnalysis.describe(Self.still, trigger: motion, durationSeconds: seconds).summary.isEmpty)
    }
}
