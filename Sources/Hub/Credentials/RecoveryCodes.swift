// What one signs in with when the authenticator app is gone.

public import Domain
internal import Runtime

/// Ten codes such as `ABCD-EFGH-JKMN-PQRS`, each for once. One has 79 bits, so that a plain hash is enough to keep it.
public enum RecoveryCodes {
    public static let count = 10
    static let length = 16

    /// New ones, to be shown once. They differ.
    public static func make(using generator: inout some RandomNumberGenerator) -> [String] {
        var codes: [String] = []
        while codes.count < count {
            let code = ReadableCode.grouped(ReadableCode.make(length: length, using: &generator))
            if !codes.contains(code) { codes.append(code) }
        }
        return codes
    }

    /// What is stored of a code, and looked up for what somebody typed: SHA-256 in hexadecimal, of the user as well, so that a code that two people
    /// have does not show. `nil` where `typed` cannot be a code.
    public static func hash(_ typed: String, of user: UserID) -> String? {
        guard let code = ReadableCode.normalized(typed, length: length) else { return nil }
        return Crypto.sha256Hex("\(user.rawValue)\n\(code)")
    }
}
