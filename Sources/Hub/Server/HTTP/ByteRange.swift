// The Range header (RFC 9110, section 14), for one range of bytes.

enum ByteRange: Equatable {
    /// No range is asked for, or one in a form that may be ignored.
    case whole
    case part(ClosedRange<Int64>)
    case unsatisfiable

    /// - Parameter size: bytes that there are.
    init(header: String?, size: Int64) {
        guard let header, header.hasPrefix("bytes="), !header.contains(",") else {
            self = .whole
            return
        }
        let parts = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            self = .whole
            return
        }
        let first = Self.number(parts[0]), last = Self.number(parts[1])
        switch (parts[0].isEmpty, parts[1].isEmpty) {
        case (false, true):
            guard let first else { self = .whole; return }
            self = first < size ? .part(first...(size - 1)) : .unsatisfiable
        case (true, false):
            guard let last else { self = .whole; return }
            self = last > 0 && size > 0 ? .part(max(0, size - last)...(size - 1)) : .unsatisfiable
        case (false, false):
            guard let first, let last, first <= last else { self = .whole; return }
            self = first < size ? .part(first...min(last, size - 1)) : .unsatisfiable
        case (true, true): self = .whole
        }
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }
}

/// Whether `If-None-Match` names this validator (weak comparison, RFC 9110, section 13.1.2).
func matchesEntityTag(_ header: String?, _ etag: String) -> Bool {
    guard let header else { return false }
    if header == "*" { return true }
    return header.split(separator: ",").contains { candidate in
        var text = candidate.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        return text == "\"\(etag)\""
    }
}
