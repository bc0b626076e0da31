// Single pictures of live streams: who needs one now joins the stream until it has one.

import Domain
import Loop
import Runtime

/// What a picture is decoded from: binary messages as the sensor sent them.
struct LivePicture: Sendable {
    /// Of video; `nil` when the sensor has sent none.
    let configuration: MessageBuffer?
    /// From a keyframe up to the newest.
    let pictures: [MessageBuffer]
}

extension RealtimeHub {
    struct PictureWaiter {
        let deadline: Timestamp
        let continuation: CheckedContinuation<LivePicture, any Error>
    }

    /// The newest picture of a camera. A stream that runs has one at once; else it is started, and stops by itself afterwards.
    ///
    /// - Throws: an `APIError`: `camera_offline`, `camera_silent`, or the limit of streams.
    func picture(of key: DeviceKey) async throws -> LivePicture {
        guard isOnline(key) else { throw APIError.cameraOffline }
        let stream: UInt32
        do {
            stream = try self.stream(of: key)
        } catch {
            throw APIError(status: 429, code: "limit_exceeded", message: error.message)
        }
        if let picture = newestPicture(of: stream, now: now) { return picture }
        return try await withCheckedThrowingContinuation { continuation in
            let deadline = now.advanced(bySeconds: configuration.limits.snapshotPatienceSeconds)
            pictureWaiters[stream, default: []].append(PictureWaiter(deadline: deadline, continuation: continuation))
            guard let requests = relays[stream]?.relay.hold(now: now) else { return }
            ask(requests, of: key, stream: stream)
        }
    }

    private func newestPicture(of stream: UInt32, now: Timestamp) -> LivePicture? {
        guard let found = relays[stream]?.relay.picture(notOlderThan: configuration.limits.snapshotSeconds, now: now) else { return nil }
        return LivePicture(configuration: found.configuration, pictures: found.pictures)
    }

    /// A picture of a stream that somebody waits for.
    func pictureArrived(on stream: UInt32, now: Timestamp) {
        guard let picture = newestPicture(of: stream, now: now), let waiters = pictureWaiters.removeValue(forKey: stream) else { return }
        for waiter in waiters {
            relays[stream]?.relay.release(now: now)
            waiter.continuation.resume(returning: picture)
        }
    }

    /// The stream is no more.
    func endPictures(of stream: UInt32) {
        for waiter in pictureWaiters.removeValue(forKey: stream) ?? [] { waiter.continuation.resume(throwing: APIError.cameraOffline) }
    }

    func expirePictures(now: Timestamp) {
        for (stream, waiters) in pictureWaiters {
            let waiting = waiters.filter { $0.deadline > now }
            guard waiting.count < waiters.count else { continue }
            pictureWaiters[stream] = waiting.isEmpty ? nil : waiting
            for waiter in waiters where waiter.deadline <= now {
                relays[stream]?.relay.release(now: now)
                waiter.continuation.resume(throwing: APIError.cameraSilent)
            }
        }
    }
}
