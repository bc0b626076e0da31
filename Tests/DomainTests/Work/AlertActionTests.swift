import Domain
import TestSupport
import Testing

struct AlertActionTests {
    private static let uuid = "01936f3e-8a7b-7c3d-9e2f-0123456789ab"
    private let delivery = DeliveryID(trusted: uuid)

    @Test(arguments: [
        (AlertAction.snooze(minutes: 10), "s10:"), (.snooze(minutes: 30), "s30:"), (.snooze(minutes: 60), "s60:"), (.falseAlarm, "fa:"),
    ])
    func `every action comes back as it went out, within 64 bytes`(action: AlertAction, prefix: String) throws {
        let data = try #require(action.callbackData(for: delivery))
        #expect(data == prefix + Self.uuid)
        #expect(data.utf8.count <= 64)
        let parsed = try #require(AlertAction.parse(data))
        #expect(parsed.action == action && parsed.delivery == delivery)
    }

    @Test func `the buttons are all there`() {
        #expect(AlertAction.allCases == [.snooze(minutes: 10), .snooze(minutes: 30), .snooze(minutes: 60), .falseAlarm])
    }

    @Test func `what cannot come back does not go out`() {
        #expect(AlertAction.snooze(minutes: 11).callbackData(for: delivery) == nil)
        for id in ["", "a", String(repeating: "a", count: 36), Self.uuid.uppercased(), Self.uuid + "0", "é" + Self.uuid.dropFirst()] {
            #expect(AlertAction.falseAlarm.callbackData(for: DeliveryID(trusted: id)) == nil)
        }
    }

    @Test(arguments: [
        "", ":", "fa", "fa:", "fa:x", "s10", "s20:\(uuid)", "s010:\(uuid)", "s10 :\(uuid)", "S10:\(uuid)", "fa:\(uuid) ", " fa:\(uuid)",
        "fa::\(uuid)", "fa:\(uuid):", "fa:\(uuid)\n", "fa:\(uuid)\u{0}", "fa:\(uuid.uppercased())", "\(uuid)", ":\(uuid)", "s10:fa:\(uuid)",
        "s10:\(uuid.replacing("-", with: "_"))", "ｆa:\(uuid)", "f\u{e1}:\(uuid)", "s+10:\(uuid)",
    ])
    func `nothing else is an action`(data: String) {
        #expect(AlertAction.parse(data) == nil)
    }

    @Test func `noise is no action`() throws {
        var random = SeededGenerator(seed: 11)
        let valid = Array("s30:\(Self.uuid)".utf8)
        for _ in 0..<2000 {
            var bytes = valid
            for _ in 0...Int.random(in: 0..<3, using: &random) { bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random) }
            let data = String(decoding: bytes, as: UTF8.self)
            guard let parsed = AlertAction.parse(data) else { continue }
            #expect(parsed.action.callbackData(for: parsed.delivery) == data)
        }
    }
}
