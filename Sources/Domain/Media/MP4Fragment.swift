// What a `moof` says of its samples.

struct MP4Fragment {
    /// Of the first video sample.
    private(set) var isKeyframe = false
    /// Microseconds; of the video, or of what there is.
    private(set) var timestamp: UInt64 = 0
    /// Of the video, in microseconds.
    private(set) var duration: UInt64?

    /// Reads a whole `moof`, and repairs what Chromium's recorder writes wrong: the last Opus sample of a fragment lasts shorter there than
    /// it does, upon which players drop the pictures up to the next keyframe.
    init(_ moof: inout [UInt8], content: Range<Int>, tracks: MP4Tracks) throws(ContainerError) {
        var hasVideo = false, hasTime = false
        for traf in try MP4Box.children(moof, content, of: "moof") where traf.type == "traf" {
            let run = try Run(&moof, traf, tracks)
            guard let run, run.samples > 0 else { continue }
            let isFirstVideo = run.track.isVideo && !hasVideo
            guard isFirstVideo || !hasTime else { continue }
            hasTime = true
            timestamp = try Self.microseconds(run.time, run.track.timescale)
            guard isFirstVideo else { continue }
            hasVideo = true
            isKeyframe = run.firstFlags & 0x1_0000 == 0
            duration = try Self.microseconds(run.duration, run.track.timescale)
        }
        guard hasTime else { throw .malformed(element: "moof", reason: "it has no samples of a known track") }
    }

    static func microseconds(_ ticks: UInt64, _ timescale: UInt32) throws(ContainerError) -> UInt64 {
        let product = ticks.multipliedFullWidth(by: 1_000_000)
        guard product.high < UInt64(timescale) else { throw .malformed(element: "tfdt", reason: "\(ticks) is beyond any clock") }
        return UInt64(timescale).dividingFullWidth(product).quotient
    }

    /// All samples of one `traf`.
    private struct Run {
        let track: MP4Tracks.Track
        var time: UInt64 = 0
        var duration: UInt64 = 0
        var samples: UInt64 = 0
        var firstFlags: UInt32

        /// - Returns: `nil` for a track that is not known.
        init?(_ moof: inout [UInt8], _ traf: MP4Box, _ tracks: MP4Tracks) throws(ContainerError) {
            let boxes = try MP4Box.children(moof, traf.content, of: "traf")
            guard let header = boxes.first(where: { $0.type == "tfhd" }) else { throw .missing("tfhd in traf") }
            var tfhd = MP4Reader(moof, header)
            let flags = try tfhd.number32() & 0xff_ffff
            let id = try tfhd.number32()
            guard let track = tracks.tracks.first(where: { $0.id == id }) else { return nil }
            self.track = track
            // Offsets in the file mean nothing once it is cut.
            guard flags & 0x1 == 0 else { throw .unsupported("a traf with a base-data-offset") }
            if flags & 0x2 != 0 { try tfhd.skip(4) }
            let sampleDuration = flags & 0x8 != 0 ? try tfhd.number32() : track.defaultDuration
            if flags & 0x10 != 0 { try tfhd.skip(4) }
            let sampleFlags = flags & 0x20 != 0 ? try tfhd.number32() : track.defaultFlags
            firstFlags = sampleFlags

            guard let clock = boxes.first(where: { $0.type == "tfdt" }) else { throw .missing("tfdt in traf") }
            var tfdt = MP4Reader(moof, clock)
            time = try tfdt.number(4) >> 24 == 1 ? try tfdt.number(8) : try tfdt.number(4)

            let runs = boxes.filter { $0.type == "trun" }
            for (index, box) in runs.enumerated() {
                try read(&moof, box, sampleDuration, sampleFlags, isLast: index == runs.count - 1)
            }
        }

        private mutating func read(
            _ moof: inout [UInt8], _ box: MP4Box, _ sampleDuration: UInt32, _ sampleFlags: UInt32, isLast: Bool
        ) throws(ContainerError) {
            var trun = MP4Reader(moof, box)
            let flags = try trun.number32() & 0xff_ffff
            let count = UInt64(try trun.number32())
            if flags & 0x1 != 0 { try trun.skip(4) }
            let first: UInt32? = flags & 0x4 != 0 ? try trun.number32() : nil
            let fields = [0x100, 0x200, 0x400, 0x800].filter { flags & UInt32($0) != 0 }
            guard count * UInt64(fields.count * 4) <= UInt64(trun.remaining) else {
                throw .malformed(element: "trun", reason: "it is too short for its \(count) samples")
            }
            if samples == 0, count > 0 {
                // Behind the duration and the size.
                let before = fields.prefix { $0 < 0x400 }.count * 4
                let position = trun.position + before
                let own = flags & 0x400 != 0 ? UInt32(truncatingIfNeeded: MP4Box.number(moof[position..<position + 4])) : nil
                firstFlags = first ?? own ?? sampleFlags
            }
            samples += count
            guard flags & 0x100 != 0 else {
                try add(count.multipliedReportingOverflow(by: UInt64(sampleDuration)))
                return
            }
            let stride = fields.count * 4
            var position = trun.position
            var previous: UInt64?
            for index in 0..<Int(count) {
                var value = MP4Box.number(moof[position..<position + 4])
                if isLast, index == Int(count) - 1, track.codec == "opus", let previous, value < previous {
                    moof.replaceSubrange(position..<position + 4, with: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: previous >> $0) })
                    value = previous
                }
                try add((value, false))
                previous = value
                position += stride
            }
        }

        private mutating func add(_ ticks: (partialValue: UInt64, overflow: Bool)) throws(ContainerError) {
            let (sum, overflow) = duration.addingReportingOverflow(ticks.partialValue)
            guard !ticks.overflow, !overflow else { throw .malformed(element: "trun", reason: "its samples last longer than any clock") }
            duration = sum
        }
    }
}
