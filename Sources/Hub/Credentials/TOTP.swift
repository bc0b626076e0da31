// One-time codes of an authenticator app.

public import Domain
public import Runtime

/// TOTP (RFC 6238) as every app understands it: SHA-1, six digits, thirty seconds.
public struct TOTP: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Shared with the app.
    public let secret: [UInt8]

    static let digits = 6, periodSeconds: Int64 = 30

    /// A new secret has 160 bits (RFC 4226, section 4).
    public init(secret: [UInt8] = Crypto.randomBytes(20)) { self.secret = secret }

    /// Reads what `base32` gave; `nil` for what is none, or has fewer than 128 bits.
    public init?(base32: String) {
        guard let secret = Base32.decode(base32), (16...64).contains(secret.count) else { return nil }
        self.init(secret: secret)
    }

    /// For the database, and for people who type it.
    public var base32: String { Base32.encode(secret) }

    /// The number of the thirty seconds that `time` is in.
    public static func step(at time: Timestamp) -> Int64 {
        let seconds = time.milliseconds.quotientAndRemainder(dividingBy: 1000).quotient
        return max(0, seconds / periodSeconds)
    }

    public func code(step: Int64) -> String { Self.code(secret: secret, counter: UInt64(max(0, step)), digits: Self.digits) }

    /// The step of which `typed` is the code, this one or one beside it; `nil` where there is none.
    ///
    /// - Parameters:
    ///   - typed: six digits, perhaps with spaces.
    ///   - lastStep: what this gave the last time, kept with the secret. Only later ones match, so that a code is good for once.
    public func match(_ typed: String, at time: Timestamp, after lastStep: Int64?) -> Int64? {
        let typed = typed.utf8.filter { $0 != UInt8(ascii: " ") }
        guard typed.count == Self.digits else { return nil }
        let now = Self.step(at: time)
        var matched: Int64?
        // All of them, whichever it is.
        for step in now - 1...now + 1 where Crypto.constantTimeEquals(code(step: step).utf8, typed) && step > lastStep ?? -1 {
            matched = matched ?? step
        }
        return matched
    }

    /// What the QR code of an app has: https://github.com/google/google-authenticator/wiki/Key-Uri-Format.
    ///
    /// - Parameters:
    ///   - issuer: what the account is for.
    ///   - account: whose it is, such as an address.
    public func uri(issuer: String, account: String) -> String {
        let issuer = Self.escaped(issuer)
        return "otpauth://totp/\(issuer):\(Self.escaped(account))?secret=\(base32)&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=\(Self.digits)&period=\(Self.periodSeconds)"
    }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// HOTP (RFC 4226, section 5.3).
    static func code(secret: [UInt8], counter: UInt64, digits: Int) -> String {
        let mac = Crypto.hmacSHA1(key: secret, (0..<8).map { UInt8(truncatingIfNeeded: counter >> UInt64(56 - 8 * $0)) })
        let offset = Int(mac[19] & 15)
        let number = mac[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
    }

    /// All but RFC 3986's unreserved characters by percent.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                out.unicodeScalars.append(Unicode.Scalar(byte))
            default: out += "%" + Crypto.hex([byte]).uppercased()
            }
        }
        return out
    }
}
