// What was received becomes a clip that plays and seeks.

internal import CLibAV
internal import Domain

#if canImport(Glibc)
internal import Glibc
#endif

/// Blocks; for a thread of one's own.
public enum ClipAssembler {
    /// Muxes the frames of a clip log: H.264 into MP4 with its index in front, VP8 and VP9 into WebM, Opus along with them, nothing
    /// encoded anew. Bytes of a recorder (frames of kind 3) are put together and treated like an uploaded file.
    ///
    /// - Parameters:
    ///   - log: path of the log.
    ///   - folder: where `<name>.mp4` or `<name>.webm` is made.
    /// - Throws: when frames are missing or damaged, when nothing of them can be shown, or when the file cannot be written. Nothing is
    ///   left in the folder then.
    public static func assemble(log: String, into folder: String, name: String) throws(MediaError) -> AssembledClip {
        _ = LibAV.quiet
        let reader = try ClipLogReader(log)
        guard let first = try reader.next() else { throw MediaError("no frame of the clip has arrived") }
        reader.rewind()
        if first.header.kind == .clipBytes { return try assembleBytes(reader, into: folder, name: name) }
        let plan = try plan(reader)
        reader.rewind()
        return try mux(reader, plan, into: folder, name: name)
    }

    /// Makes a file of any common container playable in browsers: streams that MP4 or WebM can hold are copied, others become H.264 and
    /// AAC. What is cut off at its end is taken as far as it goes.
    ///
    /// - Throws: when this is no video file, when nothing of it can be decoded, or when the result cannot be written.
    public static func makePlayable(file: String, into folder: String, name: String) throws(MediaError) -> AssembledClip {
        let converter = try ClipConverter(file)
        let plan = converter.planForPlaying
        let part = TemporaryFile("\(folder)/\(name).part")
        let clip = try converter.run(plan, into: part.path)
        let made = try InputFile(part.path)
        guard try MediaInspector.decodesPicture(made, try made.video()) else { throw MediaError("the file has no picture that can be decoded") }
        return try place(clip, part, plan.container, folder, name)
    }

    // MARK: Frames

    /// What the log holds, found out before anything is written.
    private struct LogPlan {
        var video: TrackConfiguration?
        var audio: TrackConfiguration?
        var firstKeyframe: [UInt8] = []
        /// Timestamp of the first keyframe: the clip's zero.
        var origin: UInt64 = 0
        /// Of the last audio frame, in microseconds.
        var lastAudio: UInt64 = 0
        var warnings: [String] = []
    }

    private static func plan(_ reader: ClipLogReader) throws(MediaError) -> LogPlan {
        var plan = LogPlan()
        var hasKeyframe = false
        while let record = try reader.next() {
            let header = record.header
            guard header.kind == .clip else { throw MediaError("the clip mixes frames with other things") }
            let isVideo = header.track == FrameHeader.videoTrack
            if header.flags.contains(.configuration) {
                let configuration = try TrackConfiguration(json: record.payload)
                if isVideo {
                    if let known = plan.video, known != configuration { plan.warnings.append("the video's configuration changed in the clip") }
                    // Frames before a keyframe are not kept, nor is what configured them.
                    plan.video = hasKeyframe ? plan.video : configuration
                } else {
                    plan.audio = plan.audio ?? configuration
                }
            } else if isVideo {
                guard !hasKeyframe, header.flags.contains(.keyframe), !record.payload.isEmpty else { continue }
                hasKeyframe = true
                plan.firstKeyframe = record.payload
                plan.origin = header.timestamp
            } else if !record.payload.isEmpty {
                plan.lastAudio = max(plan.lastAudio, header.timestamp)
            }
        }
        guard plan.video != nil else { throw MediaError("the clip has no video configuration") }
        guard hasKeyframe else { throw MediaError("the clip has no keyframe") }
        if plan.lastAudio < plan.origin { plan.audio = nil }
        if let audio = plan.audio, audio.codecID != AV_CODEC_ID_OPUS {
            plan.audio = nil
            plan.warnings.append("the sound was left out: its codec \(audio.codec.prefix(32)) is not one that clips can have")
        }
        plan.warnings = Array(plan.warnings.prefix(8))
        return plan
    }

    private static func mux(_ reader: ClipLogReader, _ plan: LogPlan, into folder: String, name: String) throws(MediaError) -> AssembledClip {
        guard let configuration = plan.video, let codec = configuration.codecID, codec != AV_CODEC_ID_OPUS else {
            throw MediaError("the codec \((plan.video?.codec ?? "").prefix(32)) is not one that clips can have")
        }
        let container: OutputFile.Container = codec == AV_CODEC_ID_H264 ? .mp4 : .webm
        let part = TemporaryFile("\(folder)/\(name).part")
        let output = try OutputFile(part.path, container)
        let video = try output.addStream { (parameters) throws(MediaError) in
            try configuration.fill(parameters, firstKeyframe: plan.firstKeyframe)
        }
        var audio: Int32?
        if let configuration = plan.audio {
            audio = try output.addStream { (parameters) throws(MediaError) in try configuration.fill(parameters, firstKeyframe: []) }
        }
        try output.start()
        let packet = try Packet()
        var videoFrames = 0, audioFrames = 0
        var last: UInt64 = 0, end: UInt64 = 0
        // Parameter sets of a later configuration: the file's header has the first one's only.
        var newSets: [UInt8] = []
        while let record = try reader.next() {
            let header = record.header
            let isVideo = header.track == FrameHeader.videoTrack, isKeyframe = header.flags.contains(.keyframe)
            if header.flags.contains(.configuration) {
                guard isVideo, videoFrames > 0, codec == AV_CODEC_ID_H264 else { continue }
                newSets = try TrackConfiguration(json: record.payload).description.map { H264.lengthPrefixedSets(in: Array($0)) } ?? []
                continue
            }
            // Before the first keyframe nothing decodes.
            guard header.timestamp >= plan.origin, !record.payload.isEmpty else { continue }
            guard isVideo ? (videoFrames > 0 || isKeyframe) : audio != nil else { continue }
            let time = header.timestamp - plan.origin
            // A day is beyond any clip; more is a broken clock, and must not overflow.
            guard time < 86_400_000_000 else { throw MediaError("the clip's times are broken") }
            // Ten seconds without a picture are a pause of the sensor, not a picture.
            let duration = min(UInt64(header.duration), 10_000_000)
            try packet.fill(isVideo && isKeyframe ? newSets + record.payload : record.payload)
            packet.pointer.pointee.pts = Int64(time)
            packet.pointer.pointee.dts = Int64(time)
            packet.pointer.pointee.duration = Int64(duration)
            if !isVideo || isKeyframe { packet.pointer.pointee.flags |= AV_PKT_FLAG_KEY }
            if isVideo, isKeyframe { newSets = [] }
            guard try output.write(packet, stream: isVideo ? video : audio!, timeBase: LibAV.microseconds) else { continue }
            if isVideo {
                videoFrames += 1
                // Sensors that do not say how long a picture lasts: as long as the one before.
                end = time + (duration > 0 || videoFrames < 2 ? duration : min(time - last, 1_000_000))
                last = time
            } else {
                audioFrames += 1
            }
        }
        try output.finish()
        let clip = AssembledClip(
            path: part.path, mime: container.mime, sizeBytes: FileSize.of(part.path), durationSeconds: Double(end) / 1_000_000,
            firstTimestamp: plan.origin, width: configuration.width ?? 0, height: configuration.height ?? 0,
            videoCodec: LibAV.codecName(codec), audioCodec: audioFrames > 0 ? "opus" : nil, videoFrames: videoFrames,
            audioFrames: audioFrames, warnings: plan.warnings + output.warnings)
        return try place(clip, part, container, folder, name)
    }

    // MARK: Bytes

    private static func assembleBytes(_ reader: ClipLogReader, into folder: String, name: String) throws(MediaError) -> AssembledClip {
        let recorded = TemporaryFile("\(folder)/\(name).recorded")
        // Its last use is its path, yet the file is needed until the end.
        defer { withExtendedLifetime(recorded) {} }
        func failed() -> MediaError { MediaError("the clip cannot be written: \(String(cString: strerror(errno)))") }
        guard let file = fopen(recorded.path, "wbe") else { throw failed() }
        defer { fclose(file) }
        while let record = try reader.next() {
            guard record.header.kind == .clipBytes else { throw MediaError("the clip mixes bytes of a recorder with other things") }
            // A configuration says what the bytes are; they say so themselves.
            if record.header.flags.contains(.configuration) { continue }
            guard fwrite(record.payload, 1, record.payload.count, file) == record.payload.count else { throw failed() }
        }
        guard fflush(file) == 0 else { throw failed() }
        return try makePlayable(file: recorded.path, into: folder, name: name)
    }

    private static func place(
        _ clip: AssembledClip, _ part: TemporaryFile, _ container: OutputFile.Container, _ folder: String, _ name: String
    ) throws(MediaError) -> AssembledClip {
        let path = "\(folder)/\(name).\(container.format)"
        try part.keep(as: path)
        return clip.moved(to: path)
    }
}
