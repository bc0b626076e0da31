// Texts of one line, such as names.

extension Unicode.Scalar {
    /// Whether a text with it may have more than one line somewhere, or does something else than show.
    public var isControl: Bool { properties.generalCategory == .control || self == "\u{2028}" || self == "\u{2029}" }
}

/// With spaces for line breaks, tabs and other control characters.
public func oneLine(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { line.append(scalar.isControl ? " " : scalar) }
    return String(line)
}
