// What somebody at another screen may ask of a camera.

public enum RemoteCommand: Hashable, Sendable {
    /// Begin to watch.
    case start
    /// Stop watching.
    case stop
    /// Record a clip now.
    case record
    case torch(isOn: Bool)
    case siren(isOn: Bool, seconds: Int64)
    /// Use the camera on this side of the phone.
    case camera(DeviceSettings.Capture.Facing)
    /// Forget what the picture usually looks like.
    case relearn

    /// Without their arguments, on the wire.
    public enum Name: String, CaseIterable, Hashable, Sendable { case start, stop, record, torch, siren, camera, relearn }

    public static let sirenSeconds: ClosedRange<Int64> = 1...60
    /// Of a siren that nobody gave a time.
    public static let defaultSirenSeconds: Int64 = 10

    public var name: Name {
        switch self {
        case .start: .start
        case .stop: .stop
        case .record: .record
        case .torch: .torch
        case .siren: .siren
        case .camera: .camera
        case .relearn: .relearn
        }
    }
}
