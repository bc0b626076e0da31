// What is stored of a password.

internal import CArgon2
internal import Runtime

/// An Argon2id hash (RFC 9106) with its salt and parameters, as a PHC string.
///
/// Making and verifying one takes milliseconds and megabytes: by `PasswordHasher`, on threads for that.
public struct PasswordHash: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// What a hash costs.
    public struct Parameters: Hashable, Sendable {
        /// KiB (m).
        public let memory: UInt32
        /// Passes over the memory (t).
        public let passes: UInt32
        /// Lanes (p), each of which has a thread.
        public let lanes: UInt32

        /// 19 MiB, two passes, one lane: what OWASP's cheat sheet on password storage asks for at least.
        public static let standard = Parameters(unchecked: 19_456, 2, 1)

        /// More than that is no password's hash but a way to stop the hub: 256 MiB, 16 passes, 4 lanes.
        public static let maximum = Parameters(unchecked: 262_144, 16, 4)

        /// `nil` where Argon2 cannot (it needs 8 KiB a lane), or `maximum` is exceeded.
        public init?(memory: UInt32, passes: UInt32, lanes: UInt32) {
            guard (1...Self.maximum.passes).contains(passes), (1...Self.maximum.lanes).contains(lanes),
                (8 * lanes...Self.maximum.memory).contains(memory)
            else { return nil }
            self.init(unchecked: memory, passes, lanes)
        }

        private init(unchecked memory: UInt32, _ passes: UInt32, _ lanes: UInt32) {
            (self.memory, self.passes, self.lanes) = (memory, passes, lanes)
        }
    }

    /// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, for the database.
    public let phc: String
    public let parameters: Parameters

    static let saltBytes = 16, hashBytes = 32

    /// Reads what `phc` gave. Nothing is computed; what is wrong with it, or would cost too much, is said here and not when somebody signs in.
    public init(phc: String) throws(PasswordHashError) {
        guard phc.utf8.count <= 256 else { throw .malformed }
        let parts = phc.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19", Self.decodedCount(parts[4], in: 8...64),
            Self.decodedCount(parts[5], in: 16...64)
        else { throw .malformed }
        let costs = parts[3].split(separator: ",", omittingEmptySubsequences: false)
        guard costs.count == 3, let memory = Self.cost("m=", costs[0]), let passes = Self.cost("t=", costs[1]),
            let lanes = Self.cost("p=", costs[2])
        else { throw .malformed }
        guard let parameters = Parameters(memory: memory, passes: passes, lanes: lanes) else { throw .unreasonable }
        (self.phc, self.parameters) = (phc, parameters)
    }

    private init(made phc: String, _ parameters: Parameters) { (self.phc, self.parameters) = (phc, parameters) }

    /// Hashes `password` (argon2id_hash_encoded). Blocks.
    init(
        of password: String, _ parameters: Parameters, salt: [UInt8] = Crypto.randomBytes(PasswordHash.saltBytes)
    ) throws(PasswordHashError) {
        let secret = Array(password.utf8)
        let length = argon2_encodedlen(
            parameters.passes, parameters.memory, parameters.lanes, UInt32(salt.count), UInt32(Self.hashBytes), Argon2_id)
        var text = [CChar](repeating: 0, count: length)
        let status = argon2id_hash_encoded(
            parameters.passes, parameters.memory, parameters.lanes, secret, secret.count, salt, salt.count, Self.hashBytes, &text, length)
        guard status == ARGON2_OK.rawValue else { throw Self.failure(status) }
        self.init(made: String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self), parameters)
    }

    /// A hash of nothing known, which costs as much as any other with these parameters.
    static func dummy(_ parameters: Parameters) -> PasswordHash {
        let salt = String(repeating: "A", count: 22), hash = String(repeating: "A", count: 43)
        return PasswordHash(
            made: "$argon2id$v=19$m=\(parameters.memory),t=\(parameters.passes),p=\(parameters.lanes)$\(salt)$\(hash)", parameters)
    }

    /// Whether this is the hash of `password`: argon2id_verify, which compares in constant time. Blocks.
    func verify(_ password: String) throws(PasswordHashError) -> Bool {
        let secret = Array(password.utf8)
        let status = argon2id_verify(phc, secret, secret.count)
        if status == ARGON2_VERIFY_MISMATCH.rawValue { return false }
        guard status == ARGON2_OK.rawValue else { throw Self.failure(status) }
        return true
    }

    /// Whether it was made with others than `parameters`, and is better made anew when the password is at hand.
    public func needsRehash(_ parameters: Parameters) -> Bool { self.parameters != parameters }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// A decimal number without leading zeros, behind `name`.
    private static func cost(_ name: String, _ text: Substring) -> UInt32? {
        guard text.hasPrefix(name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard let value = UInt32(digits), String(value) == digits else { return nil }
        return value
    }

    /// Whether `text` is base64 without padding (as PHC strings have it) of so many bytes.
    private static func decodedCount(_ text: Substring, in range: ClosedRange<Int>) -> Bool {
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) else { return false }
        let inURL = text.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
        guard let bytes = Crypto.decodeBase64URL(String(decoding: inURL, as: UTF8.self)) else { return false }
        return range.contains(bytes.count)
    }

    private static func failure(_ status: Int32) -> PasswordHashError {
        .failed(argon2_error_message(status).map { String(cString: $0) } ?? "error \(status)")
    }
}

/// Why there is no hash, or none to compare with.
public enum PasswordHashError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is stored is no PHC string of Argon2id, version 19.
    case malformed
    /// What is stored asks for more than `PasswordHash.Parameters.maximum`, or less than Argon2 can.
    case unreasonable
    /// libargon2's own words: there was no memory, for example.
    case failed(String)

    public var description: String {
        switch self {
        case .malformed: "the stored password hash is malformed"
        case .unreasonable: "the stored password hash has unreasonable parameters"
        case .failed(let reason): "the password cannot be hashed: \(reason)"
        }
    }
}
