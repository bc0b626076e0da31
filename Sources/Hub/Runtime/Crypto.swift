// Hashes, message authentication and randomness by OpenSSL's libcrypto.

internal import CCrypto

public enum Crypto {
    /// SHA-256 (FIPS 180-4), 32 bytes.
    public static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(input, input.count, &digest)
        return digest
    }

    /// SHA-256 of the UTF-8 bytes, in lower-case hexadecimal: how tokens are stored.
    public static func sha256Hex(_ text: String) -> String { hex(sha256(text.utf8)) }

    /// HMAC-SHA-256 (RFC 2104), 32 bytes.
    public static func hmacSHA256(key: [UInt8], _ message: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(message)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var length: UInt32 = 0
        _ = HMAC(EVP_sha256(), key, Int32(key.count), input, input.count, &digest, &length)
        return digest
    }

    /// HMAC-SHA-1 (RFC 2104), 20 bytes: for what others fixed long ago (RFC 4226), where its weakness as a hash does not matter.
    public static func hmacSHA1(key: [UInt8], _ message: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(message)
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        var length: UInt32 = 0
        _ = HMAC(EVP_sha1(), key, Int32(key.count), input, input.count, &digest, &length)
        return digest
    }

    /// Whether two secrets are equal, in a time that depends on their lengths only (CRYPTO_memcmp).
    public static func constantTimeEquals(_ a: some Sequence<UInt8>, _ b: some Sequence<UInt8>) -> Bool {
        let a = Array(a), b = Array(b)
        return a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }

    /// Bytes of the operating system's generator by way of RAND_bytes.
    public static func randomBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let status = RAND_bytes(&bytes, Int32(count))
        precondition(status == 1, "no randomness to be had from the operating system")
        return bytes
    }

    /// A secret of 32 random bytes in 43 characters of base64url (RFC 4648, section 5).
    public static func randomToken(bytes: Int = 32) -> String { base64URL(randomBytes(bytes)) }

    /// Uniform in 0..<1, for jitter.
    public static func randomFraction() -> Double { Double.random(in: 0..<1) }

    public static func hex(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// base64url without padding (RFC 4648, section 5).
    public static func base64URL(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var out = [UInt8]()
        var index = 0
        while index < bytes.count {
            let group = bytes[index..<min(index + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for position in 0...group.count { out.append(alphabet[Int(bits >> UInt32(18 - 6 * position)) & 63]) }
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes that `base64URL` wrote. `nil` for other characters, padding and bits that nobody writes, so that no bytes have two texts.
    public static func decodeBase64URL(_ text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count * 3 / 4)
        var bits: UInt32 = 0, count = 0
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            bits &= (1 << UInt32(count)) - 1
        }
        // A single character is no byte.
        return count < 6 && bits == 0 ? out : nil
    }

    private static let digits = Array("0123456789abcdef".utf8)
}

/// Incremental SHA-256, for what is too large to hold.
public struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer

    public init() {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        self.context = context
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit { EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    public consuming func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }
}

/// A secret that never shows itself when printed, logged or interpolated.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
    public func matches(_ other: String) -> Bool { Crypto.constantTimeEquals(value.utf8, other.utf8) }
}
