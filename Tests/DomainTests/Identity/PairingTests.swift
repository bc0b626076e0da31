import Domain
import TestSupport
import Testing

@Suite(.mustEnd)
struct PairingTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)
    private let phone = Pairing.Phone(label: "Hall", address: "192.0.2.1", agent: "Phone", word: "07")
    private let device = DeviceID(trusted: "d")

    private func at(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }
    private func waiting() -> Pairing { Pairing(id: PairingID(trusted: "p"), maker: UserID(trusted: "u"), now: start) }

    private func claimed(at seconds: Double = 10) throws -> Pairing {
        var pairing = waiting()
        try pairing.claim(by: phone, now: at(seconds))
        return pairing
    }

    private func confirmed(at seconds: Double = 20) throws -> Pairing {
        var pairing = try claimed()
        try pairing.decide(device, now: at(seconds))
        return pairing
    }

    @Test func `a phone claims a code, is confirmed, and gets its token`() throws {
        var pairing = waiting()
        #expect(pairing.state(at: start) == .waiting && pairing.phone == nil)
        try pairing.claim(by: phone, now: at(299))
        #expect(pairing.state(at: at(299)) == .claimed && pairing.phone == phone)
        try pairing.decide(device, now: at(418))
        #expect(pairing.state(at: at(418)) == .confirmed && pairing.device == device && pairing.givenAt == nil)
        #expect(try pairing.give(now: at(717)) == device)
        #expect(pairing.givenAt == at(717) && pairing.state(at: at(9999)) == .confirmed)
    }

    @Test func `a code is claimed once, and within five minutes`() throws {
        var pairing = try claimed()
        let other = Pairing.Phone(label: "Other", address: nil, agent: nil, word: "99")
        #expect(throws: Pairing.Refusal.used) { try pairing.claim(by: other, now: at(11)) }
        #expect(pairing.phone == phone)
        var late = waiting()
        #expect(throws: Pairing.Refusal.expired) { try late.claim(by: phone, now: at(300)) }
        #expect(late.stage == .waiting && late.state(at: at(300)) == .expired && late.state(at: at(299.999)) == .waiting)
    }

    @Test func `who claims early leaves the whole five minutes for the answer, who claims late two`() throws {
        #expect(try claimed(at: 10).expiresAt == at(300))
        #expect(try claimed(at: 290).expiresAt == at(410))
    }

    @Test func `an answer comes once, after the claim and in time`() throws {
        var pairing = waiting()
        #expect(throws: Pairing.Refusal.unclaimed) { try pairing.decide(device, now: at(1)) }
        #expect(throws: Pairing.Refusal.expired) { try pairing.decide(device, now: at(300)) }
        pairing = try claimed()
        #expect(throws: Pairing.Refusal.expired) { try pairing.decide(device, now: at(300)) }
        #expect(pairing.state(at: at(300)) == .expired && pairing.device == nil)
        pairing = try confirmed()
        #expect(throws: Pairing.Refusal.used) { try pairing.decide(nil, now: at(21)) }
        #expect(pairing.stage == .confirmed)
    }

    @Test func `a rejected phone gets nothing`() throws {
        var pairing = try claimed()
        try pairing.decide(nil, now: at(20))
        #expect(pairing.state(at: at(20)) == .rejected && pairing.device == nil)
        #expect(throws: Pairing.Refusal.used) { try pairing.decide(device, now: at(21)) }
        #expect(throws: Pairing.Refusal.unclaimed) { try pairing.give(now: at(21)) }
    }

    @Test func `nobody gets a token before the answer, or long after it`() throws {
        var pairing = try claimed()
        #expect(throws: Pairing.Refusal.unclaimed) { try pairing.give(now: at(11)) }
        pairing = try confirmed(at: 20)
        #expect(throws: Pairing.Refusal.expired) { try pairing.give(now: at(320)) }
        #expect(pairing.givenAt == nil)
    }

    @Test(arguments: [0, 15, 30]) func `a lost answer is given again within half a minute`(seconds: Double) throws {
        var pairing = try confirmed()
        _ = try pairing.give(now: at(100))
        #expect(try pairing.give(now: at(100 + seconds)) == device)
        // The half minute is not prolonged by it.
        #expect(pairing.givenAt == at(100))
        #expect(throws: Pairing.Refusal.used) { try pairing.give(now: at(130.001)) }
        #expect(throws: Pairing.Refusal.used) { try pairing.give(now: at(99)) }
    }
}

@Suite(.mustEnd)
struct ActivationCodeTests {
    private let start = Timestamp(milliseconds: 1_700_000_000_000)

    private func code(uses: Int = 2) -> ActivationCode {
        ActivationCode(
            id: ActivationCodeID(trusted: "c"), label: "Shop", uses: uses, createdAt: start, expiresAt: start.advanced(bySeconds: 3600))
    }

    @Test func `a code has so many uses`() throws {
        var code = code()
        try code.redeem(now: start)
        try code.redeem(now: start)
        #expect(throws: ActivationCode.Refusal.usedUp) { try code.redeem(now: start) }
        #expect(code.used == 2)
    }

    @Test func `a code ends at its time, and when it is revoked`() {
        var code = code()
        #expect(throws: ActivationCode.Refusal.expired) { try code.redeem(now: code.expiresAt) }
        let first = code.revoke(now: start), second = code.revoke(now: start.advanced(bySeconds: 1))
        #expect(first && !second)
        #expect(code.revokedAt == start)
        #expect(throws: ActivationCode.Refusal.revoked) { try code.redeem(now: start) }
        #expect(code.used == 0)
    }
}
