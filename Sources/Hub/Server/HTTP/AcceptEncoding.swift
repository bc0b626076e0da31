// Which coding of a body a client takes (RFC 9110, section 12.5.3).

/// Codings, the preferred ones first.
enum ContentCoding: String, CaseIterable, Sendable {
    case brotli = "br"
    case gzip = "gzip"
    case identity = "identity"
}

struct AcceptEncoding {
    private var qualities: [String: Double] = [:]

    /// - Parameter header: its value; `nil` for none. What is malformed in it counts as not said.
    init(_ header: String?) {
        for item in (header ?? "").split(separator: ",") {
            let parts = item.lowercased().filter { $0 != " " && $0 != "\t" }.split(separator: ";", omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty else { continue }
            var quality: Double? = 1
            for parameter in parts.dropFirst() where parameter.hasPrefix("q=") { quality = Self.quality(parameter.dropFirst(2)) }
            guard let quality else { continue }
            // RFC 9110, section 8.4.1.3.
            qualities[name == "x-gzip" ? "gzip" : String(name)] = quality
        }
    }

    /// `0`, `1`, and up to three digits behind a point.
    private static func quality(_ text: Substring) -> Double? {
        let isWhole = text.first == "0" || text.first == "1"
        let fraction = text.dropFirst()
        guard isWhole, fraction.isEmpty || fraction.first == ".", fraction.count <= 4,
            fraction.dropFirst().utf8.allSatisfy({ (48...57).contains($0) }), let value = Double(fraction.count == 1 ? text.prefix(1) : text), value <= 1
        else { return nil }
        return value
    }

    /// The coding that the client likes best, of those it likes equally the first of `ContentCoding`. Where it takes none, the bytes are sent as
    /// they are, which RFC 9110 (section 12.1) leaves to us: better a page that a picky client may not read than none.
    func best(of available: [ContentCoding]) -> ContentCoding {
        var best = ContentCoding.identity, bestQuality = 0.0
        for coding in ContentCoding.allCases where coding == .identity || available.contains(coding) {
            // Unnamed, identity is taken, though anything that is named is liked better.
            let quality = qualities[coding.rawValue] ?? (coding == .identity ? 0.0005 : qualities["*"] ?? 0)
            if quality > bestQuality { (best, bestQuality) = (coding, quality) }
        }
        return best
    }
}
