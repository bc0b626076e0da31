// Movement in a clip: how much, how long, where, which way.

extension ClipMeasurements {
    /// Differences are taken over this time, so that slow movement is seen too.
    private static let lagSeconds = 0.35
    /// Less than this share of the picture is noise, an insect, or a clock in the picture.
    private static let leastShare = 0.012
    /// Movement must last this long, unless it is as large as `largeShare`.
    private static let leastSeconds = 0.7
    private static let largeShare = 0.08
    /// More than this at once, and only for a moment, is a light switched or the camera adjusting.
    private static let flashShare = 0.6
    /// Luma levels by which the whole picture must change for a change of light to be named.
    private static let lightStep: Float = 20

    mutating func measureMotion(_ frames: [Frame]) {
        guard let first = frames.first, frames.count > 1 else { return }
        let grid = BlockGrid(width: first.width, height: first.height)
        let usable = frames.filter { $0.width == first.width && $0.height == first.height }
        var track = MotionTrack(grid: grid, steps: Self.compare(usable, on: grid))
        let flashed = track.removeFlashes(above: Self.flashShare, lasting: 2 * Self.lagSeconds)
        lightChanged = flashed || track.steps.contains { $0.lightShift > Self.lightStep }
        let moving = track.movingSteps(leastShare: Self.leastShare, leastSeconds: Self.leastSeconds, largeShare: Self.largeShare)
        let shares = moving.map { track.share($0) }
        guard let peak = shares.max() else { return }
        peakMovedShare = peak
        averageMovedShare = shares.reduce(0, +) / Double(shares.count)
        movedSeconds = track.seconds(of: moving)
        region = track.region(of: moving)
        direction = track.direction(of: moving)
    }

    private static func compare(_ frames: [Frame], on grid: BlockGrid) -> [MotionTrack.Step] {
        let means = frames.map { grid.means(of: $0.luma) }
        var steps: [MotionTrack.Step] = []
        var reference = 0
        for index in frames.indices.dropFirst() {
            while reference + 1 < index, frames[index].seconds - frames[reference + 1].seconds >= lagSeconds { reference += 1 }
            let light = LightFit(from: means[reference], to: means[index])
            let changes = grid.changes(
                from: (frames[reference].luma, means[reference]), to: (frames[index].luma, means[index]), light: light)
            steps.append(
                MotionTrack.Step(
                    seconds: frames[index].seconds, interval: max(frames[index].seconds - frames[index - 1].seconds, 0),
                    changes: changes, lightShift: light.shift))
        }
        return MotionTrack.marked(steps, grid: grid)
    }
}
