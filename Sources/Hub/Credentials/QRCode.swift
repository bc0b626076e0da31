// Codes that cameras read.

internal import CQRencode

/// A QR code (ISO/IEC 18004) that stands a seventh of it being unreadable (level M).
public struct QRCode: Hashable, Sendable {
    /// How many modules it is wide and high, without the quiet zone.
    public let size: Int
    /// Row after row; `true` is dark.
    let modules: [Bool]

    /// The light margin that readers need, in modules.
    static let quietZone = 4

    /// QRcode_encodeData. `nil` for nothing, and for more than 2331 bytes.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let code = QRcode_encodeData(Int32(clamping: bytes.count), bytes, 0, QR_ECLEVEL_M) else { return nil }
        defer { QRcode_free(code) }
        size = Int(code.pointee.width)
        modules = UnsafeBufferPointer(start: code.pointee.data, count: size * size).map { $0 & 1 == 1 }
    }

    /// Whether it is dark there; the quiet zone and all beyond is light.
    func isDark(_ x: Int, _ y: Int) -> Bool {
        (0..<size).contains(x) && (0..<size).contains(y) && modules[y * size + x]
    }

    /// An SVG element, dark on light whatever the page's colours, a unit for each module.
    ///
    /// - Parameter title: what the code is for, for those who do not see it.
    public func svg(title: String) -> String {
        let width = size + 2 * Self.quietZone
        var path = ""
        for y in 0..<size {
            var x = 0
            while x < size {
                guard isDark(x, y) else {
                    x += 1
                    continue
                }
                let start = x
                while isDark(x, y) { x += 1 }
                path += "M\(start + Self.quietZone) \(y + Self.quietZone)h\(x - start)v1h-\(x - start)z"
            }
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(width)\" role=\"img\" shape-rendering=\"crispEdges\">"
            + "<title>\(Self.escaped(title))</title><rect width=\"\(width)\" height=\"\(width)\" fill=\"#fff\"/>"
            + "<path fill=\"#000\" d=\"\(path)\"/></svg>"
    }

    /// Lines for a terminal, two rows of modules in each. The colours are named (black and white of the 256, which no theme changes): in a terminal's
    /// own, a code would be light on dark, which not every reader takes.
    public var terminal: String {
        let end = size + Self.quietZone
        return stride(from: -Self.quietZone, to: end, by: 2).map { y in
            let line = (-Self.quietZone..<end).map { x in
                switch (isDark(x, y), isDark(x, y + 1)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }
            return "\u{1b}[38;5;16;48;5;231m\(line.joined())\u{1b}[0m\n"
        }.joined()
    }

    /// What XML takes in text; control characters, which it does not, are left out.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: continue
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
