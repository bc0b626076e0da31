// What can be measured of a clip without a model: movement, light and sound.

/// The numbers behind a built-in analysis.
public struct ClipMeasurements: Hashable, Sendable {
    /// One sampled picture.
    public struct Frame: Sendable {
        /// Position in the clip.
        public let seconds: Double
        /// Luma, 0 (black) to 255 (white), row by row, `width * height` of them.
        public let luma: [UInt8]
        public let width: Int
        public let height: Int

        public init(seconds: Double, width: Int, height: Int, luma: [UInt8]) {
            precondition(luma.count == width * height && width > 0 && height > 0)
            self.seconds = seconds
            self.width = width
            self.height = height
            self.luma = luma
        }
    }

    /// The loudness of one short stretch of sound.
    public struct Sound: Hashable, Sendable {
        /// Position in the clip.
        public let seconds: Double
        /// Root mean square in decibels of full scale: 0 is the loudest there is, −90 is silence.
        public let decibels: Double

        public init(seconds: Double, decibels: Double) {
            self.seconds = seconds
            self.decibels = decibels
        }
    }

    /// Third of the picture in one direction.
    public enum Third: Int, Hashable, Sendable, CaseIterable { case first, middle, last }

    /// Where in the picture the movement was.
    public enum Region: Hashable, Sendable {
        /// Over most of its width.
        case across
        case place(column: Third, row: Third)
    }

    /// Where movement went that travelled through the picture.
    public enum Direction: Hashable, Sendable { case left, right, up, down }

    public enum Brightness: Int, Hashable, Sendable, CaseIterable { case dark, dim, normal, bright }

    public enum Loudness: Int, Hashable, Sendable, CaseIterable { case quiet, audible, loud }

    /// Share of the picture that moved when most of it did, 0…1.
    public var peakMovedShare: Double
    /// The same, averaged over the seconds with movement.
    public var averageMovedShare: Double
    public var movedSeconds: Double
    /// `nil` without movement.
    public var region: Region?
    /// `nil` when the movement stayed where it was, or went to and fro.
    public var direction: Direction?
    /// `nil` when there was no picture.
    public var brightness: Brightness?
    /// The light changed by a step while the scene stayed.
    public var lightChanged: Bool
    /// `nil` when the clip has no sound track.
    public var loudness: Loudness?
    /// Seconds with sound that stands out.
    public var soundSeconds: Double

    public init(
        peakMovedShare: Double = 0, averageMovedShare: Double = 0, movedSeconds: Double = 0, region: Region? = nil,
        direction: Direction? = nil, brightness: Brightness? = nil, lightChanged: Bool = false, loudness: Loudness? = nil,
        soundSeconds: Double = 0
    ) {
        self.peakMovedShare = peakMovedShare
        self.averageMovedShare = averageMovedShare
        self.movedSeconds = movedSeconds
        self.region = region
        self.direction = direction
        self.brightness = brightness
        self.lightChanged = lightChanged
        self.loudness = loudness
        self.soundSeconds = soundSeconds
    }

    /// Measures a clip from its sampled pictures (about five a second, all of one size, in order) and its sound.
    public init(frames: [Frame], sounds: [Sound]) {
        self.init()
        measureMotion(frames)
        measureLight(frames)
        measureSound(sounds)
    }

    public var hasMovement: Bool { movedSeconds > 0 }
    public var hasSound: Bool { soundSeconds > 0 }
}
