import Domain
import Store
import TestSupport
import Testing

@Suite(.mustEnd)
struct PairingStoreTests {
    private let phone = Pairing.Phone(label: "Door", address: "192.0.2.1", agent: "Phone", word: "07")
    private let made = DeviceID(trusted: "made")

    private func started(_ f: StoreFixture, _ name: String = "1", at second: Double = 0) async throws -> Pairing {
        let pairing = Pairing(id: PairingID(trusted: "p\(name)"), maker: UserID(trusted: "maker"), now: f.at(second))
        #expect(try await f.store.pairings.insert(pairing, secretHash: "secret \(name)", codeHash: "code \(name)", in: f.ours))
        return pairing
    }

    @Test(arguments: TestDatabase.kinds) func `a pairing goes from code to token`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), pairings = f.store.pairings, pairing = try await started(f)
        #expect(try await pairings.find(pairing.id, in: f.ours) == pairing)
        #expect(try await pairings.find(pairing.id, in: f.theirs) == nil)
        #expect(try await pairings.claim(hash: "nothing", by: phone, claimHash: "c", now: f.at(1)) == nil)
        let found = try #require(try await pairings.claim(hash: "code 1", by: phone, claimHash: "claim", now: f.at(1)))
        #expect(found.scope == f.ours && found.pairing.phone == phone)
        #expect(try await pairings.find(claimHash: "claim") == found)
        #expect(try await pairings.give(claimHash: "claim", tokenHash: "early", now: f.at(2)) == .none(found))
        #expect(try await pairings.decide(pairing.id, made, in: f.theirs, now: f.at(2)) == .unknown)
        guard case .done(let confirmed) = try await pairings.decide(pairing.id, made, in: f.ours, now: f.at(3)) else {
            Issue.record("not confirmed")
            return
        }
        #expect(confirmed.device == made)
        #expect(try await f.store.devices.find(made, in: f.ours)?.label == "Door")
        #expect(try await f.store.deviceTokens.principal(hash: "early") == nil)
        guard case .token(let given, let device) = try await pairings.give(claimHash: "claim", tokenHash: "t1", now: f.at(4)) else {
            Issue.record("no token")
            return
        }
        #expect(device.id == made && given.pairing.givenAt == f.at(4))
        #expect(try await f.store.deviceTokens.principal(hash: "t1") == Principal(made, of: f.ours.account))
        // The answer was lost: another token in its place, for half a minute.
        guard case .token = try await pairings.give(claimHash: "claim", tokenHash: "t2", now: f.at(34)) else {
            Issue.record("a repeat in time was refused")
            return
        }
        #expect(try await f.store.deviceTokens.principal(hash: "t1") == nil)
        #expect(try await pairings.give(claimHash: "claim", tokenHash: "t3", now: f.at(34.1)) == .unknown)
        #expect(try await f.store.deviceTokens.principal(hash: "t2") != nil)
    }

    @Test(arguments: TestDatabase.kinds) func `of many claims at once one wins, by secret or code`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), pairings = f.store.pairings, pairing = try await started(f), phone = phone
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    try await pairings.claim(
                        hash: number.isMultiple(of: 2) ? "code 1" : "secret 1", by: phone, claimHash: "claim \(number)", now: f.at(1)) != nil
                }
            }
            return try await group.reduce(into: 0) { count, won in count += won ? 1 : 0 }
        }
        #expect(winners == 1)
        // And of many answers.
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    if case .done = try await pairings.decide(pairing.id, DeviceID(trusted: "made-\(number)"), in: f.ours, now: f.at(2)) { true } else { false }
                }
            }
            return try await group.reduce(into: 0) { count, won in count += won ? 1 : 0 }
        }
        #expect(answers == 1)
        #expect(try await f.store.devices.list(in: f.ours).filter { $0.id.rawValue.hasPrefix("made-") }.count == 1)
    }

    @Test(arguments: TestDatabase.kinds) func `expired, rejected and removed ones give nothing`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), pairings = f.store.pairings
        _ = try await started(f)
        #expect(try await pairings.claim(hash: "code 1", by: phone, claimHash: "c", now: f.at(300)) == nil)
        let second = try await started(f, "2", at: 400)
        _ = try await pairings.claim(hash: "code 2", by: phone, claimHash: "c2", now: f.at(401))
        #expect(try await pairings.decide(second.id, made, in: f.ours, now: f.at(701)) == .refused(.expired))
        #expect(try await f.store.devices.find(made, in: f.ours) == nil)
        let third = try await started(f, "3", at: 400)
        #expect(try await pairings.decide(third.id, made, in: f.ours, now: f.at(401)) == .refused(.unclaimed))
        _ = try await pairings.claim(hash: "secret 3", by: phone, claimHash: "c3", now: f.at(401))
        guard case .done = try await pairings.decide(third.id, nil, in: f.ours, now: f.at(402)) else {
            Issue.record("not rejected")
            return
        }
        guard case .none(let rejected) = try await pairings.give(claimHash: "c3", tokenHash: "t", now: f.at(403)) else {
            Issue.record("a rejected phone got something")
            return
        }
        #expect(rejected.pairing.stage == .rejected)
        #expect(try await f.store.deviceTokens.principal(hash: "t") == nil)
        // A code that nobody can type any more may be drawn again.
        let again = Pairing(id: PairingID(trusted: "p4"), maker: UserID(trusted: "maker"), now: f.at(500))
        #expect(try await pairings.insert(again, secretHash: "secret 4", codeHash: "code 1", in: f.ours))
    }

    @Test(arguments: TestDatabase.kinds) func `the last use of a code goes to one`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), codes = f.store.activationCodes
        let code = ActivationCode(id: ActivationCodeID(trusted: "c"), label: "Shop", uses: 3, createdAt: f.now, expiresAt: f.at(60))
        try await codes.insert(code, hash: "h", in: f.ours)
        let redeemed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    try await codes.redeem(
                        hash: "h", device: DeviceID(trusted: "d\(number)"), label: "Door", tokenHash: "t\(number)", address: "192.0.2.1", now: f.at(1)
                    ) != nil
                }
            }
            return try await group.reduce(into: 0) { count, won in count += won ? 1 : 0 }
        }
        #expect(redeemed == 3)
        let listed = try await codes.list(in: f.ours, page: Page()).items
        #expect(listed.count == 1 && listed[0].code.used == 3 && listed[0].redemptions.count == 3)
        #expect(try await codes.list(in: f.theirs, page: Page()).items.isEmpty)
        #expect(try await f.store.devices.list(in: f.ours).count == 4)
        #expect(try await f.store.deviceTokens.list(in: f.ours).count == 3)
    }

    @Test(arguments: TestDatabase.kinds) func `a code ends at its time and when it is revoked`(kind: TestDatabase.Kind) async throws {
        let f = try await StoreFixture(kind), codes = f.store.activationCodes
        for name in ["1", "2"] {
            let code = ActivationCode(
                id: ActivationCodeID(trusted: name), label: "Shop", uses: 1, createdAt: f.at(Double(name)!), expiresAt: f.at(60))
            try await codes.insert(code, hash: "h\(name)", in: f.ours)
        }
        func redeem(_ hash: String, at second: Double) async throws -> Bool {
            try await codes.redeem(hash: hash, device: made, label: "Door", tokenHash: "t", address: nil, now: f.at(second)) != nil
        }
        #expect(try await !redeem("h1", at: 60))
        #expect(try await codes.revoke(ActivationCodeID(trusted: "1"), in: f.theirs, now: f.at(2)) == nil)
        #expect(try await codes.revoke(ActivationCodeID(trusted: "1"), in: f.ours, now: f.at(2))?.revokedAt == f.at(2))
        #expect(try await codes.revoke(ActivationCodeID(trusted: "1"), in: f.ours, now: f.at(3)) == nil)
        #expect(try await !redeem("h1", at: 4))
        #expect(try await redeem("h2", at: 4))
        #expect(try await !redeem("h2", at: 5))
        let first = try await codes.list(in: f.ours, page: Page(limit: 1))
        #expect(first.items.map(\.code.id.rawValue) == ["2"])
        let second = try await codes.list(in: f.ours, page: Page(limit: 1, cursor: first.nextCursor))
        #expect(second.items.map(\.code.id.rawValue) == ["1"] && second.nextCursor == nil)
    }
}
