// How often somebody may guess.

import Domain
import Loop
import Runtime

/// Makes whoever guesses at secrets wait, longer with each wrong one: by address, and by what they guess at. Of a bounded number of both, in memory:
/// a restart forgets, and no restart can be had from outside.
final class AttemptGuard: Sendable {
    /// What is guessed at; each is counted by itself.
    enum Kind: String, Sendable {
        /// A password or a one-time code. On: the e-mail address.
        case signIn = "sign_in"
        /// Asking for a mail. On: the e-mail address. It is never right, so that nobody's mailbox is filled.
        case mail
        /// The secret of a mailed link.
        case link
        /// The secret of the first start.
        case setup
        /// The secret or the short code of a pairing.
        case pairing
        case activationCode = "activation_code"
        case invitation
        /// A token of another issuer, and beginning to get one there.
        case oidc
    }

    /// What an account makes the hub send to somebody, at once and as often as it is asked.
    enum Sending: String, Sendable {
        case testAlert = "test_alerts"
        case invitation = "invitation_mails"
    }

    /// An attempt that was let through. It counts as wrong unless one of the two follows.
    struct Attempt: Sendable {
        fileprivate let owner: AttemptGuard
        fileprivate let address: Key
        fileprivate let subject: Key?
        fileprivate let place: Key?

        /// It was right: what was wrong before is forgiven to the subject, but not to the address, from which anybody may sign in to an account of
        /// their own between two guesses at another one. From this address the subject is not locked out by what others guess elsewhere.
        func succeeded() {
            owner.state.withLock { state in
                state.addresses.withdraw(address)
                if let subject { state.subjects.succeed(subject) }
                if let place { state.places.insert(place) }
            }
        }

        /// It was neither right nor wrong: something else was missing, or the hub could not look.
        func withdraw() {
            owner.state.withLock { state in
                state.addresses.withdraw(address)
                if let subject { state.subjects.withdraw(subject) }
            }
        }
    }

    fileprivate struct Key: Hashable {
        let kind: Kind
        let text: String
    }

    private struct SenderKey: Hashable {
        let sending: Sending
        let account: AccountID
    }

    private struct State {
        var addresses: AttemptLimit<Key>
        var subjects: AttemptLimit<Key>
        var tokens: AttemptLimit<String>
        var senders: AttemptLimit<SenderKey>
        /// From where what was right.
        var places = RecentSet<Key>(capacity: 10_000)
        /// Addresses that have shown a valid token.
        var known = RecentSet<String>(capacity: 10_000)
    }

    private let state: LockedValue<State>
    private let metrics: Metrics
    private let clock: WallClock

    init(metrics: Metrics, clock: WallClock) {
        self.metrics = metrics
        self.clock = clock
        // A household, or all of a hub behind a proxy that it does not know, has one address.
        var addresses = AttemptLimit<Key>.Rules()
        addresses.free = 30
        addresses.maximumDelayMilliseconds = 60_000
        // A hundred guesses an hour are what ASVS 4.0 (2.2.1) allows at most; more than a minute would help whoever wants to lock somebody out.
        var subjects = AttemptLimit<Key>.Rules()
        subjects.maximumDelayMilliseconds = 60_000
        // Nobody guesses 256 bits: this keeps the database from being asked all the time.
        var tokens = AttemptLimit<String>.Rules()
        tokens.free = 100
        tokens.maximumDelayMilliseconds = 60_000
        tokens.quietMilliseconds = 10 * 60_000
        // Enough for who sets up many cameras, or asks a whole family in.
        var senders = AttemptLimit<SenderKey>.Rules()
        senders.free = 20
        state = LockedValue(
            State(
                addresses: AttemptLimit(rules: addresses), subjects: AttemptLimit(rules: subjects), tokens: AttemptLimit(rules: tokens),
                senders: AttemptLimit(rules: senders)))
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// Asks whether an attempt may be made now, before anything is looked up.
    ///
    /// - Parameters:
    ///   - caller: from where.
    ///   - subject: at what, where that is known: an e-mail address, in the form in which it is stored.
    /// - Throws: 429 `too_many_attempts`, with the time from which it may be.
    func attempt(_ kind: Kind, by caller: Caller, on subject: String? = nil) throws(APIError) -> Attempt {
        let network = Self.network(caller.address), now = now
        let address = Key(kind: kind, text: network)
        let place = subject.map { Key(kind: kind, text: "\(network) \($0)") }
        let refused = state.withLock { state -> (attempt: Attempt?, next: Timestamp) in
            if let next = state.addresses.attempt(address, now: now) { return (nil, next) }
            let isKnown = place.map { state.places.contains($0) } ?? false
            let target = isKnown ? place : subject.map { Key(kind: kind, text: $0) }
            if let target, let next = state.subjects.attempt(target, now: now) {
                state.addresses.withdraw(address)
                return (nil, next)
            }
            return (Attempt(owner: self, address: address, subject: target, place: place), now)
        }
        if let attempt = refused.attempt { return attempt }
        metrics.refused(by: "\(kind.rawValue)_attempts")
        throw Self.tooMany(until: refused.next, now: now)
    }

    /// What was begun from there came to a good end: one attempt less.
    func forgive(_ kind: Kind, by caller: Caller) {
        let key = Key(kind: kind, text: Self.network(caller.address))
        state.withLock { $0.addresses.withdraw(key) }
    }

    /// Asks whether an account may have something sent now. There is no right or wrong: each counts, from wherever it is asked for.
    ///
    /// - Throws: 429 `too_many_attempts`, with the time from which it may.
    func send(_ sending: Sending, for account: AccountID) throws(APIError) {
        let now = now
        guard let next = state.withLock({ $0.senders.attempt(SenderKey(sending: sending, account: account), now: now) }) else { return }
        metrics.refused(by: sending.rawValue)
        throw Self.tooMany(until: next, now: now)
    }

    // MARK: Bearer tokens

    /// A token that is looked up.
    struct TokenAttempt: Sendable {
        fileprivate let owner: AttemptGuard
        fileprivate let network: String

        func succeeded() { owner.state.withLock { $0.known.insert(network) } }

        func failed() {
            let now = owner.now
            owner.state.withLock { state in _ = state.tokens.attempt(network, now: now) }
        }
    }

    /// Asks whether a token of `address` is looked up. One from which a valid one came is not kept out by others behind the same address.
    ///
    /// - Throws: 429 `too_many_attempts`.
    func token(from address: String) throws(APIError) -> TokenAttempt {
        let network = Self.network(address), now = now
        let next = state.withLock { state in state.known.contains(network) ? nil : state.tokens.next(network, now: now) }
        guard let next else { return TokenAttempt(owner: self, network: network) }
        metrics.refused(by: "token_attempts")
        throw Self.tooMany(until: next, now: now)
    }

    private static func network(_ address: String?) -> String { address.flatMap { PeerAddress($0)?.network.description } ?? address ?? "" }

    private static func tooMany(until next: Timestamp, now: Timestamp) -> APIError {
        let seconds = max(1, Int(next.seconds(since: now).rounded(.up)))
        return APIError(
            status: 429, code: "too_many_attempts", message: "there were too many attempts; try again in \(seconds) s", retryAt: next.milliseconds)
    }
}

/// What was inserted lately: at least the last `capacity` / 2 values, and at most `capacity`.
struct RecentSet<Value: Hashable & Sendable>: Sendable {
    private var newer: Set<Value> = []
    private var older: Set<Value> = []
    private let half: Int

    init(capacity: Int) { half = max(1, capacity / 2) }

    func contains(_ value: Value) -> Bool { newer.contains(value) || older.contains(value) }

    mutating func insert(_ value: Value) {
        guard newer.insert(value).inserted, newer.count >= half else { return }
        older = newer
        newer = []
    }
}
