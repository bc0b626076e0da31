// Links to clips and pictures that work without a token, for a while, for one account's object.

import Domain
import Runtime

/// HMAC-SHA-256 over account, object and expiry. `<video>` and `<img>` cannot send an Authorization header.
struct MediaSigner: Sendable {
    static let lifetimeSeconds: Int64 = 3600
    private let key: [UInt8]

    init(key: [UInt8]) { self.key = key }

    /// A path with its signature in the query. It stays the same for some minutes, so that browsers can cache what it names.
    ///
    /// - Parameter version: of what it names, where that is known; another version has another address. It is not signed, as it opens nothing.
    func path(event: EventID, object: String, version: Timestamp? = nil, account: AccountID, now: Timestamp) -> String {
        let expiry = Self.expiry(now)
        let signature = sign(event: event, object: object, account: account, expiry: expiry)
        return "/media/\(event)/\(object)?a=\(account)&e=\(expiry)&s=\(signature)\(version.map { "&v=\($0.milliseconds)" } ?? "")"
    }

    /// The scope that a signed request may read in; `nil` if the signature is wrong or has expired.
    func scope(event: EventID, object: String, account: String?, expiry: String?, signature: String?, now: Timestamp) -> AccountScope? {
        guard let account = account.flatMap({ AccountID($0) }), let expiry = expiry.flatMap({ Int64($0) }), let signature else { return nil }
        let expected = sign(event: event, object: object, account: account, expiry: expiry)
        guard Crypto.constantTimeEquals(expected.utf8, signature.utf8), now.milliseconds / 1000 < expiry else { return nil }
        return AccountScope(account)
    }

    /// A path to pictures of now of a device's camera.
    func snapshotPath(device: DeviceID, account: AccountID, now: Timestamp) -> String {
        let expiry = Self.expiry(now)
        return "/devices/\(device)/snapshot.jpg?a=\(account)&e=\(expiry)&s=\(sign(device: device, account: account, expiry: expiry))"
    }

    /// The same for `snapshotPath`.
    func scope(device: DeviceID, account: String?, expiry: String?, signature: String, now: Timestamp) -> AccountScope? {
        guard let account = account.flatMap({ AccountID($0) }), let expiry = expiry.flatMap({ Int64($0) }) else { return nil }
        let expected = sign(device: device, account: account, expiry: expiry)
        guard Crypto.constantTimeEquals(expected.utf8, signature.utf8), now.milliseconds / 1000 < expiry else { return nil }
        return AccountScope(account)
    }

    private static func expiry(_ now: Timestamp) -> Int64 {
        let step: Int64 = 900
        return (now.milliseconds / 1000 / step + 1) * step + lifetimeSeconds
    }

    /// Five lines, where those of an event's object are four: neither can stand for the other.
    private func sign(device: DeviceID, account: AccountID, expiry: Int64) -> String {
        Crypto.base64URL(Crypto.hmacSHA256(key: key, "snapshot\n\(account)\n\(device)\n\(expiry)\n".utf8))
    }

    private func sign(event: EventID, object: String, account: AccountID, expiry: Int64) -> String {
        Crypto.base64URL(Crypto.hmacSHA256(key: key, "\(account)\n\(event)\n\(object)\n\(expiry)".utf8))
    }
}
