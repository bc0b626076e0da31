// A file taken apart into access units.

import CLibAV

@testable import Media

struct AccessUnits {
    struct Unit {
        let bytes: [UInt8]
        let isVideo: Bool
        let isKey: Bool
        let seconds: Double
        let duration: Double
    }

    var units: [Unit] = []
    var videoExtradata: [UInt8] = []
    var width = 0
    var height = 0
    var hasAudio = false
    var channels = 1

    static func read(_ file: String) throws -> AccessUnits {
        let input = try InputFile(file)
        let video = try input.video()
        let audio = input.best(AVMEDIA_TYPE_AUDIO)
        let parameters = input.stream(video).pointee.codecpar.pointee
        var result = AccessUnits()
        result.width = Int(parameters.width)
        result.height = Int(parameters.height)
        if parameters.extradata_size > 0 {
            result.videoExtradata = Array(UnsafeBufferPointer(start: parameters.extradata, count: Int(parameters.extradata_size)))
        }
        if let audio {
            result.hasAudio = true
            result.channels = Int(input.stream(audio).pointee.codecpar.pointee.ch_layout.nb_channels)
        }
        let packet = try Packet()
        while input.read(packet) {
            let raw = packet.pointer.pointee
            guard raw.stream_index == video || raw.stream_index == audio else { continue }
            let base = input.stream(raw.stream_index).pointee.time_base.value
            result.units.append(
                Unit(
                    bytes: Array(UnsafeBufferPointer(start: raw.data, count: Int(raw.size))), isVideo: raw.stream_index == video,
                    isKey: raw.flags & AV_PKT_FLAG_KEY != 0, seconds: Double(raw.dts) * base, duration: Double(raw.duration) * base))
        }
        return result
    }
}
