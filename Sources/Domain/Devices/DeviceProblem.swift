// What can be wrong with a phone that watches, as it says itself.

/// The problems that people are told of. A phone may report others, which are only shown.
public enum DeviceProblem: String, CaseIterable, Hashable, Sendable {
    /// No new pictures come.
    case frozen
    case trackEnded = "track_ended"
    case trackMuted = "track_muted"
    case pageHidden = "page_hidden"
    case wakeLockLost = "wake_lock_lost"
    case storageLow = "storage_low"
    case batteryLow = "battery_low"
    case encoderSlow = "encoder_slow"
    case covered
    case moved
    case clockWrong = "clock_wrong"

    /// Whether nothing is seen while it lasts, or somebody is at the camera.
    public var isUrgent: Bool {
        switch self {
        case .frozen, .trackEnded, .covered, .moved: true
        case .trackMuted, .pageHidden, .wakeLockLost, .storageLow, .batteryLow, .encoderSlow, .clockWrong: false
        }
    }

    /// A clause that "for a minute" can follow.
    public var words: String {
        switch self {
        case .frozen: "the picture has been frozen"
        case .trackEnded: "the phone has taken the camera away"
        case .trackMuted: "the phone has muted the camera"
        case .pageHidden: "the page has been in the background"
        case .wakeLockLost: "the screen has not been kept awake"
        case .storageLow: "the phone's storage has been nearly full"
        case .batteryLow: "the battery has been low"
        case .encoderSlow: "the phone has been too slow to record everything"
        case .covered: "the camera has been covered"
        case .moved: "the camera has been out of its place"
        case .clockWrong: "the phone's clock has been wrong"
        }
    }
}
