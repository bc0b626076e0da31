// Whether a clip is wanted, by a few stills of it.

/// What the hub says to a sensor that shows stills first.
public struct PreviewVerdict: Hashable, Sendable {
    public enum Reason: String, CaseIterable, Hashable, Sendable {
        /// Something moved between the stills.
        case movement
        /// One still is of one shade, another is not: somebody has put on the light, or uncovered the lens, or covered it.
        case uncovered
        /// There is one still, and something to be seen on it.
        case single
        /// It is not movement that set it off; stills cannot tell.
        case trigger
        /// No still came that can be looked at.
        case noPictures = "no_pictures"
        /// More previews wait than can be looked at.
        case busy
        /// Parts of the clip are here already.
        case begun
        /// All of one shade.
        case blank
        /// The same on all stills.
        case noChange = "no_change"
        /// The same in another light.
        case light
    }

    public let reason: Reason

    public init(_ reason: Reason) { self.reason = reason }

    /// When in doubt it is.
    public var isWanted: Bool {
        switch reason {
        case .movement, .uncovered, .single, .trigger, .noPictures, .busy, .begun: true
        case .blank, .noChange, .light: false
        }
    }

    /// Less than this share of the picture is noise or an insect.
    private static let leastShare = 0.012
    /// Luma levels by which the whole picture must change for a change of light to be named.
    private static let lightStep: Float = 12
    /// Luma levels between which nearly all of a picture of one shade lies.
    private static let blankSpread: Float = 6

    /// - Parameter stills: of one size, in order.
    public init(_ stills: [ClipMeasurements.Frame], trigger: Trigger) {
        guard trigger.type == "motion" else {
            self.init(.trigger)
            return
        }
        guard let first = stills.first else {
            self.init(.noPictures)
            return
        }
        let usable = stills.filter { $0.width == first.width && $0.height == first.height }
        let grid = BlockGrid(width: first.width, height: first.height)
        let means = usable.map { grid.means(of: $0.luma) }
        let isBlank = means.map { Self.spread($0) <= Self.blankSpread }
        guard !isBlank.contains(true) else {
            self.init(isBlank.contains(false) ? .uncovered : .blank)
            return
        }
        guard usable.count > 1 else {
            self.init(.single)
            return
        }
        // Each with each: who passes through may be gone on the last.
        var steps: [MotionTrack.Step] = []
        for new in usable.indices {
            for old in 0..<new {
                let light = LightFit(from: means[old], to: means[new])
                let changes = grid.changes(from: (usable[old].luma, means[old]), to: (usable[new].luma, means[new]), light: light)
                steps.append(MotionTrack.Step(seconds: 0, interval: 0, changes: changes, lightShift: light.shift))
            }
        }
        // Each pair by itself: among three, the noise would be taken from the calmest.
        let moved = steps.contains { step in
            MotionTrack.marked([step], grid: grid).contains { Double($0.moved.count) / Double(grid.count) >= Self.leastShare }
        }
        self.init(moved ? .movement : steps.contains { $0.lightShift > Self.lightStep } ? .light : .noChange)
    }

    /// Without the twentieth at each end, where a clock or a lamp may be.
    private static func spread(_ means: [Float]) -> Float {
        let sorted = means.sorted(), rest = sorted.count / 20
        return sorted[sorted.count - 1 - rest] - sorted[rest]
    }

    /// Of a clip that is not wanted, for people.
    ///
    /// - Parameter stills: how many there were.
    public func analysis(stills: Int) -> AnalysisResult {
        let seen =
            switch reason {
            case .blank: "nothing but one shade"
            case .light: "nothing but a change of light"
            default: "no movement"
            }
        return AnalysisResult(
            summary: "On \(stills == 1 ? "a still" : "\(stills) stills") there was \(seen); the clip was left on the phone.",
            label: "still", tags: ["preview", reason.rawValue], shouldNotify: false, alertReason: "The stills show \(seen).",
            provider: BuiltinAnalysis.provider, model: BuiltinAnalysis.model)
    }
}
