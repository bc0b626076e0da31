// The settings of a device, as they are answered and as they are changed.

import Domain

extension Schema {
    private typealias Bounds = DeviceSettings.Bounds

    private static let region = object(
        [
            "kind": words(DeviceSettings.Region.Kind.self),
            "name": string(Bounds.nameCharacters, pattern: #"^[^\x00-\x1f\x7f]*$"#).optional,
            "points": list(list(number(Bounds.coordinate), 2...2).about("x and y, in widths and heights of the picture"), Bounds.points),
        ], isClosed: true)

    private static let motion: KeyValuePairs<String, Schema> = [
        "sensitivity": integer(Bounds.sensitivity), "regions": list(region, Bounds.regions),
        "threshold": number(Bounds.threshold).orNull.about("The share of the picture that has to move, instead of what `sensitivity` stands for"),
    ]
    private static let sound: KeyValuePairs<String, Schema> = ["enabled": boolean, "sensitivity": integer(Bounds.sensitivity)]
    private static let clip: KeyValuePairs<String, Schema> = [
        "pre_roll_seconds": number(Bounds.preRoll), "post_roll_seconds": number(Bounds.postRoll), "max_seconds": number(Bounds.maximum),
        "cooldown_seconds": number(Bounds.cooldown),
    ]
    private static let capture: KeyValuePairs<String, Schema> = [
        "facing": words(DeviceSettings.Capture.Facing.self), "resolution": words(DeviceSettings.Capture.Resolution.self),
        "fps": integer(Bounds.fps), "quality": words(DeviceSettings.Capture.Quality.self), "audio": boolean, "torch": boolean,
    ]

    static let settings = named(
        "Settings",
        object([
            "revision": count.about("Counts changes; 0: nothing was ever set"), "motion": object(motion), "sound": object(sound),
            "clip": object(clip), "capture": object(capture), "preview_first": boolean,
        ]))

    static let settingsPatch = named(
        "SettingsPatch",
        object(
            [
                "revision": count.optional.about("Of the settings that the change was made on"), "motion": patch(motion), "sound": patch(sound),
                "clip": patch(clip), "capture": patch(capture), "preview_first": boolean.optional,
            ], isClosed: true
        ).about("A merge patch (RFC 7396): what is named changes, null is the default, a list takes the place of the one before"))

    private static func patch(_ fields: KeyValuePairs<String, Schema>) -> Schema {
        Schema(.object(fields.map { (name: $0.key, value: $0.value.optional) }, isClosed: true)).optional
    }

    /// `{command, args?}`, one for each command.
    static let command = named("Command", oneOf(RemoteCommand.Name.allCases.map(command)))

    private static func command(_ name: RemoteCommand.Name) -> Schema {
        let arguments: Schema =
            switch name {
            case .start, .stop, .record, .relearn: object([:], isClosed: true).optional
            case .torch: object(["on": boolean], isClosed: true)
            case .siren: object(["on": boolean, "seconds": integer(RemoteCommand.sirenSeconds).optional], isClosed: true)
            case .camera: object(["facing": words(DeviceSettings.Capture.Facing.self)], isClosed: true)
            }
        return object(["command": words([name.rawValue]), "args": arguments])
    }
}
