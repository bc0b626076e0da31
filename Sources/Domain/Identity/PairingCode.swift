// What is typed where a camera cannot scan.

/// Eight characters, shown as `ABCD-EFGH`: 40 bits, enough for five minutes with guesses limited.
public struct PairingCode: Hashable, Sendable, CustomStringConvertible {
    /// Without the hyphen, for storing its hash.
    public let rawValue: String

    static let length = 8

    /// A new one.
    public init(using generator: inout some RandomNumberGenerator) {
        rawValue = ReadableCode.make(length: Self.length, using: &generator)
    }

    /// What somebody typed, in either case, with spaces and hyphens anywhere; `nil` where it can be no code.
    public init?(_ typed: String) {
        guard let code = ReadableCode.normalized(typed, length: Self.length) else { return nil }
        rawValue = code
    }

    /// `ABCD-EFGH`.
    public var formatted: String { ReadableCode.grouped(rawValue) }

    /// It is a secret while it is good: nothing logs it.
    public var description: String { "<redacted>" }
}
