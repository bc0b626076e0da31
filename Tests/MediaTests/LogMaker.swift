// Clip logs as a sensor would fill them, out of small files.

import CLibAV
import Domain
import Foundation
@testable import Media

/// A clip log in the making.
struct LogMaker {
    private(set) var records: [ClipLogRecord] = []
    private var sequence: UInt32 = 0

    mutating func add(
        _ payload: some Collection<UInt8>, kind: FrameHeader.Kind = .clip, flags: FrameHeader.Flags = [], track: UInt16 = 0,
        duration: UInt32 = 0, timestamp: UInt64 = 0
    ) {
        let header = FrameHeader(
            kind: kind, flags: flags, track: track, stream: 5, sequence: sequence, duration: duration, timestamp: timestamp)
        records.append(ClipLogRecord(header: header, payload: Array(payload)))
        sequence += 1
    }

    mutating func configure(_ json: String, track: UInt16 = 0) { add(Array(json.utf8), flags: .configuration, track: track) }

    /// Frames of `file`, with `start` as the media clock's time of its beginning.
    mutating func add(file: String, start: UInt64 = 1_000_000_000, withDescription: Bool = true) throws {
        let input = try InputFile(file)
        let video = try input.video(), audio = input.best(AVMEDIA_TYPE_AUDIO)
        for (track, index) in [(UInt16(0), Optional(video)), (1, audio)] {
            guard let index else { continue }
            configure(Self.configuration(input.stream(index).pointee.codecpar.pointee, withDescription: withDescription), track: track)
        }
        let packet = try Packet()
        while input.read(packet) {
            let raw = packet.pointer.pointee
            let timeBase = input.stream(raw.stream_index).pointee.time_base.value
            guard raw.stream_index == video || raw.stream_index == audio, let time = packet.time else { continue }
            let microseconds = Int64(start) + Int64(Double(time) * timeBase * 1_000_000)
            add(
                UnsafeBufferPointer(start: raw.data, count: Int(raw.size)), flags: raw.flags & AV_PKT_FLAG_KEY != 0 ? .keyframe : [],
                track: raw.stream_index == video ? 0 : 1, duration: UInt32(Double(max(raw.duration, 0)) * timeBase * 1_000_000),
                timestamp: UInt64(max(microseconds, 0)))
        }
    }

    private static func configuration(_ parameters: AVCodecParameters, withDescription: Bool) -> String {
        var fields: [String]
        switch parameters.codec_id {
        case AV_CODEC_ID_H264: fields = [#""codec":"avc1.42001f""#]
        case AV_CODEC_ID_VP9: fields = [#""codec":"vp09.00.10.08""#]
        case AV_CODEC_ID_OPUS: fields = [#""codec":"opus","sample_rate":48000,"channels":1"#]
        default: fields = [#""codec":"vp8""#]
        }
        if parameters.width > 0 { fields.append(#""width":\#(parameters.width),"height":\#(parameters.height)"#) }
        if withDescription, parameters.extradata_size > 0 {
            let extradata = Data(bytes: parameters.extradata, count: Int(parameters.extradata_size))
            fields.append(#""description":"\#(extradata.base64EncodedString())""#)
        }
        return "{\(fields.joined(separator: ","))}"
    }

    mutating func keep(_ isKept: (ClipLogRecord) -> Bool) {
        let kept = records.filter(isKept)
        records = []
        sequence = 0
        for record in kept {
            add(
                record.payload, kind: record.header.kind, flags: record.header.flags, track: record.header.track,
                duration: record.header.duration, timestamp: record.header.timestamp)
        }
    }

    mutating func change(_ change: (inout ClipLogRecord) -> Void) { for index in records.indices { change(&records[index]) } }

    var encoded: [UInt8] { records.flatMap { ClipLog.record($0.header, $0.payload) } }
}

extension FrameHeader {
    var isVideoFrame: Bool { track == 0 && !flags.contains(.configuration) }
}

/// Positions of things in files, for telling what comes first.
func position(of marker: [UInt8], in bytes: [UInt8]) -> Int? {
    Data(bytes).firstRange(of: Data(marker))?.lowerBound
}

extension InputFile {
    var hasRotation: Bool {
        guard let index = try? video() else { return false }
        return av_stream_get_side_data(stream(index), AV_PKT_DATA_DISPLAYMATRIX, nil) != nil
    }
}
