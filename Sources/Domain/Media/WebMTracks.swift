// What a WebM stream says of its tracks (RFC 9559, section 5.1.4).

struct WebMTracks: Hashable, Sendable {
    private(set) var numbers: Set<UInt64> = []
    private(set) var codecs: [String] = []
    /// The number of the first video track.
    private(set) var video: UInt64 = 0
    private(set) var width = 0
    private(set) var height = 0
    /// Of a picture in nanoseconds, where the track says so.
    private var defaultDuration: UInt64?

    init(_ content: ArraySlice<UInt8>) throws(ContainerError) {
        for child in try EBML.children(content, of: "Tracks") where child.id == 0xae { try add(child.content) }
        guard video > 0 else { throw .missing("a video track") }
    }

    /// How many ticks a picture lasts.
    func videoTicks(_ scale: UInt64) -> UInt64? { defaultDuration.map { $0 / scale } }

    private mutating func add(_ entry: ArraySlice<UInt8>) throws(ContainerError) {
        var number: UInt64 = 0, type: UInt64 = 0, width: UInt64 = 0, height: UInt64 = 0
        var duration: UInt64?
        var codec = ""
        var codecPrivate: ArraySlice<UInt8> = []
        for child in try EBML.children(entry, of: "TrackEntry") {
            switch child.id {
            case 0xd7: number = try EBML.unsigned(child.content, of: "TrackNumber")
            case 0x83: type = try EBML.unsigned(child.content, of: "TrackType")
            case 0x86: codec = String(decoding: child.content.prefix(32), as: UTF8.self)
            case 0x63a2: codecPrivate = child.content
            case 0x23_e383: duration = try EBML.unsigned(child.content, of: "DefaultDuration")
            case 0xe0:
                for size in try EBML.children(child.content, of: "Video") {
                    if size.id == 0xb0 { width = try EBML.unsigned(size.content, of: "PixelWidth") }
                    if size.id == 0xba { height = try EBML.unsigned(size.content, of: "PixelHeight") }
                }
            default: break
            }
        }
        guard number > 0 else { throw .malformed(element: "TrackEntry", reason: "it has no TrackNumber") }
        guard numbers.insert(number).inserted else { throw .malformed(element: "TrackEntry", reason: "the TrackNumber \(number) comes again") }
        codecs.append(try Self.codecName(codec, codecPrivate))
        guard type == 1, video == 0 else { return }
        video = number
        self.width = Int(clamping: min(width, 65_535))
        self.height = Int(clamping: min(height, 65_535))
        defaultDuration = duration
    }

    private static func codecName(_ id: String, _ codecPrivate: ArraySlice<UInt8>) throws(ContainerError) -> String {
        switch id {
        case "V_VP8": return "vp8"
        case "V_VP9": return "vp9"
        case "V_AV1": return try CodecName.av1(codecPrivate)
        case "V_MPEG4/ISO/AVC": return try CodecName.avc(codecPrivate)
        case "A_OPUS": return "opus"
        case "A_VORBIS": return "vorbis"
        default: throw .unsupported("the codec \(CodecName.printable(id))")
        }
    }
}
