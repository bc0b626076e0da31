// What may be set for a camera.

import Domain
import Runtime
import Testing

@testable import Server

struct DeviceSettingsTests {
    private func json(_ text: String) throws -> JSON { try #require(JSON(parsing: Array(text.utf8))) }

    /// The settings after a patch of the defaults.
    private func patched(_ patch: String, maximumClipSeconds: Double = 120) throws -> DeviceSettings {
        try DeviceSettings(DeviceSettings().json.merging(try json(patch)), maximumClipSeconds: maximumClipSeconds)
    }

    @Test func `where nothing is set everything has its default`() throws {
        let expected = """
            {"motion":{"sensitivity":50,"regions":[],"threshold":null},"sound":{"enabled":true,"sensitivity":75},
            "clip":{"pre_roll_seconds":4,"post_roll_seconds":2,"max_seconds":60,"cooldown_seconds":5},
            "capture":{"facing":"environment","resolution":"480p","fps":30,"quality":"medium","audio":true,"torch":false},"preview_first":false}
            """
        #expect(DeviceSettings().json == (try json(expected)))
        #expect(try DeviceSettings(try json("{}"), maximumClipSeconds: 120) == DeviceSettings())
    }

    @Test func `a patch changes what it names, and null brings the default back`() throws {
        let region = #"{"kind":"ignore","name":"tree","points":[[0,0],[1,0.25],[0.5,1]]}"#
        let changed = try patched(#"{"motion":{"regions":[\#(region)],"threshold":0.01},"clip":{"post_roll_seconds":2.5},"preview_first":true}"#)
        #expect(changed.motion.regions.map(\.name) == ["tree"] && changed.motion.threshold == 0.01 && changed.motion.sensitivity == 50)
        #expect(changed.clip.postRoll == 2.5 && changed.clip.preRoll == 4 && changed.previewFirst)
        let again = try DeviceSettings(
            changed.json.merging(try json(#"{"motion":{"threshold":null},"clip":null}"#)), maximumClipSeconds: 120)
        #expect(again.motion.threshold == nil && again.motion.regions.count == 1 && again.clip == .init())
    }

    @Test func `what is written is read again`() throws {
        var settings = DeviceSettings()
        settings.motion.sensitivity = 0
        settings.motion.threshold = 0.0005
        settings.motion.regions = [.init(kind: .watch, name: "", points: [.init(x: 0, y: 0), .init(x: 1, y: 1), .init(x: 0.125, y: 0.75)])]
        settings.sound.isEnabled = false
        settings.clip.maximum = 5
        settings.capture.facing = .user
        settings.capture.resolution = .p1080
        settings.capture.hasTorch = true
        #expect(try DeviceSettings(try json(settings.json.text), maximumClipSeconds: 120) == settings)
    }

    @Test(arguments: [
        (#"{"colour":1}"#, "colour"), (#"{"motion":7}"#, "motion"), (#"{"motion":{"sensitivty":1}}"#, "motion.sensitivty"),
        (#"{"motion":{"sensitivity":101}}"#, "motion.sensitivity"), (#"{"motion":{"sensitivity":-1}}"#, "motion.sensitivity"),
        (#"{"motion":{"sensitivity":1.5}}"#, "motion.sensitivity"), (#"{"motion":{"sensitivity":"high"}}"#, "motion.sensitivity"),
        (#"{"motion":{"threshold":0}}"#, "motion.threshold"), (#"{"motion":{"threshold":0.6}}"#, "motion.threshold"),
        (#"{"motion":{"regions":{}}}"#, "motion.regions"), (#"{"motion":{"regions":[1]}}"#, "motion.regions[0]"),
        (#"{"motion":{"regions":[{"kind":"ignore"}]}}"#, "motion.regions[0].points"),
        (#"{"motion":{"regions":[{"kind":"ignore","points":[[0,0],[1,1]]}]}}"#, "motion.regions[0].points"),
        (#"{"motion":{"regions":[{"points":[[0,0],[1,1],[1,0]]}]}}"#, "motion.regions[0].kind"),
        (#"{"motion":{"regions":[{"kind":"mask","points":[[0,0],[1,1],[1,0]]}]}}"#, "motion.regions[0].kind"),
        (#"{"motion":{"regions":[{"kind":"watch","points":[[0,0],[1,1],[1,0,0]]}]}}"#, "motion.regions[0].points[2]"),
        (#"{"motion":{"regions":[{"kind":"watch","points":[[0,0],[1,1.1],[1,0]]}]}}"#, "motion.regions[0].points[1][1]"),
        (#"{"motion":{"regions":[{"kind":"watch","points":[[0,0],["1",1],[1,0]]}]}}"#, "motion.regions[0].points[1][0]"),
        (#"{"motion":{"regions":[{"kind":"watch","name":7,"points":[[0,0],[1,1],[1,0]]}]}}"#, "motion.regions[0].name"),
        (#"{"motion":{"regions":[{"kind":"watch","color":"red","points":[[0,0],[1,1],[1,0]]}]}}"#, "motion.regions[0].color"),
        (#"{"sound":{"enabled":1}}"#, "sound.enabled"), (#"{"sound":{"sensitivity":200}}"#, "sound.sensitivity"),
        (#"{"clip":{"pre_roll_seconds":0.5}}"#, "clip.pre_roll_seconds"), (#"{"clip":{"post_roll_seconds":31}}"#, "clip.post_roll_seconds"),
        (#"{"clip":{"max_seconds":4}}"#, "clip.max_seconds"), (#"{"clip":{"cooldown_seconds":301}}"#, "clip.cooldown_seconds"),
        (#"{"capture":{"facing":"left"}}"#, "capture.facing"), (#"{"capture":{"resolution":720}}"#, "capture.resolution"),
        (#"{"capture":{"fps":31}}"#, "capture.fps"), (#"{"capture":{"quality":"best"}}"#, "capture.quality"),
        (#"{"capture":{"audio":"yes"}}"#, "capture.audio"), (#"{"capture":{"torch":0}}"#, "capture.torch"),
        (#"{"preview_first":"no"}"#, "preview_first"),
    ])
    func `what cannot be is refused by its path`(patch: String, field: String) {
        let error = #expect(throws: APIError.self) { try patched(patch) }
        #expect(error?.status == 400 && error?.field == field)
    }

    @Test func `there are at most so many regions, points and characters`() {
        func region(points: Int, name: Int = 0) -> String {
            let list = (0..<points).map { "[0,\($0 % 2)]" }.joined(separator: ",")
            return #"{"kind":"watch","name":"\#(String(repeating: "ü", count: name))","points":[\#(list)]}"#
        }
        func field(_ regions: [String]) -> String? {
            do {
                _ = try patched(#"{"motion":{"regions":[\#(regions.joined(separator: ","))]}}"#)
                return nil
            } catch {
                return (error as? APIError)?.field
            }
        }
        #expect(field(Array(repeating: region(points: 32, name: 40), count: 16)) == nil)
        #expect(field(Array(repeating: region(points: 3), count: 17)) == "motion.regions")
        #expect(field([region(points: 3), region(points: 33)]) == "motion.regions[1].points")
        #expect(field([region(points: 3, name: 41)]) == "motion.regions[0].name")
    }

    @Test func `no clip is longer than the hub takes`() throws {
        #expect(try DeviceSettings(.object([:]), maximumClipSeconds: 30).clip.maximum == 30)
        #expect(throws: APIError.self) { try patched(#"{"clip":{"max_seconds":31}}"#, maximumClipSeconds: 30) }
    }
}
