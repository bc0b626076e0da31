// What a `moov` says of its tracks.

struct MP4Tracks: Hashable, Sendable {
    struct Track: Hashable, Sendable {
        var id: UInt32
        var isVideo: Bool
        var codec: String
        /// Ticks a second.
        var timescale: UInt32
        var width: Int
        var height: Int
        /// Of `trex`: what holds for samples that say nothing themselves.
        var defaultDuration: UInt32 = 0
        var defaultFlags: UInt32 = 0
    }

    private(set) var tracks: [Track] = []

    var video: Track { tracks.first { $0.isVideo }! }

    /// - Parameter moov: the whole box.
    init(_ moov: [UInt8], content: Range<Int>) throws(ContainerError) {
        let boxes = try MP4Box.children(moov, content, of: "moov")
        for trak in boxes where trak.type == "trak" {
            guard let track = try Self.track(moov, trak) else { continue }
            guard !tracks.contains(where: { $0.id == track.id }) else { throw .malformed(element: "trak", reason: "the track \(track.id) comes again") }
            tracks.append(track)
        }
        guard tracks.contains(where: { $0.isVideo }) else { throw .missing("a video track") }
        guard let mvex = boxes.first(where: { $0.type == "mvex" }) else { throw .unsupported("an MP4 that is not fragmented") }
        for trex in try MP4Box.children(moov, mvex.content, of: "mvex") where trex.type == "trex" {
            var reader = MP4Reader(moov, trex)
            try reader.skip(4)
            let id = try reader.number32()
            try reader.skip(4)
            let duration = try reader.number32()
            try reader.skip(4)
            let flags = try reader.number32()
            guard let index = tracks.firstIndex(where: { $0.id == id }) else { continue }
            tracks[index].defaultDuration = duration
            tracks[index].defaultFlags = flags
        }
    }

    /// - Returns: `nil` for tracks of neither pictures nor sound.
    private static func track(_ moov: [UInt8], _ trak: MP4Box) throws(ContainerError) -> Track? {
        let header = try descend(moov, trak, ["tkhd"])
        let media = try descend(moov, trak, ["mdia"])
        var tkhd = MP4Reader(moov, header)
        let isLong = try tkhd.number(4) >> 24 == 1
        try tkhd.skip(isLong ? 16 : 8)
        let id = try tkhd.number32()
        guard id > 0 else { throw .malformed(element: "tkhd", reason: "a track's id must not be 0") }

        var mdhd = MP4Reader(moov, try descend(moov, media, ["mdhd"]))
        let isLongMedia = try mdhd.number(4) >> 24 == 1
        try mdhd.skip(isLongMedia ? 16 : 8)
        let timescale = try mdhd.number32()
        guard timescale > 0 else { throw .malformed(element: "mdhd", reason: "a timescale must not be 0") }

        var hdlr = MP4Reader(moov, try descend(moov, media, ["hdlr"]))
        try hdlr.skip(8)
        let handler = try hdlr.number32()
        guard handler == 0x7669_6465 || handler == 0x736f_756e else { return nil }
        let isVideo = handler == 0x7669_6465

        let stsd = try descend(moov, media, ["minf", "stbl", "stsd"])
        guard stsd.content.count >= 8 else { throw .malformed(element: "stsd", reason: "it is too short") }
        let entries = try MP4Box.children(moov, stsd.content.lowerBound + 8..<stsd.content.upperBound, of: "stsd")
        guard let entry = entries.first else { throw .missing("a sample entry in stsd") }
        let fixed = isVideo ? 78 : 28
        guard entry.content.count >= fixed else { throw .malformed(element: entry.type, reason: "it is too short") }
        var size = MP4Reader(moov, entry)
        try size.skip(24)
        let width = isVideo ? Int(try size.number(2)) : 0
        let height = isVideo ? Int(try size.number(2)) : 0
        let boxes = try MP4Box.children(moov, entry.content.lowerBound + fixed..<entry.content.upperBound, of: entry.type)
        return Track(id: id, isVideo: isVideo, codec: try codec(moov, entry, boxes), timescale: timescale, width: width, height: height)
    }

    private static func codec(_ moov: [UInt8], _ entry: MP4Box, _ boxes: [MP4Box]) throws(ContainerError) -> String {
        func configuration(_ type: String) throws(ContainerError) -> ArraySlice<UInt8> {
            guard let box = boxes.first(where: { $0.type == type }) else { throw .missing("\(type) in \(entry.type)") }
            return moov[box.content]
        }
        switch entry.type {
        case "avc1", "avc3": return try CodecName.avc(try configuration("avcC")).replacingPrefix(with: entry.type)
        case "vp09": return try CodecName.vp9(try configuration("vpcC"))
        case "av01": return try CodecName.av1(try configuration("av1C"))
        case "Opus": return "opus"
        // AAC LC is what recorders write.
        case "mp4a": return "mp4a.40.2"
        default: throw .unsupported("the codec \(entry.type)")
        }
    }

    private static func descend(_ bytes: [UInt8], _ box: MP4Box, _ path: [String]) throws(ContainerError) -> MP4Box {
        var box = box
        for type in path {
            guard let next = try MP4Box.children(bytes, box.content, of: box.type).first(where: { $0.type == type }) else {
                throw .missing("\(type) in \(box.type)")
            }
            box = next
        }
        return box
    }
}

extension String {
    /// `avc1.…` and `avc3.…` differ in where the parameter sets are.
    fileprivate func replacingPrefix(with type: String) -> String { type + dropFirst(4) }
}
