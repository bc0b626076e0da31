// How a camera is to watch: what a person set for one device.

/// The settings of a device. What is not set has its default, so that every camera has all of them.
public struct DeviceSettings: Hashable, Sendable {
    public var motion = Motion()
    public var sound = Sound()
    public var clip = Clip()
    public var capture = Capture()
    /// Stills go up first, and the clip only when the hub wants it.
    public var previewFirst = false

    public init() {}

    public struct Motion: Hashable, Sendable {
        /// 0 (hardly anything triggers) … 100.
        public var sensitivity: Int64 = 50
        public var regions: [Region] = []
        /// Share of the picture that has to move, in place of what `sensitivity` stands for.
        public var threshold: Double?

        public init() {}
    }

    /// A polygon of the picture.
    public struct Region: Hashable, Sendable {
        public enum Kind: String, CaseIterable, Hashable, Sendable {
            /// What moves here does not trigger.
            case ignore
            /// Where there are such, only what moves in them triggers.
            case watch
        }

        public var kind: Kind
        public var name: String
        public var points: [Point]

        public init(kind: Kind, name: String, points: [Point]) {
            self.kind = kind
            self.name = name
            self.points = points
        }
    }

    /// From the top left corner, in widths and heights of the picture.
    public struct Point: Hashable, Sendable {
        public var x: Double
        public var y: Double

        public init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    public struct Sound: Hashable, Sendable {
        public var isEnabled = true
        /// 0 … 100.
        public var sensitivity: Int64 = 75

        public init() {}
    }

    /// Seconds.
    public struct Clip: Hashable, Sendable {
        /// Before the trigger.
        public var preRoll = 4.0
        /// After the last movement.
        public var postRoll = 2.0
        public var maximum = 60.0
        /// After a clip, until the same may trigger another.
        public var cooldown = 5.0

        public init() {}
    }

    public struct Capture: Hashable, Sendable {
        public enum Facing: String, CaseIterable, Hashable, Sendable { case environment, user }

        public enum Resolution: String, CaseIterable, Hashable, Sendable {
            case p480 = "480p"
            case p720 = "720p"
            case p1080 = "1080p"
        }

        public enum Quality: String, CaseIterable, Hashable, Sendable { case low, medium, high }

        public var facing = Facing.environment
        public var resolution = Resolution.p480
        public var fps: Int64 = 30
        public var quality = Quality.medium
        public var hasAudio = true
        public var hasTorch = false

        public init() {}
    }

    /// What each may be.
    public enum Bounds {
        public static let sensitivity: ClosedRange<Int64> = 0...100
        public static let threshold = 0.0005...0.5
        public static let regions = 0...16
        public static let nameCharacters = 0...40
        public static let points = 3...32
        public static let coordinate = 0.0...1.0
        public static let preRoll = 1.0...10.0
        public static let postRoll = 1.0...30.0
        public static let maximum = 5.0...120.0
        public static let cooldown = 0.0...300.0
        public static let fps: ClosedRange<Int64> = 5...30
    }
}
