// Secrets that have to be read again, kept so that whoever has the database alone cannot: AES-256-GCM by OpenSSL's libcrypto.

internal import CCrypto

/// Seals texts by a key of 32 bytes (NIST SP 800-38D), each by a nonce of 12 random ones: fit for millions of texts, and there are as many as people.
public struct SecretBox: Sendable {
    /// base64url.
    private let key: Secret

    private static let prefix = "gcm1."
    private static let keyBytes = 32, nonceBytes = 12, tagBytes = 16

    /// - Parameter text: the key in base64 or base64url, with or without padding; `nil` where it is none.
    public init?(key text: String) {
        let plain = String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.reversed().drop { $0 == "=" }.reversed())
        guard let bytes = Crypto.decodeBase64URL(plain), bytes.count == Self.keyBytes else { return nil }
        key = Secret(Crypto.base64URL(bytes))
    }

    /// What `init(key:)` takes.
    public static func makeKey() -> Secret { Secret(Crypto.randomToken(bytes: keyBytes)) }

    /// Whether it was sealed, by whatever key.
    public static func isSealed(_ text: String) -> Bool { text.hasPrefix(prefix) }

    /// - Parameter owner: whose it is: the same has to be named to open it, so that nobody's secret can be put into another's place.
    public func seal(_ text: String, for owner: String) -> String {
        let nonce = Crypto.randomBytes(Self.nonceBytes), plain = Array(text.utf8)
        var sealed = [UInt8](repeating: 0, count: plain.count), tag = [UInt8](repeating: 0, count: Self.tagBytes)
        let isDone = withContext(nonce, owner, encrypts: true) { context in
            var count: Int32 = 0
            return EVP_EncryptUpdate(context, &sealed, &count, plain, Int32(plain.count)) == 1 && Int(count) == plain.count
                && EVP_EncryptFinal_ex(context, nil, &count) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), &tag) == 1
        }
        precondition(isDone, "AES-256-GCM is not to be had of libcrypto")
        return Self.prefix + Crypto.base64URL(nonce + sealed + tag)
    }

    /// `nil` where it was sealed by another key or for another owner, was changed, or was not sealed at all.
    public func open(_ text: String, for owner: String) -> String? {
        guard Self.isSealed(text), let bytes = Crypto.decodeBase64URL(text.dropFirst(Self.prefix.count)),
            bytes.count >= Self.nonceBytes + Self.tagBytes
        else { return nil }
        let sealed = Array(bytes[Self.nonceBytes..<(bytes.count - Self.tagBytes)])
        var tag = Array(bytes.suffix(Self.tagBytes)), plain = [UInt8](repeating: 0, count: sealed.count)
        let isDone = withContext(Array(bytes.prefix(Self.nonceBytes)), owner, encrypts: false) { context in
            var count: Int32 = 0
            return EVP_DecryptUpdate(context, &plain, &count, sealed, Int32(sealed.count)) == 1 && Int(count) == sealed.count
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), &tag) == 1
                && EVP_DecryptFinal_ex(context, nil, &count) == 1
        }
        return isDone ? String(validating: plain, as: UTF8.self) : nil
    }

    /// - Parameter owner: authenticated, not encrypted.
    private func withContext(_ nonce: [UInt8], _ owner: String, encrypts: Bool, _ body: (OpaquePointer) -> Bool) -> Bool {
        guard let context = EVP_CIPHER_CTX_new(), let key = Crypto.decodeBase64URL(key.value) else { return false }
        defer { EVP_CIPHER_CTX_free(context) }
        let owner = Array(owner.utf8)
        var count: Int32 = 0
        // A nonce of 12 bytes is what GCM takes by default.
        return EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce, encrypts ? 1 : 0) == 1
            && EVP_CipherUpdate(context, nil, &count, owner, Int32(owner.count)) == 1 && body(context)
    }
}
