// What people set for a camera, and what they ask of it.

import Domain
import FoundationEssentials
import Runtime
import Store

/// Gives commands to connected cameras; answered by the socket side.
protocol RemoteControl: Sendable {
    /// - Returns: `{ok, message, data}`, as the camera answered.
    /// - Throws: an `APIError`.
    func command(_ command: RemoteCommand, to device: DeviceID, in scope: AccountScope) async throws -> JSON
    /// Asks for a clip that the phone has kept.
    ///
    /// - Throws: an `APIError`.
    func request(_ event: EventID, of device: DeviceID, in scope: AccountScope) async throws
}

struct DeviceControl: Sendable {
    let store: Store
    let cameras: any RemoteControl
    let limits: ServerConfiguration.Limits
    let clock: WallClock

    /// So often others may be faster with a change of their own.
    private static let maximumTries = 10

    /// - Throws: 404 where the account has no such device.
    func settings(of device: DeviceID, in scope: AccountScope) async throws -> JSON {
        try await requireDevice(device, in: scope)
        let (settings, revision) = try await current(device, in: scope)
        return Self.present(settings, revision: revision)
    }

    /// - Parameter patch: a merge patch (RFC 7396); its `revision`, if it has one, is that of the settings it was made for.
    /// - Throws: 400 with the path of the field, 409 when the settings were changed meanwhile.
    func change(_ device: DeviceID, by patch: JSON, in scope: AccountScope) async throws -> JSON {
        try await requireDevice(device, in: scope)
        guard case .object(var changes) = patch else {
            throw APIError(status: 400, code: "invalid_json", message: "a JSON object is expected")
        }
        let wanted = try Fields(patch).optionalInteger("revision", in: 0...Int64.max)
        changes["revision"] = nil
        // Merged, a field that there is not would be gone where it is null.
        _ = try DeviceSettings(.object(changes), maximumClipSeconds: limits.maximumClipSeconds)
        for _ in 0..<Self.maximumTries {
            let (before, revision) = try await current(device, in: scope)
            if let wanted, wanted != revision {
                throw APIError(
                    status: 409, code: "settings_changed", message: "revision: the settings were changed meanwhile; they are at \(revision)",
                    field: "revision")
            }
            let after = try DeviceSettings(before.json.merging(.object(changes)), maximumClipSeconds: limits.maximumClipSeconds)
            if after == before { return Self.present(before, revision: revision) }
            let now = Timestamp(milliseconds: clock.milliseconds)
            if try await store.deviceSettings.replace(device, revision: revision, with: after.json.text, in: scope, now: now) {
                return Self.present(after, revision: revision + 1)
            }
        }
        throw StoreError.contention
    }

    func command(_ command: RemoteCommand, to device: DeviceID, in scope: AccountScope) async throws -> JSON {
        try await requireDevice(device, in: scope)
        return try await cameras.command(command, to: device, in: scope)
    }

    private func requireDevice(_ device: DeviceID, in scope: AccountScope) async throws {
        guard try await store.devices.find(device, in: scope) != nil else { throw APIError.notFound("device") }
    }

    private func current(_ device: DeviceID, in scope: AccountScope) async throws -> (settings: DeviceSettings, revision: Int64) {
        let stored = try await store.deviceSettings.find(device, in: scope)
        return (try read(stored?.text ?? "{}"), stored?.revision ?? 0)
    }

    /// What was written by this hub, or by one whose limit was another.
    private func read(_ text: String) throws -> DeviceSettings {
        guard let json = JSON(parsing: text.utf8) else { throw StoreError.unreadableRow(table: "device_settings", column: "settings") }
        do {
            var settings = try DeviceSettings(json, maximumClipSeconds: DeviceSettings.Bounds.maximum.upperBound)
            settings.clip.maximum = min(settings.clip.maximum, limits.maximumClipSeconds)
            return settings
        } catch {
            throw StoreError.unreadableRow(table: "device_settings", column: error.field ?? "settings")
        }
    }

    private static func present(_ settings: DeviceSettings, revision: Int64) -> JSON {
        settings.json.merging(["revision": .integer(revision)])
    }
}
