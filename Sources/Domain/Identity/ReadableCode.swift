// Codes that people read from one screen and type into another.

/// Letters and digits without those that look alike (0 O 1 I L): 31 characters, almost five bits each.
public enum ReadableCode {
    static let alphabet = Array("23456789ABCDEFGHJKMNPQRSTUVWXYZ".unicodeScalars)

    /// Every code of `length` characters is as likely as any other, where `generator` is fair; one for secrets is `SystemRandomNumberGenerator`.
    public static func make(length: Int, using generator: inout some RandomNumberGenerator) -> String {
        var code = ""
        for _ in 0..<length { code.unicodeScalars.append(alphabet[Int.random(in: alphabet.indices, using: &generator)]) }
        return code
    }

    /// `ABCD-EFGH`: groups of four.
    public static func grouped(_ code: String) -> String {
        var out = ""
        for (index, character) in code.enumerated() {
            if index > 0 && index % 4 == 0 { out += "-" }
            out.append(character)
        }
        return out
    }

    /// The code that somebody meant: in either case, with spaces and hyphens anywhere, also the dashes that phones make of them. `nil` for other
    /// characters and another length.
    public static func normalized(_ typed: String, length: Int) -> String? {
        var code = ""
        var count = 0
        for scalar in typed.unicodeScalars {
            switch scalar {
            case " ", "\t", "\n", "\r", "\u{a0}", "-", "\u{2010}"..."\u{2015}", "\u{2212}": continue
            default: break
            }
            let upper = ("a"..."z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) - 32) : scalar
            count += 1
            guard count <= length, alphabet.contains(upper) else { return nil }
            code.unicodeScalars.append(upper)
        }
        return count == length ? code : nil
    }
}
