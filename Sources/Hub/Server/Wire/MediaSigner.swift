// Links to clips and pictures that work without a token, for a while, for one account's object.

import Domain
import Loop
import Runtime
import Store

/// The keys of this moment, for everybody who signs or checks.
final class SigningKeyRing: Sendable {
    /// The oldest first.
    private let keys: LockedValue<[SigningKey]>
    /// A key signs when all processes of a database have had the time to read it (`refreshSeconds`).
    static let graceSeconds = 120.0, refreshSeconds = 60.0

    init(_ keys: [SigningKey]) {
        precondition(!keys.isEmpty)
        self.keys = LockedValue(keys)
    }

    func replace(with new: [SigningKey]) { if !new.isEmpty { keys.withLock { $0 = new } } }

    func current(at now: Timestamp) -> SigningKey {
        keys.withLock { keys in keys.last { now.seconds(since: $0.createdAt) >= Self.graceSeconds } ?? keys[0] }
    }

    func find(_ id: String) -> SigningKey? { keys.withLock { keys in keys.first { $0.id == id } } }
}

/// HMAC-SHA-256 over account, object and expiry. `<video>` and `<img>` cannot send an Authorization header.
struct MediaSigner: Sendable {
    static let lifetimeSeconds: Int64 = 3600
    let ring: SigningKeyRing

    /// What a link has in its query besides what it names.
    struct Proof: Sendable {
        let account: String?
        let expiry: String?
        let key: String?
        let signature: String?
    }

    /// A path with its signature in the query. It stays the same for some minutes, so that browsers can cache what it names.
    ///
    /// - Parameter version: of what it names, where that is known; another version has another address. It is not signed, as it opens nothing.
    func path(event: EventID, object: String, version: Timestamp? = nil, account: AccountID, now: Timestamp) -> String {
        let expiry = Self.expiry(now)
        let key = ring.current(at: now)
        let signature = Self.sign(event: event, object: object, account: account, expiry: expiry, key)
        return "/media/\(event)/\(object)?a=\(account)&e=\(expiry)&k=\(key.id)&s=\(signature)\(version.map { "&v=\($0.milliseconds)" } ?? "")"
    }

    /// The scope that a signed request may read in; `nil` if the signature is wrong or has expired.
    func scope(event: EventID, object: String, _ proof: Proof, now: Timestamp) -> AccountScope? {
        scope(proof, now: now) { Self.sign(event: event, object: object, account: $0, expiry: $1, $2) }
    }

    /// A path to pictures of now of a device's camera.
    func snapshotPath(device: DeviceID, account: AccountID, now: Timestamp) -> String {
        let expiry = Self.expiry(now)
        let key = ring.current(at: now), signature = Self.sign(device: device, account: account, expiry: expiry, key)
        return "/devices/\(device)/snapshot.jpg?a=\(account)&e=\(expiry)&k=\(key.id)&s=\(signature)"
    }

    /// The same for `snapshotPath`.
    func scope(device: DeviceID, _ proof: Proof, now: Timestamp) -> AccountScope? {
        scope(proof, now: now) { Self.sign(device: device, account: $0, expiry: $1, $2) }
    }

    private func scope(_ proof: Proof, now: Timestamp, _ sign: (AccountID, Int64, SigningKey) -> String) -> AccountScope? {
        guard let account = proof.account.flatMap({ AccountID($0) }), let expiry = proof.expiry.flatMap({ Int64($0) }), let signature = proof.signature,
            let key = proof.key.flatMap({ ring.find($0) })
        else { return nil }
        let expected = sign(account, expiry, key)
        guard Crypto.constantTimeEquals(expected.utf8, signature.utf8), now.milliseconds / 1000 < expiry else { return nil }
        return AccountScope(account)
    }

    private static func expiry(_ now: Timestamp) -> Int64 {
        let step: Int64 = 900
        return (now.milliseconds / 1000 / step + 1) * step + lifetimeSeconds
    }

    /// Five lines, where those of an event's object are four: neither can stand for the other.
    private static func sign(device: DeviceID, account: AccountID, expiry: Int64, _ key: SigningKey) -> String {
        Crypto.base64URL(Crypto.hmacSHA256(key: Array(key.secret.value.utf8), "snapshot\n\(account)\n\(device)\n\(expiry)\n".utf8))
    }

    private static func sign(event: EventID, object: String, account: AccountID, expiry: Int64, _ key: SigningKey) -> String {
        Crypto.base64URL(Crypto.hmacSHA256(key: Array(key.secret.value.utf8), "\(account)\n\(event)\n\(object)\n\(expiry)".utf8))
    }
}

extension Request {
    var linkProof: MediaSigner.Proof {
        MediaSigner.Proof(account: head.query("a"), expiry: head.query("e"), key: head.query("k"), signature: head.query("s"))
    }
}
