// Pictures made by rule, to measure.

import Domain
import TestSupport

/// A textured room of 160×90 in which a textured box may move and the light may change.
struct SyntheticScene {
    var seconds = 4.0
    var framesPerSecond = 5.0
    /// Position of the box's upper left corner, in shares of the picture, or `nil` while it is not there.
    var box: @Sendable (_ seconds: Double) -> (x: Double, y: Double)? = { _ in nil }
    /// Gain and offset of the light.
    var light: @Sendable (_ seconds: Double) -> (gain: Double, offset: Double) = { _ in (1, 0) }
    /// Greatest deviation of a pixel by noise.
    var noise = 2
    var boxSize = 23

    static let width = 160
    static let height = 90

    var frames: [ClipMeasurements.Frame] {
        var random = SeededGenerator(seed: 7)
        return (0..<Int(seconds * framesPerSecond)).map { index in
            let time = Double(index) / framesPerSecond
            let light = light(time)
            let corner = box(time).map { (x: Int($0.x * Double(Self.width)), y: Int($0.y * Double(Self.height))) }
            var luma = [UInt8]()
            luma.reserveCapacity(Self.width * Self.height)
            for y in 0..<Self.height {
                for x in 0..<Self.width {
                    var value = 90 + Double((x / 7 + y / 5) % 4) * 18 + Double(x) / 5
                    if let corner, (corner.x..<corner.x + boxSize).contains(x), (corner.y..<corner.y + boxSize).contains(y) {
                        value = 30 + Double((x - corner.x) / 3 % 2) * 40
                    }
                    let grain = Double(Int(random.next() % UInt64(2 * noise + 1)) - noise)
                    luma.append(UInt8(min(max(value * light.gain + light.offset + grain, 0), 255)))
                }
            }
            return ClipMeasurements.Frame(seconds: time, width: Self.width, height: Self.height, luma: luma)
        }
    }

    func measured(sounds: [ClipMeasurements.Sound] = []) -> ClipMeasurements { ClipMeasurements(frames: frames, sounds: sounds) }
}
