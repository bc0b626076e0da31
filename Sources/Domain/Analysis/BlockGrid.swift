// How much the structure of two pictures differs, block by block, with the light taken out.

/// Compares pictures on a grid of blocks.
///
/// A change of light scales and shifts luma; movement changes what is where. So a gain and an offset for the whole picture are fitted
/// robustly first, each block may deviate from that gain within bounds (light falls unevenly, and cameras bend their response), and
/// only what is left over counts.
struct BlockGrid {
    let width: Int
    let height: Int
    let columns: Int
    let rows: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        columns = min(max(width / 6, 1), 24)
        rows = min(max(height / 6, 1), 14)
    }

    var count: Int { columns * rows }

    /// Pixel ranges of a block.
    func bounds(column: Int, row: Int) -> (x: Range<Int>, y: Range<Int>) {
        (column * width / columns..<(column + 1) * width / columns, row * height / rows..<(row + 1) * height / rows)
    }

    /// The mean luma of each block.
    func means(of luma: [UInt8]) -> [Float] {
        var means = [Float](repeating: 0, count: count)
        luma.withUnsafeBufferPointer { luma in
            for row in 0..<rows {
                for column in 0..<columns {
                    let (xs, ys) = bounds(column: column, row: row)
                    var sum = 0
                    for y in ys {
                        let line = y * width
                        for x in xs { sum += Int(luma[line + x]) }
                    }
                    means[row * columns + column] = Float(sum) / Float(xs.count * ys.count)
                }
            }
        }
        return means
    }

    /// What is left of each block's difference when the light is taken out.
    func changes(
        from old: (luma: [UInt8], means: [Float]), to new: (luma: [UInt8], means: [Float]), light: LightFit
    ) -> [BlockChange] {
        var changes = [BlockChange](repeating: BlockChange(), count: count)
        old.luma.withUnsafeBufferPointer { a in
            new.luma.withUnsafeBufferPointer { b in
                for block in 0..<count {
                    let (xs, ys) = bounds(column: block % columns, row: block / columns)
                    let meanA = old.means[block], meanB = new.means[block]
                    var aa: Float = 0, bb: Float = 0, ab: Float = 0
                    for y in ys {
                        let line = y * width
                        for x in xs {
                            let p = Float(a[line + x]) - meanA, q = Float(b[line + x]) - meanB
                            aa += p * p
                            bb += q * q
                            ab += p * q
                        }
                    }
                    let gain = min(max(aa > 0 ? ab / aa : light.gain, light.gain * 0.5), light.gain * 2)
                    let energy = max(bb - 2 * gain * ab + gain * gain * aa, 0)
                    let isClipped = min(meanA, meanB) < 3 || max(meanA, meanB) > 252
                    changes[block] = BlockChange(
                        structure: isClipped ? 0 : (energy / Float(xs.count * ys.count)).squareRoot(),
                        level: isClipped ? 0 : abs(meanB - (light.gain * meanA + light.offset)))
                }
            }
        }
        return changes
    }
}

/// One block's difference between two pictures, in luma levels.
struct BlockChange {
    /// Root mean square of what no change of light explains.
    var structure: Float = 0
    /// By how much its mean left what the light of the whole picture explains.
    var level: Float = 0
}

/// `new = gain * old + offset`, fitted to block means so that the blocks that really changed do not pull it.
struct LightFit {
    private(set) var gain: Float = 1
    private(set) var offset: Float = 0

    /// By how much medium grey became lighter or darker, in luma levels.
    var shift: Float { abs(gain * 128 + offset - 128) }

    init(from old: [Float], to new: [Float]) {
        offset = Self.median(zip(old, new).map { $1 - $0 })
        var used = Array(old.indices)
        for _ in 0..<3 {
            // The better-fitting 60 % are taken to be background.
            used = old.indices.sorted { error($0, old, new) < error($1, old, new) }
            used.removeLast(used.count * 2 / 5)
            fit(used, old, new)
        }
    }

    private func error(_ block: Int, _ old: [Float], _ new: [Float]) -> Float { abs(new[block] - gain * old[block] - offset) }

    private mutating func fit(_ used: [Int], _ old: [Float], _ new: [Float]) {
        let count = Float(used.count)
        let meanOld = used.reduce(0) { $0 + old[$1] } / count, meanNew = used.reduce(0) { $0 + new[$1] } / count
        let variance = used.reduce(0) { $0 + (old[$1] - meanOld) * (old[$1] - meanOld) } / count
        let covariance = used.reduce(0) { $0 + (old[$1] - meanOld) * (new[$1] - meanNew) } / count
        // A picture without contrast says nothing about a gain.
        gain = variance > 4 ? min(max(covariance / variance, 0.2), 5) : 1
        offset = meanNew - gain * meanOld
    }

    private static func median(_ values: [Float]) -> Float { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
}
