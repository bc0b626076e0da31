import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct DeviceSettingsRowsTests {
    @Test(arguments: TestDatabase.kinds) func `who is slower with a change is told, and changes nothing`(kind: TestDatabase.Kind) async throws {
        let fixture = try await StoreFixture(kind)
        let rows = fixture.store.deviceSettings, device = fixture.device
        func replace(_ revision: Int64, _ text: String) async throws -> Bool {
            try await rows.replace(device, revision: revision, with: text, in: fixture.ours, now: fixture.now)
        }
        #expect(try await rows.find(device, in: fixture.ours) == nil)
        #expect(try await !replace(1, "never"))
        #expect(try await replace(0, "one"))
        #expect(try await !replace(0, "also one"))
        #expect(try await replace(1, "two"))
        #expect(try await !replace(1, "also two"))
        let stored = try #require(try await rows.find(device, in: fixture.ours))
        #expect(stored.revision == 2 && stored.text == "two")
        // Another account's device of that name has its own.
        #expect(try await rows.find(device, in: fixture.theirs) == nil)
        let published = try await fixture.store.outbox.entries().filter { $0.kind == .deviceSettings }
        #expect(published.map(\.subject) == [device.rawValue, device.rawValue])
        await fixture.store.close()
    }
}
