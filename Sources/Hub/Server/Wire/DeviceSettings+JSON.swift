// The settings of a device on the wire and in the database (docs/API.md, "settings").

import Domain
import Runtime

extension DeviceSettings {
    /// - Parameter maximumClipSeconds: the hub's own limit, which no device's passes.
    /// - Throws: what names the first field that cannot be.
    init(_ json: JSON, maximumClipSeconds: Double) throws(APIError) {
        self.init()
        let fields = try KnownFields(json, at: "", ["motion", "sound", "clip", "capture", "preview_first"])
        if let json = fields.value("motion") { motion = try Motion(json) }
        if let json = fields.value("sound") { sound = try Sound(json) }
        clip.maximum = min(clip.maximum, maximumClipSeconds)
        if let json = fields.value("clip") { clip = try Clip(json, maximumClipSeconds: maximumClipSeconds) }
        if let json = fields.value("capture") { capture = try Capture(json) }
        previewFirst = try fields.bool("preview_first") ?? previewFirst
    }

    /// Every field, be it as it always was.
    var json: JSON {
        [
            "motion": [
                "sensitivity": .integer(motion.sensitivity), "regions": .array(motion.regions.map(\.json)),
                "threshold": motion.threshold.map { .number($0) } ?? .null,
            ],
            "sound": ["enabled": .bool(sound.isEnabled), "sensitivity": .integer(sound.sensitivity)],
            "clip": [
                "pre_roll_seconds": .short(clip.preRoll), "post_roll_seconds": .short(clip.postRoll), "max_seconds": .short(clip.maximum),
                "cooldown_seconds": .short(clip.cooldown),
            ],
            "capture": [
                "facing": .string(capture.facing.rawValue), "resolution": .string(capture.resolution.rawValue), "fps": .integer(capture.fps),
                "quality": .string(capture.quality.rawValue), "audio": .bool(capture.hasAudio), "torch": .bool(capture.hasTorch),
            ],
            "preview_first": .bool(previewFirst),
        ]
    }
}

extension DeviceSettings.Motion {
    init(_ json: JSON) throws(APIError) {
        self.init()
        let fields = try KnownFields(json, at: "motion", ["sensitivity", "regions", "threshold"])
        sensitivity = try fields.integer("sensitivity", in: DeviceSettings.Bounds.sensitivity) ?? sensitivity
        for (path, region) in try fields.list("regions", count: DeviceSettings.Bounds.regions, of: "regions") ?? [] {
            regions.append(try DeviceSettings.Region(region, at: path))
        }
        threshold = try fields.number("threshold", in: DeviceSettings.Bounds.threshold)
    }
}

extension DeviceSettings.Region {
    init(_ json: JSON, at path: String) throws(APIError) {
        let fields = try KnownFields(json, at: path, ["kind", "name", "points"])
        var points: [DeviceSettings.Point] = []
        for (path, point) in try fields.required("points", fields.list("points", count: DeviceSettings.Bounds.points, of: "points")) {
            guard case .array(let pair) = point, pair.count == 2 else { throw .invalid(path, "a pair of numbers, x and y, is expected") }
            points.append(
                DeviceSettings.Point(
                    x: try KnownFields.number(pair[0], at: "\(path)[0]", in: DeviceSettings.Bounds.coordinate),
                    y: try KnownFields.number(pair[1], at: "\(path)[1]", in: DeviceSettings.Bounds.coordinate)))
        }
        self.init(
            kind: try fields.required("kind", fields.word("kind")),
            name: try fields.text("name", characters: DeviceSettings.Bounds.nameCharacters) ?? "", points: points)
    }

    var json: JSON {
        [
            "kind": .string(kind.rawValue), "name": .string(name),
            "points": .array(points.map { .array([.short($0.x), .short($0.y)]) }),
        ]
    }
}

extension DeviceSettings.Sound {
    init(_ json: JSON) throws(APIError) {
        self.init()
        let fields = try KnownFields(json, at: "sound", ["enabled", "sensitivity"])
        isEnabled = try fields.bool("enabled") ?? isEnabled
        sensitivity = try fields.integer("sensitivity", in: DeviceSettings.Bounds.sensitivity) ?? sensitivity
    }
}

extension DeviceSettings.Clip {
    init(_ json: JSON, maximumClipSeconds: Double) throws(APIError) {
        self.init()
        let fields = try KnownFields(json, at: "clip", ["pre_roll_seconds", "post_roll_seconds", "max_seconds", "cooldown_seconds"])
        let bounds = DeviceSettings.Bounds.self
        let maxima = bounds.maximum.lowerBound...max(bounds.maximum.lowerBound, min(bounds.maximum.upperBound, maximumClipSeconds))
        preRoll = try fields.number("pre_roll_seconds", in: bounds.preRoll) ?? preRoll
        postRoll = try fields.number("post_roll_seconds", in: bounds.postRoll) ?? postRoll
        maximum = try fields.number("max_seconds", in: maxima) ?? min(maximum, maxima.upperBound)
        cooldown = try fields.number("cooldown_seconds", in: bounds.cooldown) ?? cooldown
    }
}

extension DeviceSettings.Capture {
    init(_ json: JSON) throws(APIError) {
        self.init()
        let fields = try KnownFields(json, at: "capture", ["facing", "resolution", "fps", "quality", "audio", "torch"])
        facing = try fields.word("facing") ?? facing
        resolution = try fields.word("resolution") ?? resolution
        fps = try fields.integer("fps", in: DeviceSettings.Bounds.fps) ?? fps
        quality = try fields.word("quality") ?? quality
        hasAudio = try fields.bool("audio") ?? hasAudio
        hasTorch = try fields.bool("torch") ?? hasTorch
    }
}
