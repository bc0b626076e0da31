// The Range header (RFC 9110, section 14).

enum ByteRange: Equatable {
    /// No range is asked for, or what may be ignored: something malformed, another unit, or several ranges.
    case whole
    case part(ClosedRange<Int64>)
    case unsatisfiable

    /// Several ranges are answered by the whole, as RFC 9110, section 14.2, allows, unless only one of them lies within: players never ask for
    /// several, and what is not put together cannot be used to make the hub work.
    ///
    /// - Parameter size: bytes that there are.
    init(header: String?, size: Int64) {
        self = .whole
        // Units are case-insensitive.
        guard let header, header.prefix(6).lowercased() == "bytes=" else { return }
        var parts: Set<ClosedRange<Int64>> = [], isEmpty = true
        for item in header.dropFirst(6).split(separator: ",") {
            let item = withoutBlanks(item)
            // Empty elements of a list count for nothing (section 5.6.1).
            if item.isEmpty { continue }
            isEmpty = false
            switch Self.one(item, size: size) {
            case .whole: return
            case .part(let range): parts.insert(range)
            case .unsatisfiable: break
            }
        }
        if isEmpty || parts.count > 1 { return }
        self = parts.first.map { .part($0) } ?? .unsatisfiable
    }

    private static func one(_ text: Substring, size: Int64) -> ByteRange {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return .whole }
        let first = number(parts[0]), last = number(parts[1])
        switch (parts[0].isEmpty, parts[1].isEmpty) {
        case (false, true):
            guard let first else { return .whole }
            return first < size ? .part(first...(size - 1)) : .unsatisfiable
        case (true, false):
            guard let last else { return .whole }
            return last > 0 && size > 0 ? .part(max(0, size - last)...(size - 1)) : .unsatisfiable
        case (false, false):
            guard let first, let last, first <= last else { return .whole }
            return first < size ? .part(first...min(last, size - 1)) : .unsatisfiable
        case (true, true): return .whole
        }
    }

    /// A number beyond any file is as good as the largest one.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text) ?? .max
    }
}

/// Whether `If-None-Match` names this validator (weak comparison, RFC 9110, section 13.1.2).
func matchesEntityTag(_ header: String?, _ etag: String) -> Bool {
    guard let header else { return false }
    if header == "*" { return true }
    return header.split(separator: ",").contains { candidate in
        var text = withoutBlanks(candidate)
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        return text == "\"\(etag)\""
    }
}

/// Without the blanks around it (RFC 9110, section 5.6.3).
private func withoutBlanks(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
}
