// From the received bytes to a clip that plays, a picture, and a sentence about it.

import Domain
import Media
import Runtime
import Store

/// One event's way through the hub's own analysis. Doing it twice gives the same result.
struct EventProcessor: Sendable {
    let store: Store
    let storage: any ClipStorage
    let media: ThreadPool

    private static let posterWidth = 1280
    /// Telegram's limit for thumbnails, and plenty for a list.
    private static let thumbnailWidth = 320

    /// What is known of the clip when all went well.
    struct Result: Sendable {
        let changes: EventChanges
        let analysis: AnalysisResult
    }

    /// Somebody else has the event's job by now.
    struct LeaseLost: Error {}

    /// - Parameters:
    ///   - prompt: what the session was asked to watch for.
    ///   - charge: asks for so many seconds of analysis; why there are none, or `nil`.
    ///   - isOurs: whether the job is still this worker's; asked before anything is replaced, since another may have more of the clip.
    /// - Throws: `MediaError` when the clip cannot be used; `LeaseLost`; other errors may pass.
    func process(
        _ event: Event, prompt: String?, in scope: AccountScope, charge: (Double) async throws -> String? = { _ in nil },
        isOurs: () async throws -> Bool = { true }
    ) async throws -> Result {
        if event.source == .external {
            let analysis = BuiltinAnalysis.describeExternal(
                trigger: event.trigger, durationSeconds: event.clip.durationSeconds, prompt: prompt)
            var changes = EventChanges()
            changes.analysis = analysis
            return Result(changes: changes, analysis: analysis)
        }
        let folder = try await storage.workFolder(in: scope, event: event.id)
        let made: Made, measured: ClipMeasurements?, skipped: String?
        do {
            made = try await media.run { [event] in try Self.make(event, in: folder) }
            // By what the clip has, and not by what was declared.
            let reason = try await charge(made.clip.durationSeconds)
            measured = reason == nil ? try await media.run { [path = made.clip.path] in try Self.measure(path) } : nil
            skipped = reason
        } catch let error as MediaError {
            // Nothing is wrong with a clip because it was removed, or there was no room to write its playable form.
            guard try await isOurs() else { throw LeaseLost() }
            guard try await storage.room() > 0 else { throw StoreError.storageFull }
            throw error
        }
        let object = made.clip.mime == "video/webm" ? ClipObject.clipWebM : ClipObject.clipMP4
        let clipKey = ClipObject.key(scope, event.id, object)
        let posterKey = ClipObject.key(scope, event.id, ClipObject.poster), thumbnailKey = ClipObject.key(scope, event.id, ClipObject.thumbnail)
        guard try await isOurs() else { throw LeaseLost() }
        try await storage.adopt(file: made.clip.path, key: clipKey)
        // Made of what there was of the clip before.
        try await storage.remove(key: ClipObject.key(scope, event.id, ClipObject.rendition))
        try await storage.put(made.poster, key: posterKey)
        try await storage.put(made.thumbnail, key: thumbnailKey)

        let seconds = made.clip.durationSeconds
        var analysis =
            if let measured {
                BuiltinAnalysis.describe(measured, trigger: event.trigger, durationSeconds: seconds, prompt: prompt)
            } else {
                BuiltinAnalysis.describeSkipped(trigger: event.trigger, durationSeconds: seconds, reason: skipped ?? "")
            }
        var changes = EventChanges()
        let clip = made.clip
        changes.clip = {
            // Its rest is not news either.
            if !$0.isIncomplete { $0.state = nil }
            $0.stills = 0
            $0.mime = clip.mime
            $0.sizeBytes = clip.sizeBytes
            $0.durationSeconds = clip.durationSeconds
            $0.width = clip.width
            $0.height = clip.height
            $0.key = clipKey
            $0.posterKey = posterKey
            $0.thumbnailKey = thumbnailKey
        }
        if event.clip.state == .requested {
            analysis.shouldNotify = false
            analysis.alertReason = "Somebody asked for this clip."
        }
        changes.analysis = analysis
        return Result(changes: changes, analysis: analysis)
    }

    /// What was received is not needed any more once the result is in the database.
    func removeReceived(_ event: Event, in scope: AccountScope) async {
        let stills = (0..<PreviewStills.maximumCount).map(ClipObject.still)
        for object in [ClipObject.log, ClipObject.upload] + stills {
            try? await storage.remove(key: ClipObject.key(scope, event.id, object))
        }
    }

    private struct Made: Sendable {
        let clip: AssembledClip
        let poster: [UInt8]
        let thumbnail: [UInt8]
    }

    /// Blocks.
    private static func make(_ event: Event, in folder: String) throws -> Made {
        // A name of its own: a worker that has lost its lease without knowing may still be at it.
        let name = ClipObject.temporaryName("assembled")
        let clip =
            switch event.source {
            case .stream: try ClipAssembler.assemble(log: "\(folder)/\(ClipObject.log)", into: folder, name: name)
            case .upload, .external, .notice: try ClipAssembler.makePlayable(file: "\(folder)/\(ClipObject.upload)", into: folder, name: name)
            }
        try MediaInspector.check(file: clip.path, declaredDurationSeconds: event.clip.durationSeconds)
        // The moment of the trigger is the picture that says why there is an event.
        let trigger = event.startedAt.map { event.trigger.at.seconds(since: $0) } ?? 0
        let moment = min(max(trigger, 0), max(clip.durationSeconds - 0.2, 0))
        let poster = try Stills.jpeg(file: clip.path, atSeconds: moment, maximumWidth: posterWidth, quality: 4)
        let thumbnail = try Stills.jpeg(file: clip.path, atSeconds: moment, maximumWidth: thumbnailWidth, quality: 6)
        return Made(clip: clip, poster: poster, thumbnail: thumbnail)
    }

    /// Blocks.
    private static func measure(_ path: String) throws -> ClipMeasurements {
        let samples = try ClipSampler.sample(file: path, perSecond: 8, width: 160, height: 90)
        return ClipMeasurements(frames: samples.frames, sounds: samples.sounds)
    }
}
