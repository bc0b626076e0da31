// A JPEG of what a camera sees now.

import Domain
import Loop
import Media
import Runtime

/// Live streams, as routes see them; answered by the socket side.
protocol LiveSource: Sendable {
    func counts() async -> RealtimeCounts
    /// Connections that watch live.
    func viewers(in scope: AccountScope) async -> Int

    /// The newest picture of a camera, waited for if need be.
    ///
    /// - Throws: an `APIError`.
    func picture(of device: DeviceID, in scope: AccountScope) async throws -> LivePicture
}

/// Makes snapshots off the loop: few at a time, one per camera, and one for all who ask for the same within `Limits.snapshotSeconds`.
actor Snapshots {
    static let maximumWidth = 1280
    private static let quality = 4
    private static let threads = 2
    /// Snapshots that are kept to be used again.
    private static let maximumKept = 256

    private struct Camera: Hashable {
        let account: AccountID
        let device: DeviceID
    }

    private struct Key: Hashable {
        let camera: Camera
        let width: Int
    }

    private struct Entry {
        let task: Task<[UInt8], any Error>
        /// `nil` while it is being made.
        var doneAt: Timestamp?
    }

    private let source: any LiveSource
    private let limits: ServerConfiguration.Limits
    private let metrics: Metrics
    private let clock: WallClock
    private let pool = ThreadPool(name: "snapshot", threads: Snapshots.threads)
    private let log = Log("snapshot")
    private var entries: [Key: Entry] = [:]
    /// The newest of each camera, which the next one waits for.
    private var last: [Camera: Key] = [:]

    init(source: any LiveSource, limits: ServerConfiguration.Limits, metrics: Metrics, clock: WallClock) {
        self.source = source
        self.limits = limits
        self.metrics = metrics
        self.clock = clock
    }

    /// - Parameter width: at most so many pixels.
    /// - Throws: an `APIError`.
    func jpeg(of device: DeviceID, in scope: AccountScope, width: Int) async throws -> [UInt8] {
        let camera = Camera(account: scope.account, device: device), key = Key(camera: camera, width: width)
        forgetOld()
        if let entry = entries[key] { return try await entry.task.value }
        let underWay = entries.filter { $0.value.doneAt == nil }
        guard underWay.count < limits.maximumSnapshots,
            underWay.count(where: { $0.key.camera.account == scope.account }) < limits.maximumSnapshotsPerAccount
        else {
            metrics.refused(by: "snapshots")
            throw APIError(status: 503, code: "busy", message: "many snapshots are being made; try again in a moment")
        }
        let before = last[camera].flatMap { entries[$0]?.task }
        let task = Task { [self] in
            do {
                // Waiting for the camera is done side by side, decoding one after another.
                let picture = try await source.picture(of: device, in: scope)
                _ = await before?.result
                let jpeg = try await decode(picture, of: device, width: width)
                finished(key, isGood: true)
                return jpeg
            } catch {
                finished(key, isGood: false)
                throw error
            }
        }
        entries[key] = Entry(task: task)
        last[camera] = key
        return try await task.value
    }

    private func decode(_ picture: LivePicture, of device: DeviceID, width: Int) async throws -> [UInt8] {
        do {
            return try await pool.run {
                func payload(_ message: MessageBuffer) -> [UInt8] { Array(message.bytes.dropFirst(FrameHeader.size)) }
                return try Stills.jpeg(
                    configuration: picture.configuration.map(payload) ?? [], pictures: picture.pictures.map(payload), maximumWidth: width,
                    quality: Self.quality)
            }
        } catch let error as MediaError {
            log.warning("a snapshot cannot be made", ["device": device.rawValue, "error": error.debugDescription])
            throw APIError(status: 502, code: "undecodable", message: "the camera's picture cannot be used: \(error.reason)")
        }
    }

    private func finished(_ key: Key, isGood: Bool) {
        guard isGood else { return forget(key) }
        entries[key]?.doneAt = now
        // Also when nobody asks again.
        Task { [self] in
            try? await Task.sleep(for: .seconds(limits.snapshotSeconds + 1))
            forgetOld()
        }
    }

    private func forget(_ key: Key) {
        entries[key] = nil
        if last[key.camera] == key { last[key.camera] = nil }
    }

    private func forgetOld() {
        let now = now
        for (key, entry) in entries {
            guard let doneAt = entry.doneAt, !(0..<limits.snapshotSeconds).contains(now.seconds(since: doneAt)) else { continue }
            forget(key)
        }
        let done = entries.compactMap { key, entry in entry.doneAt.map { (key, $0) } }
        for (key, _) in done.sorted(by: { $0.1 < $1.1 }).prefix(max(0, done.count - Self.maximumKept)) { forget(key) }
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }
}
