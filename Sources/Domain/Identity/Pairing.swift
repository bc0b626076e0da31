// Adding a camera by a code that one device shows and another one reads.

/// One code: waiting, then claimed by a phone, then confirmed or rejected by whoever showed it. Only a confirmed phone gets a token.
public struct Pairing: Hashable, Sendable {
    /// The phone that asks.
    public struct Phone: Hashable, Sendable {
        /// What the camera shall be called.
        public let label: String
        /// From where it asked, and what its browser calls itself: so that the person can tell whether that is the phone at hand.
        public let address: String?
        public let agent: String?
        /// Two digits that both devices show: whoever claimed the code first from elsewhere has others.
        public let word: String

        public init(label: String, address: String?, agent: String?, word: String) {
            self.label = label
            self.address = address
            self.agent = agent
            self.word = word
        }
    }

    public enum Stage: String, Hashable, Sendable, CaseIterable { case waiting, claimed, confirmed, rejected }

    /// What the people see.
    public enum State: String, Hashable, Sendable { case waiting, claimed, confirmed, rejected, expired }

    public enum Refusal: Error, Hashable, Sendable {
        /// Too late.
        case expired
        /// Somebody has claimed it, or it was decided on before.
        case used
        /// Nobody has claimed it yet.
        case unclaimed
    }

    public let id: PairingID
    /// Whose `user:` channel hears of it.
    public let maker: UserID
    public let createdAt: Timestamp
    /// Of what it waits for: the phone, then the answer, then the phone that fetches its token.
    public private(set) var expiresAt: Timestamp
    public private(set) var stage: Stage
    public private(set) var phone: Phone?
    /// The camera that was made of it.
    public private(set) var device: DeviceID?
    /// When the phone got its token first.
    public private(set) var givenAt: Timestamp?

    /// Of a code.
    public static let lifetimeSeconds = 300.0
    /// Who claims a code in its last moment still gets an answer.
    public static let decisionSeconds = 120.0
    /// For fetching the token.
    public static let fetchSeconds = 300.0
    /// The answer with the token may be lost on its way; after that whoever asks is somebody else.
    public static let repeatSeconds = 30.0

    public init(id: PairingID, maker: UserID, now: Timestamp) {
        self.init(
            id: id, maker: maker, createdAt: now, expiresAt: now.advanced(bySeconds: Self.lifetimeSeconds), stage: .waiting, phone: nil, device: nil,
            givenAt: nil)
    }

    /// As it was stored.
    public init(
        id: PairingID, maker: UserID, createdAt: Timestamp, expiresAt: Timestamp, stage: Stage, phone: Phone?, device: DeviceID?, givenAt: Timestamp?
    ) {
        self.id = id
        self.maker = maker
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.stage = stage
        self.phone = phone
        self.device = device
        self.givenAt = givenAt
    }

    public func state(at now: Timestamp) -> State {
        switch stage {
        case .waiting: now < expiresAt ? .waiting : .expired
        case .claimed: now < expiresAt ? .claimed : .expired
        case .confirmed: .confirmed
        case .rejected: .rejected
        }
    }

    /// A phone has shown the code.
    public mutating func claim(by phone: Phone, now: Timestamp) throws(Refusal) {
        guard stage == .waiting else { throw .used }
        guard now < expiresAt else { throw .expired }
        stage = .claimed
        self.phone = phone
        expiresAt = max(expiresAt, now.advanced(bySeconds: Self.decisionSeconds))
    }

    /// Whoever showed the code has looked at who claimed it.
    ///
    /// - Parameter device: that the phone becomes; `nil` rejects it.
    public mutating func decide(_ device: DeviceID?, now: Timestamp) throws(Refusal) {
        switch stage {
        case .waiting: throw now < expiresAt ? .unclaimed : .expired
        case .confirmed, .rejected: throw .used
        case .claimed: break
        }
        guard now < expiresAt else { throw .expired }
        stage = device == nil ? .rejected : .confirmed
        self.device = device
        if device != nil { expiresAt = now.advanced(bySeconds: Self.fetchSeconds) }
    }

    /// The phone fetches its token.
    ///
    /// - Returns: the camera for which it is made.
    public mutating func give(now: Timestamp) throws(Refusal) -> DeviceID {
        guard stage == .confirmed, let device else { throw .unclaimed }
        if let givenAt {
            // A clock that was set back does not make it longer.
            guard (0...Self.repeatSeconds).contains(now.seconds(since: givenAt)) else { throw .used }
        } else {
            guard now < expiresAt else { throw .expired }
            givenAt = now
        }
        return device
    }
}
