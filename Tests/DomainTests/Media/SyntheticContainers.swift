// Streams like those of a recorder, small enough to reason about.

@testable import Domain

enum SyntheticWebM {
    static func element(_ id: [UInt8], _ content: [UInt8]) -> [UInt8] { EBML.element(id, content) }

    static func unsigned(_ id: [UInt8], _ value: UInt64) -> [UInt8] {
        element(id, (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }

    static let header = element([0x1a, 0x45, 0xdf, 0xa3], element([0x42, 0x82], Array("webm".utf8)))
    static let segment: [UInt8] = [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    static func info(scale: UInt64 = 1_000_000) -> [UInt8] { element([0x15, 0x49, 0xa9, 0x66], unsigned([0x2a, 0xd7, 0xb1], scale)) }

    static func track(_ number: UInt64, type: UInt64, _ codec: String, video: [UInt8] = []) -> [UInt8] {
        element([0xae], unsigned([0xd7], number) + unsigned([0x83], type) + element([0x86], Array(codec.utf8)) + video)
    }

    static func tracks(_ entries: [UInt8]) -> [UInt8] { element([0x16, 0x54, 0xae, 0x6b], entries) }

    /// Track 1 is sound, track 2 a picture of 64x48, as Chromium numbers them.
    static let usualTracks = tracks(
        track(1, type: 2, "A_OPUS") + track(2, type: 1, "V_VP8", video: element([0xe0], unsigned([0xb0], 64) + unsigned([0xba], 48))))
    static let beginning = header + segment + info() + usualTracks

    /// Of unknown size.
    static func cluster(_ timecode: UInt64) -> [UInt8] { [0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] + unsigned([0xe7], timecode) }

    static func block(_ track: UInt8, _ time: Int16, key: Bool = false, _ data: [UInt8] = [1, 2, 3]) -> [UInt8] {
        element([0xa3], [0x80 | track] + time.bytes + [key ? 0x80 : 0] + data)
    }

    static func group(_ track: UInt8, _ time: Int16, key: Bool, duration: UInt64, _ data: [UInt8] = [4, 5]) -> [UInt8] {
        element([0xa0], element([0xa1], [0x80 | track] + time.bytes + [0] + data) + unsigned([0x9b], duration) + (key ? [] : element([0xfb], [0xff])))
    }

    /// Two groups of pictures with sound between, the sound before the second keyframe in the keyframe's Cluster.
    static let usual = beginning
        + cluster(0) + block(1, 0, key: true) + block(2, 5, key: true) + block(1, 20, key: true) + block(2, 38)
        + cluster(1000) + block(1, 0, key: true) + block(2, 3, key: true, Array(repeating: 7, count: 300)) + block(2, 36)
}

enum SyntheticMP4 {
    static func box(_ type: String, _ content: [UInt8]) -> [UInt8] { UInt32(8 + content.count).bytes + Array(type.utf8) + content }
    static func full(_ type: String, version: UInt8 = 0, flags: UInt32 = 0, _ content: [UInt8]) -> [UInt8] {
        box(type, (UInt32(version) << 24 | flags).bytes + content)
    }

    static func track(_ id: UInt32, handler: String, timescale: UInt32, entry: [UInt8]) -> [UInt8] {
        let tkhd = full("tkhd", UInt64(0).bytes + id.bytes + [UInt8](repeating: 0, count: 68))
        let mdhd = full("mdhd", UInt64(0).bytes + timescale.bytes + UInt64(0).bytes)
        let hdlr = full("hdlr", UInt32(0).bytes + Array(handler.utf8) + [UInt8](repeating: 0, count: 13))
        let stsd = full("stsd", UInt32(1).bytes + entry)
        return box("trak", tkhd + box("mdia", mdhd + hdlr + box("minf", box("stbl", stsd))))
    }

    static let avc1 = box("avc1", [UInt8](repeating: 0, count: 24) + [0, 64, 0, 48] + [UInt8](repeating: 0, count: 50)
        + box("avcC", [1, 0x42, 0x00, 0x1f, 0xff, 0xe1, 0, 0]))
    static let opus = box("Opus", [UInt8](repeating: 0, count: 28) + box("dOps", [UInt8](repeating: 0, count: 11)))
    static let ftyp = box("ftyp", Array("isom".utf8) + UInt32(0).bytes)
    static let video = track(1, handler: "vide", timescale: 90_000, entry: avc1)
    static let sound = track(2, handler: "soun", timescale: 48_000, entry: opus)
    static let mvex = box("mvex", trex(1) + trex(2))
    static func trex(_ id: UInt32) -> [UInt8] { full("trex", id.bytes + UInt32(1).bytes + UInt32(3000).bytes + UInt32(0).bytes + UInt32(0x1_0000).bytes) }
    static let moov = box("moov", full("mvhd", [UInt8](repeating: 0, count: 96)) + video + sound + mvex)
    static let beginning = ftyp + moov

    static func trun(_ durations: [UInt32], firstFlags: UInt32? = nil) -> [UInt8] {
        full("trun", flags: 0x300 | (firstFlags == nil ? 0 : 4), UInt32(durations.count).bytes + (firstFlags?.bytes ?? [])
            + durations.flatMap { $0.bytes + UInt32(2).bytes })
    }

    static func traf(_ id: UInt32, time: UInt64, _ runs: [UInt8], tfhd flags: UInt32 = 0x2_0000, _ fields: [UInt8] = []) -> [UInt8] {
        box("traf", full("tfhd", flags: flags, id.bytes + fields) + full("tfdt", version: 1, time.bytes) + runs)
    }

    static func moof(_ trafs: [UInt8]) -> [UInt8] { box("moof", full("mfhd", UInt32(1).bytes) + trafs) }
    static let mdat = box("mdat", [1, 2, 3, 4])

    static let usual = beginning + box("styp", [0, 0, 0, 0])
        + moof(traf(1, time: 0, trun([3000, 3000], firstFlags: 0)) + traf(2, time: 0, trun([2880, 2880, 1008]))) + mdat
        + moof(traf(1, time: 6000, trun([3000]))) + box("free", [9]) + mdat
}

extension FixedWidthInteger {
    /// Big-endian.
    fileprivate var bytes: [UInt8] { (0..<Self.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: self >> (8 * Self($0))) } }
}
