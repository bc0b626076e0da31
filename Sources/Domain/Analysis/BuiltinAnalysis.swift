// The first link of the analysis chain: says in plain words what was measured.

/// The analysis that every installation has.
public enum BuiltinAnalysis {
    public static let provider = "builtin"
    public static let model = "builtin-1"

    /// Describes a clip.
    ///
    /// - Parameters:
    ///   - duration: of the clip, in seconds.
    ///   - prompt: what the session was asked to watch for. Measuring cannot judge that; the result says so.
    public static func describe(
        _ measurements: ClipMeasurements, trigger: Trigger, durationSeconds duration: Double, prompt: String? = nil
    ) -> AnalysisResult {
        let decision = decide(measurements, trigger: trigger)
        return AnalysisResult(
            summary: summary(measurements, durationSeconds: duration),
            label: label(measurements), confidence: confidence(measurements), tags: tags(measurements),
            shouldNotify: decision.notify, alertReason: decision.reason + remark(onPrompt: prompt), provider: provider, model: model)
    }

    /// For a clip that is stored elsewhere: there is nothing to look at, so the trigger is believed.
    public static func describeExternal(trigger: Trigger, durationSeconds duration: Double?, prompt: String? = nil) -> AnalysisResult {
        let length = duration.map { " of \(seconds($0))" } ?? ""
        return AnalysisResult(
            summary: "Triggered by \(name(of: trigger)). The clip\(length) is stored elsewhere and was not looked at.",
            label: trigger.type == "sound" ? "sound" : trigger.type == "motion" ? "motion" : nil, confidence: nil, tags: ["external"],
            shouldNotify: true, alertReason: "The sensor reported \(name(of: trigger))." + remark(onPrompt: prompt), provider: provider,
            model: model)
    }

    /// For a clip that is not looked at because the plan has nothing left for it: the trigger is believed.
    ///
    /// - Parameter reason: why, in words.
    public static func describeSkipped(trigger: Trigger, durationSeconds duration: Double, reason: String) -> AnalysisResult {
        var result = AnalysisResult(
            summary: "Triggered by \(name(of: trigger)). The clip of \(seconds(duration)) was not analysed: \(reason).",
            label: trigger.type == "sound" ? "sound" : trigger.type == "motion" ? "motion" : nil, confidence: nil, tags: ["not-analysed"],
            shouldNotify: true, alertReason: "The sensor reported \(name(of: trigger)).", provider: provider, model: model)
        result.skipped = reason
        return result
    }

    // MARK: Deciding

    private static func decide(_ measured: ClipMeasurements, trigger: Trigger) -> (notify: Bool, reason: String) {
        if trigger.type == "manual" { return (true, "Recorded by hand.") }
        switch (measured.hasMovement, measured.hasSound) {
        case (true, true): return (true, "Movement and sound in the clip.")
        case (true, false): return (true, "Movement in the clip.")
        case (false, true): return (true, "Sound in the clip.")
        case (false, false):
            if measured.brightness == nil { return (true, "The clip has no picture to check the trigger with.") }
            let light = measured.lightChanged ? " but a change of light" : ""
            return (false, "Triggered by \(name(of: trigger)), yet the clip shows no movement and no sound\(light).")
        }
    }

    private static func label(_ measured: ClipMeasurements) -> String {
        measured.hasMovement ? "motion" : measured.hasSound ? "sound" : "still"
    }

    /// How clear the label is: movement that is large or long is certain, so is a clip in which nothing happens at all.
    private static func confidence(_ measured: ClipMeasurements) -> Double {
        let value: Double
        if measured.hasMovement {
            value = 0.5 + min(measured.peakMovedShare * 2, 0.3) + min(measured.movedSeconds / 20, 0.15)
        } else if measured.hasSound {
            value = 0.5 + (measured.loudness == .loud ? 0.2 : 0) + min(measured.soundSeconds / 20, 0.2)
        } else {
            value = measured.brightness == nil ? 0.3 : measured.brightness == .dark ? 0.5 : 0.8
        }
        return (value * 100).rounded() / 100
    }

    private static func tags(_ measured: ClipMeasurements) -> [String] {
        var tags = [label(measured)]
        if measured.hasMovement, measured.hasSound { tags.append("sound") }
        if let region = measured.region { tags.append(tag(of: region)) }
        if let direction = measured.direction { tags.append("moving-\(direction)") }
        if let brightness = measured.brightness, brightness != .normal { tags.append("\(brightness)") }
        if measured.lightChanged { tags.append("light-change") }
        if measured.loudness == .loud { tags.append("loud") }
        return tags
    }

    // MARK: Words

    private static func summary(_ measured: ClipMeasurements, durationSeconds: Double) -> String {
        var sentence: String
        if measured.hasMovement {
            sentence = "Movement for \(seconds(min(measured.movedSeconds, max(durationSeconds, 1))))"
            if let region = measured.region { sentence += " \(words(for: region))" }
            if let direction = measured.direction { sentence += ", \(words(for: direction))" }
        } else if measured.brightness == nil {
            sentence = "No picture"
        } else {
            sentence = "No movement in \(seconds(durationSeconds))"
        }
        var rest: [String] = []
        if let brightness = measured.brightness { rest.append(words(for: brightness) + (measured.lightChanged ? ", which changed" : "")) }
        switch measured.loudness {
        case nil: rest.append("no sound track")
        case .quiet: rest.append("quiet")
        case .audible: rest.append("sound for \(seconds(measured.soundSeconds))")
        case .loud: rest.append("loud sound for \(seconds(measured.soundSeconds))")
        }
        return sentence + "; " + rest.joined(separator: ", ") + "."
    }

    private static func seconds(_ seconds: Double) -> String {
        // Durations come from files that others made.
        let bounded = seconds.isNaN ? 0 : min(max(seconds, 1), 86_400)
        return "\(Int(bounded.rounded())) s"
    }

    private static func words(for region: ClipMeasurements.Region) -> String {
        switch region {
        case .across: "across the picture"
        case .place(.first, .first): "at the top left"
        case .place(.middle, .first): "at the top"
        case .place(.last, .first): "at the top right"
        case .place(.first, .middle): "in the left half"
        case .place(.middle, .middle): "in the middle"
        case .place(.last, .middle): "in the right half"
        case .place(.first, .last): "at the bottom left"
        case .place(.middle, .last): "at the bottom"
        case .place(.last, .last): "at the bottom right"
        }
    }

    private static func tag(of region: ClipMeasurements.Region) -> String {
        switch region {
        case .across: return "across"
        case .place(let column, let row):
            let columns = ["left", "center", "right"], rows = ["top", "middle", "bottom"]
            return row == .middle ? columns[column.rawValue] : "\(rows[row.rawValue])-\(columns[column.rawValue])"
        }
    }

    private static func words(for direction: ClipMeasurements.Direction) -> String {
        switch direction {
        case .left: "crossing to the left"
        case .right: "crossing to the right"
        case .up: "going up"
        case .down: "going down"
        }
    }

    private static func words(for brightness: ClipMeasurements.Brightness) -> String {
        switch brightness {
        case .dark: "nearly dark"
        case .dim: "dim light"
        case .normal: "normal light"
        case .bright: "bright light"
        }
    }

    /// A trigger's type as a noun: it is made of `a–z` and `_` only.
    private static func name(of trigger: Trigger) -> String {
        trigger.type == "manual" ? "hand" : String(trigger.type.map { $0 == "_" ? " " : $0 })
    }

    private static func remark(onPrompt prompt: String?) -> String {
        guard let prompt, !prompt.isEmpty else { return "" }
        return " What to watch for was not judged: that takes a model."
    }
}
