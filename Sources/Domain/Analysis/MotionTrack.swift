// Which blocks of a clip's pictures moved, step by step.

struct MotionTrack {
    /// One picture compared with one shortly before it.
    struct Step {
        let seconds: Double
        /// Time since the picture before.
        let interval: Double
        let changes: [BlockChange]
        /// By how much the whole picture became lighter or darker, in luma levels.
        let lightShift: Float
        /// Indices of the blocks that moved.
        var moved: [Int] = []

        init(seconds: Double, interval: Double, changes: [BlockChange], lightShift: Float) {
            self.seconds = seconds
            self.interval = interval
            self.changes = changes
            self.lightShift = lightShift
        }
    }

    let grid: BlockGrid
    private(set) var steps: [Step]

    func share(_ step: Int) -> Double { Double(steps[step].moved.count) / Double(grid.count) }

    /// Decides for each block of each step whether it moved: well above that block's own noise, and not alone. What only became
    /// lighter or darker counts where it touches changed outlines: things have edges, light and shadow of a room mostly do not.
    static func marked(_ steps: [Step], grid: BlockGrid) -> [Step] {
        let structure = noise(steps, grid) { $0.structure }
        let level = noise(steps, grid) { $0.level }
        return steps.map { step in
            let outlines = step.changes.indices.map { step.changes[$0].structure > max(5, 3.5 * structure[$0]) }
            let shades = step.changes.indices.map { step.changes[$0].level > max(24, 6 * level[$0]) }
            var step = step
            step.moved = grid.groups(where: { outlines[$0] || shades[$0] })
                .filter { group in group.count { outlines[$0] } >= 2 }
                .flatMap { $0 }.sorted()
            return step
        }
    }

    /// Each block's noise: what it changes by in its calm times, bounded by the calm of the whole picture, so that a block in which
    /// something moves all the time is not taken for a noisy one.
    private static func noise(_ steps: [Step], _ grid: BlockGrid, _ value: (BlockChange) -> Float) -> [Float] {
        func low(_ values: [Float]) -> Float { values.isEmpty ? 0 : values.sorted()[values.count / 4] }
        let blocks = (0..<grid.count).map { block in low(steps.map { value($0.changes[block]) }) }
        let whole = low(blocks)
        return blocks.map { min($0, 2 * whole + 1) }
    }

    /// Forgets steps in which nearly everything changed, when that lasted no longer than `seconds`. Returns whether there were any.
    mutating func removeFlashes(above share: Double, lasting seconds: Double) -> Bool {
        var found = false
        var start = 0
        while start < steps.count {
            guard self.share(start) > share else {
                start += 1
                continue
            }
            var end = start
            while end < steps.count, self.share(end) > share { end += 1 }
            if steps[end - 1].seconds - steps[start].seconds <= seconds {
                for step in start..<end { steps[step].moved = [] }
                found = true
            }
            start = end
        }
        return found
    }

    /// The steps with movement, in stretches with pauses of up to a second. A stretch counts when it lasts `seconds`, or reaches
    /// `largeShare` in two steps that follow each other.
    func movingSteps(leastShare: Double, leastSeconds: Double, largeShare: Double) -> [Int] {
        var stretches: [[Int]] = []
        for step in steps.indices where share(step) >= leastShare {
            if let last = stretches.last?.last, steps[step].seconds - steps[last].seconds <= 1 {
                stretches[stretches.count - 1].append(step)
            } else {
                stretches.append([step])
            }
        }
        return stretches.filter { stretch in
            seconds(of: stretch) >= leastSeconds
                || stretch.contains { share($0) >= largeShare && $0 + 1 < steps.count && share($0 + 1) >= largeShare }
        }.flatMap { $0 }
    }

    func seconds(of moving: [Int]) -> Double { moving.reduce(0) { $0 + steps[$1].interval } }

    /// Where the movement was, by the middle 80 % of it.
    func region(of moving: [Int]) -> ClipMeasurements.Region {
        var columns = [Int](repeating: 0, count: grid.columns), rows = [Int](repeating: 0, count: grid.rows)
        for block in moving.flatMap({ steps[$0].moved }) {
            columns[block % grid.columns] += 1
            rows[block / grid.columns] += 1
        }
        let x = Self.middle(of: columns), y = Self.middle(of: rows)
        if x.high - x.low > 0.6 { return .across }
        return .place(column: Self.third((x.low + x.high) / 2), row: y.high - y.low > 0.6 ? .middle : Self.third((y.low + y.high) / 2))
    }

    /// Which way the centre of the movement went, if it went a quarter of the picture or more.
    func direction(of moving: [Int]) -> ClipMeasurements.Direction? {
        let centres = moving.map { centre(of: steps[$0].moved) }
        let part = max(centres.count / 4, 1)
        guard centres.count >= 3 else { return nil }
        func mean(_ some: ArraySlice<(x: Double, y: Double)>) -> (x: Double, y: Double) {
            (some.reduce(0) { $0 + $1.x } / Double(some.count), some.reduce(0) { $0 + $1.y } / Double(some.count))
        }
        let from = mean(centres.prefix(part)), to = mean(centres.suffix(part))
        let dx = to.x - from.x, dy = to.y - from.y
        if abs(dx) >= 0.25, abs(dx) >= abs(dy) { return dx > 0 ? .right : .left }
        if abs(dy) >= 0.25 { return dy > 0 ? .down : .up }
        return nil
    }

    private func centre(of blocks: [Int]) -> (x: Double, y: Double) {
        let count = Double(blocks.count)
        let x = blocks.reduce(0) { $0 + $1 % grid.columns }, y = blocks.reduce(0) { $0 + $1 / grid.columns }
        return ((Double(x) / count + 0.5) / Double(grid.columns), (Double(y) / count + 0.5) / Double(grid.rows))
    }

    /// The positions (0…1) between which all but the outer tenths lie.
    private static func middle(of histogram: [Int]) -> (low: Double, high: Double) {
        let total = histogram.reduce(0, +)
        var sum = 0
        var low = 0, high = histogram.count - 1
        for (index, count) in histogram.enumerated() {
            if sum * 10 <= total { low = index }
            if sum * 10 < total * 9 { high = index }
            sum += count
        }
        return (Double(low) / Double(histogram.count), Double(high + 1) / Double(histogram.count))
    }

    private static func third(_ position: Double) -> ClipMeasurements.Third {
        position < 0.38 ? .first : position > 0.62 ? .last : .middle
    }
}

extension BlockGrid {
    /// The groups of touching blocks (corners count) for which `isIn` holds.
    func groups(where isIn: (Int) -> Bool) -> [[Int]] {
        var open = (0..<count).map(isIn)
        var groups: [[Int]] = []
        for start in 0..<count where open[start] {
            open[start] = false
            var group = [start]
            var next = 0
            while next < group.count {
                for block in neighbours(of: group[next]) where open[block] {
                    open[block] = false
                    group.append(block)
                }
                next += 1
            }
            groups.append(group)
        }
        return groups
    }

    /// The up to eight blocks around one.
    private func neighbours(of block: Int) -> [Int] {
        let column = block % columns, row = block / columns
        var around: [Int] = []
        for y in max(row - 1, 0)...min(row + 1, rows - 1) {
            for x in max(column - 1, 0)...min(column + 1, columns - 1) where x != column || y != row { around.append(y * columns + x) }
        }
        return around
    }
}
