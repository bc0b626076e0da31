// Which passwords are taken.

/// Long enough, and not among the first that somebody would try. There is no rule about kinds of characters: those make passwords hard to remember,
/// not to guess.
public enum PasswordPolicy {
    /// Unicode scalars.
    public static let length = 8...128
    private static let product = "pingwatch"

    /// Why a password is not taken.
    public enum Refusal: Hashable, Sendable, CustomStringConvertible {
        case tooShort, tooLong, common, repeated, sequence, address, product

        /// A sentence for people.
        public var description: String {
            switch self {
            case .tooShort: "use at least \(length.lowerBound) characters"
            case .tooLong: "use at most \(length.upperBound) characters"
            case .common: "this is one of the best known passwords; use something that only you would think of"
            case .repeated: "this repeats a few characters; use something longer that does not"
            case .sequence: "these are mostly neighbours on the keyboard or in the alphabet; use some words that do not belong together"
            case .address: "this is mostly your e-mail address; use something that others do not know"
            case .product: "this is mostly the name of this software; use something that only you would think of"
            }
        }
    }

    /// `nil` where `password` is taken.
    ///
    /// - Parameter email: whose it is to be.
    public static func refusal(of password: String, email: String? = nil) -> Refusal? {
        let count = password.unicodeScalars.count
        guard count >= length.lowerBound else { return .tooShort }
        guard count <= length.upperBound else { return .tooLong }
        let scalars = Array(password.lowercased().unicodeScalars)
        let unit = repeatedUnit(scalars)
        if isCommon(scalars) || isCommon(unit) { return .common }
        if unit.count <= 4 || Set(scalars).count < 4 { return .repeated }
        if isSequence(scalars) { return .sequence }
        let essence = essence(scalars), plain = undisguised(essence)
        if isMostly(product, essence, plain) { return .product }
        for word in localParts(email) where isMostly(word, essence, plain) { return .address }
        return nil
    }

    /// The shortest beginning of which `scalars` is a repetition, the last one perhaps cut; all of it where it is none.
    private static func repeatedUnit(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let period = (1...scalars.count / 2).first { period in
            (period..<scalars.count).allSatisfy { scalars[$0] == scalars[$0 - period] }
        }
        return Array(scalars.prefix(period ?? scalars.count))
    }

    /// Whether it is a well-known word, also with the figures that are usual for letters, and with less around it than is a password by itself.
    private static func isCommon(_ scalars: [Unicode.Scalar]) -> Bool {
        let text = string(scalars)
        if CommonPasswords.whole.contains(text) { return true }
        // A figure at an end may be a letter in disguise (`$ecret1`) or an addition (`secret1$`): each cut is tried.
        let head = min(scalars.prefix { !$0.properties.isAlphabetic }.count, length.lowerBound - 1)
        let tail = min(scalars.reversed().prefix { !$0.properties.isAlphabetic }.count, length.lowerBound - 1)
        return (0...head).contains { head in
            (0...min(tail, length.lowerBound - 1 - head)).contains { tail in
                head + tail < scalars.count && CommonPasswords.words.contains(undisguised(string(Array(scalars[head..<scalars.count - tail]))))
            }
        }
    }

    private static let disguises: [Unicode.Scalar: Unicode.Scalar] = [
        "@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t", "+": "t",
    ]

    private static func undisguised(_ text: String) -> String { string(text.unicodeScalars.map { disguises[$0] ?? $0 }) }

    /// Letters and digits alone.
    private static func essence(_ scalars: [Unicode.Scalar]) -> String {
        string(scalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil || disguises[$0] != nil })
    }

    private static func string(_ scalars: [Unicode.Scalar]) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    /// What is left without `word` would be no password by itself.
    private static func isMostly(_ word: String, _ essence: String, _ plain: String) -> Bool {
        [essence, plain].contains { text in
            let rest = text.split(separator: word, omittingEmptySubsequences: false)
            return rest.count > 1 && rest.reduce(0) { $0 + $1.unicodeScalars.count } < length.lowerBound
        }
    }

    /// What stands before the @, whole and without a `+tag`; two letters are in too many words.
    private static func localParts(_ email: String?) -> Set<String> {
        guard let local = email?.lowercased().split(separator: "@", omittingEmptySubsequences: false).first else { return [] }
        let base = local.split(separator: "+", omittingEmptySubsequences: false).first ?? local
        return Set([local, base].map { essence(Array($0.unicodeScalars)) }.filter { $0.unicodeScalars.count >= 3 })
    }

    private static let rows = [
        "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm",
        "wxcvbn",
    ].map { Array($0.unicodeScalars) }

    /// Pairs that follow one another in a row, each with its direction.
    private static let neighbours: [Pair: Set<Int>] = {
        var steps: [Pair: Set<Int>] = [:]
        for (number, row) in rows.enumerated() {
            for (a, b) in zip(row, row.dropFirst()) {
                steps[Pair(a: a, b: b), default: []].insert(number + 1)
                steps[Pair(a: b, b: a), default: []].insert(-number - 1)
            }
        }
        return steps
    }()

    private struct Pair: Hashable { let a, b: Unicode.Scalar }

    /// Whether it is made of stretches of rows, or of one character, that are three long on average.
    private static func isSequence(_ scalars: [Unicode.Scalar]) -> Bool {
        var stretches = 0
        var index = 0
        while index < scalars.count {
            stretches += 1
            var ways: Set<Int>?
            while index + 1 < scalars.count {
                let pair = Pair(a: scalars[index], b: scalars[index + 1])
                var next = neighbours[pair] ?? []
                if pair.a == pair.b { next.insert(0) }
                if let ways { next.formIntersection(ways) }
                guard !next.isEmpty else { break }
                ways = next
                index += 1
            }
            index += 1
        }
        return stretches * 3 <= scalars.count
    }
}
