// Phones that become cameras: by a code that a person shows and confirms, or by one for many.

import Domain
import Runtime
import Store

struct PairingService: Sendable {
    let store: Store
    let connections: any CredentialConnections
    let clock: WallClock

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// What the second device shows; it is nowhere else.
    struct Started: Sendable {
        let pairing: Pairing
        let secret: String
        let code: PairingCode
    }

    /// - Throws: 429 where too many wait.
    func start(by maker: UserID, in scope: AccountScope) async throws -> Started {
        var generator = SystemRandomNumberGenerator()
        let now = now, secret = Crypto.randomToken(), code = PairingCode(using: &generator)
        let pairing = Pairing(id: PairingID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), maker: maker, now: now)
        let isStored = try await store.pairings.insert(
            pairing, secretHash: Authentication.hash(secret), codeHash: Authentication.hash(code.rawValue), in: scope)
        guard isStored else {
            throw APIError(status: 429, code: "limit_exceeded", message: "many codes of this account wait for a phone; they end after five minutes")
        }
        return Started(pairing: pairing, secret: secret, code: code)
    }

    /// - Parameter shown: the secret of the link, or the code.
    /// - Returns: what the phone is known by from now on; `nil` when nothing waits for it.
    func claim(_ shown: String, label: String, by caller: Caller) async throws -> (claim: String, found: Pairings.Found, word: String)? {
        let claim = Crypto.randomToken(), digits = String(Int.random(in: 0...99)), word = digits.count < 2 ? "0" + digits : digits
        let phone = Pairing.Phone(label: label, address: caller.address, agent: caller.agent, word: word)
        let found = try await store.pairings.claim(
            hash: Authentication.hash(shown), by: phone, claimHash: Authentication.hash(claim), now: now)
        return found.map { (claim, $0, word) }
    }

    /// Whoever showed the code has answered.
    ///
    /// - Returns: the pairing, and whether it is decided only now: who asks again since the answer got lost is told the same.
    func decide(_ id: PairingID, accept: Bool, in scope: AccountScope) async throws -> (pairing: Pairing, isNew: Bool) {
        let device = accept ? DeviceID(trusted: makeUUIDv7(milliseconds: clock.milliseconds)) : nil
        switch try await store.pairings.decide(id, device, in: scope, now: now) {
        case .done(let pairing): return (pairing, true)
        case .unknown: throw APIError.notFound("pairing")
        case .refused(.unclaimed): throw APIError.conflict("not_claimed", "no phone has shown the code yet")
        case .refused(.expired): throw APIError.conflict("pairing_expired", "this took too long; begin again with another code")
        case .refused(.used):
            guard let pairing = try await store.pairings.find(id, in: scope), (pairing.stage == .confirmed) == accept else {
                throw APIError.conflict("pairing_decided", "this was decided before")
            }
            return (pairing, false)
        }
    }

    enum Outcome: Sendable {
        case waiting(Pairings.Found)
        case confirmed(Pairings.Found, Device, token: String)
    }

    /// What became of a claim; once it is confirmed, the camera's token.
    ///
    /// - Throws: 404 where there is no such claim, or its token was fetched.
    func outcome(of claim: String) async throws -> Outcome {
        let hash = Authentication.hash(claim)
        guard let found = try await store.pairings.find(claimHash: hash) else { throw APIError.linkExpired }
        guard found.pairing.stage == .confirmed else { return .waiting(found) }
        let token = Authentication.makeDeviceToken()
        switch try await store.pairings.give(claimHash: hash, tokenHash: Authentication.hash(token), now: now) {
        case .unknown: throw APIError.linkExpired
        case .none(let found): return .waiting(found)
        case .token(let found, let device):
            // The answer before it may have arrived after all.
            await connections.close(.device(found.scope.account, device.id))
            return .confirmed(found, device, token: token)
        }
    }

    /// - Returns: `nil` for a code that is not good, or not any more.
    func redeem(
        _ code: String, label: String, by caller: Caller
    ) async throws -> (code: ActivationCode, device: Device, scope: AccountScope, token: String)? {
        let token = Authentication.makeDeviceToken(), now = now
        let redeemed = try await store.activationCodes.redeem(
            hash: Authentication.hash(code), device: DeviceID(trusted: makeUUIDv7(milliseconds: now.milliseconds)), label: label,
            tokenHash: Authentication.hash(token), address: caller.address, now: now)
        return redeemed.map { ($0.code, $0.device, $0.scope, token) }
    }
}
