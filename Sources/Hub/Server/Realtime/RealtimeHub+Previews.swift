// Clips of which stills come first (docs/PROTOCOL.md, "Preview first").

import Domain
import Loop
import Runtime
import Store

extension RealtimeHub {
    /// Stills of so many clips of one sensor are kept at a time, and so many looked at in all; beyond that clips are wanted unseen.
    private static let previewsPerClient = 4
    private static let maximumJudged = 32

    /// A clip that was opened with `preview`.
    final class Preview {
        let client: Client
        let clip: ClipStream
        let trigger: Trigger
        var stills: PreviewStills
        var isJudged = false

        init(client: Client, clip: ClipStream, trigger: Trigger, now: Timestamp) {
            self.client = client
            self.clip = clip
            self.trigger = trigger
            stills = PreviewStills(now: now)
        }
    }

    private var elapsed: Timestamp { Timestamp(milliseconds: MonotonicClock.system.milliseconds) }

    /// - Parameter event: as it was found, or made just now.
    func beginPreview(_ clip: ClipStream, of event: Event, by client: Client) {
        // The verdict of before may not have been heard.
        guard event.clip.state == .preview else {
            // After the answer, by which the sensor knows the stream.
            Task { tell(PreviewVerdict(.begun), of: clip, to: client) }
            return
        }
        let preview = Preview(client: client, clip: clip, trigger: event.trigger, now: elapsed)
        previews[clip.stream] = preview
        if previews.values.count(where: { $0.client === client }) > Self.previewsPerClient { judge(preview) }
    }

    /// - Returns: `false` when the clip is none that stills are shown of first.
    func addPreviewStill(_ bytes: [UInt8], _ header: FrameHeader) -> Bool {
        guard let preview = previews[header.stream] else { return false }
        guard !preview.isJudged else { return true }
        if !preview.stills.add(bytes, sequence: header.sequence, isLast: header.flags.contains(.last), now: elapsed) {
            preview.client.message([
                "type": "clip.error", "stream": .integer(Int64(header.stream)), "event_id": .string(preview.clip.event.rawValue),
                "code": "bad_still", "message": .string("still: sequence 0 to \(PreviewStills.maximumCount - 1) is expected; the clip goes on"),
            ])
        }
        if preview.stills.isDue(at: elapsed) { judge(preview) }
        return true
    }

    func tickPreviews() {
        guard !previews.isEmpty else { return }
        let now = elapsed
        for (stream, preview) in previews {
            if preview.client.clips[stream] !== preview.clip {
                // Its connection is gone, or the clip was given up.
                previews[stream] = nil
            } else if !preview.isJudged, preview.stills.isDue(at: now) {
                judge(preview)
            }
        }
    }

    private func judge(_ preview: Preview) {
        preview.isJudged = true
        let waiting = previews.values.count(where: \.isJudged)
        Task {
            let verdict = await verdict(on: preview, isBusy: waiting > Self.maximumJudged)
            await settle(preview, verdict)
        }
    }

    private func verdict(on preview: Preview, isBusy: Bool) async -> PreviewVerdict {
        if isBusy { return PreviewVerdict(.busy) }
        do {
            return try await services.previews.judge(preview.stills.pictures, trigger: preview.trigger)
        } catch {
            return PreviewVerdict(.busy)
        }
    }

    private func settle(_ preview: Preview, _ verdict: PreviewVerdict) async {
        let clip = preview.clip, client = preview.client
        // Nobody opens it again meanwhile: what is decided here would be of another stream then.
        await takeTurn(clip.key)
        defer { endTurn(clip.key) }
        // Who sends frames without waiting has decided by itself.
        let verdict = clip.receiver.next > 0 && !verdict.isWanted ? PreviewVerdict(.begun) : verdict
        guard client.clips[clip.stream] === clip else { return previews[clip.stream] = nil }
        if !verdict.isWanted { client.clips[clip.stream] = nil }
        do {
            if !verdict.isWanted { await clip.writer.close() }
            try await services.previews.decide(verdict, preview.stills.pictures, of: clip.event, in: clip.scope)
        } catch {
            // Opened again, it is looked at again.
            let told = apiError(for: error, log: log)
            previews[clip.stream] = nil
            client.clips[clip.stream] = nil
            await clip.writer.close()
            return client.message([
                "type": "clip.error", "stream": .integer(Int64(clip.stream)), "event_id": .string(clip.event.rawValue),
                "code": .string(told.code), "message": .string(told.message), "temporary": true,
            ])
        }
        previews[clip.stream] = nil
        tell(verdict, of: clip, to: client)
    }

    private func tell(_ verdict: PreviewVerdict, of clip: ClipStream, to client: Client) {
        client.message([
            "type": "clip.verdict", "stream": .integer(Int64(clip.stream)), "event_id": .string(clip.event.rawValue),
            "wanted": .bool(verdict.isWanted), "reason": .string(verdict.reason.rawValue),
        ])
    }

    /// Asks the sensor for a clip that it has kept.
    ///
    /// - Throws: `camera_offline`.
    func request(_ event: EventID, of key: DeviceKey) throws(APIError) {
        guard let sensor = sensors[key], sensor.socket.isOpen else { throw .conflict("camera_offline", "the camera is not connected") }
        sensor.message(["type": "clip.request", "event_id": .string(event.rawValue)])
    }
}
