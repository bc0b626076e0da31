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
    public static func makePlayable(file: String, into folder: String, name: String) throws(MediaError) -> AssembledClip {
        let converter = try ClipConverter(file)
        let plan = converter.planForPlaying
        let part = TemporaryFile("\(folder)/\(name).part")
        let clip = try converter.run(plan, into: part.path)
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
        var warnings: [String] = []
    }

    private static func plan(_ reader: ClipLogReader) throws(MediaError) -> LogPlan {
        var plan = LogPlan()
        var hasKeyframe = false
        while let (header, payload) = try reader.next() {
            let isVideo = header.track == FrameHeader.videoTrack
            if header.flags.contains(.configuration) {
                let configuration = try TrackConfiguration(json: payload)
                if isVideo {
                    if let known = plan.video, known != configuration { plan.warnings.append("the video's configuration changed in the clip") }
                    plan.video = plan.video ?? configuration
                } else {
                    plan.audio = plan.audio ?? configuration
                }
            } else if isVideo, !hasKeyframe, header.flags.contains(.keyframe) {
                hasKeyframe = true
                plan.firstKeyframe = payload
                plan.origin = header.timestamp
            }
        }
        guard plan.video != nil else { throw MediaError("the clip has no video configuration") }
        guard hasKeyframe else { throw MediaError("the clip has no keyframe") }
        return plan
    }

    private static func mux(_ reader: ClipLogReader, _ plan: LogPlan, into folder: String, name: String) throws(MediaError) -> AssembledClip {
        let configuration = plan.video!
        let container: OutputFile.Container = configuration.codecID == AV_CODEC_ID_H264 ? .mp4 : .webm
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
        var end: UInt64 = 0
        while let (header, payload) = try reader.next() {
            // Before the first keyframe nothing decodes.
            guard !header.flags.contains(.configuration), header.timestamp >= plan.origin, !payload.isEmpty else { continue }
            let isVideo = header.track == FrameHeader.videoTrack
            guard isVideo ? (videoFrames > 0 || header.flags.contains(.keyframe)) : audio != nil else { continue }
            let time = header.timestamp - plan.origin
            // A day is beyond any clip; more is a broken clock, and must not overflow.
            guard time < 86_400_000_000 else { throw MediaError("the clip's times are broken") }
            try packet.fill(payload)
            packet.pointer.pointee.pts = Int64(time)
            packet.pointer.pointee.dts = Int64(time)
            packet.pointer.pointee.duration = Int64(header.duration)
            if !isVideo || header.flags.contains(.keyframe) { packet.pointer.pointee.flags |= AV_PKT_FLAG_KEY }
            if isVideo {
                videoFrames += 1
                end = max(end, time + UInt64(header.duration))
            } else {
                audioFrames += 1
            }
            try output.write(packet, stream: isVideo ? video : audio!, timeBase: LibAV.microseconds)
        }
        try output.finish()
        var warnings = plan.warnings
        if output.outOfOrder > 0 { warnings.append("\(output.outOfOrder) frames were out of order") }
        let clip = AssembledClip(
            path: part.path, mime: container.mime, sizeBytes: FileSize.of(part.path), durationSeconds: Double(end) / 1_000_000,
            firstTimestamp: plan.origin, width: configuration.width ?? 0, height: configuration.height ?? 0,
            videoCodec: LibAV.codecName(configuration.codecID!), audioCodec: audioFrames > 0 ? "opus" : nil, videoFrames: videoFrames,
            audioFrames: audioFrames, warnings: warnings)
        return try place(clip, part, container, folder, name)
    }

    // MARK: Bytes

    private static func assembleBytes(_ reader: ClipLogReader, into folder: String, name: String) throws(MediaError) -> AssembledClip {
        let recorded = TemporaryFile("\(folder)/\(name).recorded")
        guard let file = fopen(recorded.path, "wbe") else { throw MediaError("the clip cannot be written: \(String(cString: strerror(errno)))") }
        defer { fclose(file) }
        while let (_, payload) = try reader.next() {
            guard fwrite(payload, 1, payload.count, file) == payload.count else {
                throw MediaError("the clip cannot be written: \(String(cString: strerror(errno)))")
            }
        }
        guard fflush(file) == 0 else { throw MediaError("the clip cannot be written: \(String(cString: strerror(errno)))") }
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
