// What a recorder's configuration frame says (docs/PROTOCOL.md, "Live from a recorder").

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#endif

struct RecorderConfiguration: Hashable, Decodable {
    private let container: String
    private let `init`: Data

    /// - Returns: `nil` for the configuration of a track.
    init?(json: [UInt8]) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(json)) else { return nil }
        self = value
    }

    /// What precedes the media segments.
    var initialization: [UInt8] { Array(`init`) }
}
