// Names, subscriptions, histories and the expiry of connections.

import Domain
import TestSupport
import Testing

struct ChannelNameTests {
    @Test func `three kinds of channels have names`() {
        #expect(ChannelName("user:u-1") == .user(UserID(trusted: "u-1")))
        #expect(ChannelName("device:d.1") == .device(DeviceID(trusted: "d.1")))
        #expect(ChannelName("sensor:d_1") == .sensor(DeviceID(trusted: "d_1")))
    }

    @Test(arguments: ["", ":", "user", "user:", "user:a:b", "user:../x", "USER:a", " user:a", "device:é", "room:a", "device:" + String(repeating: "a", count: 65)])
    func `other names are none`(text: String) { #expect(ChannelName(text) == nil) }
}

struct SubscriptionsTests {
    @Test func `the hub's own subscriptions can neither be made again nor ended`() {
        var subscriptions = Subscriptions<Int>(maximumCount: 2)
        subscriptions.subscribeServerSide(1)
        #expect(throws: Subscriptions<Int>.Refusal.alreadySubscribed) { try subscriptions.subscribe(1) }
        #expect(throws: Subscriptions<Int>.Refusal.isServerSide) { try subscriptions.unsubscribe(1) }
        #expect(subscriptions.channels == [1])
    }

    @Test func `subscriptions are limited, and free their place when they end`() throws {
        var subscriptions = Subscriptions<Int>(maximumCount: 3)
        subscriptions.subscribeServerSide(0)
        try subscriptions.subscribe(1)
        try subscriptions.subscribe(2)
        #expect(throws: Subscriptions<Int>.Refusal.limitExceeded) { try subscriptions.subscribe(3) }
        #expect(throws: Subscriptions<Int>.Refusal.alreadySubscribed) { try subscriptions.subscribe(2) }
        #expect(try subscriptions.unsubscribe(1))
        #expect(try !subscriptions.unsubscribe(1))
        try subscriptions.subscribe(3)
        #expect(subscriptions.channels.sorted() == [0, 2, 3])
    }

    @Test func `whatever is asked in whatever order, it never holds more than allowed and never loses the hub's own`() {
        var generator = SeededGenerator(seed: 11)
        var subscriptions = Subscriptions<Int>(maximumCount: 5)
        subscriptions.subscribeServerSide(0)
        var model: Set = [0]
        for _ in 0..<5000 {
            let channel = Int.random(in: 0..<9, using: &generator)
            if Bool.random(using: &generator) {
                let isPossible = !model.contains(channel) && model.count < 5
                #expect(((try? subscriptions.subscribe(channel)) != nil) == isPossible)
                if isPossible { model.insert(channel) }
            } else if channel != 0 {
                #expect((try? subscriptions.unsubscribe(channel)) == (model.remove(channel) != nil))
            } else {
                #expect((try? subscriptions.unsubscribe(channel)) == nil)
            }
            #expect(Set(subscriptions.channels) == model)
        }
    }
}

struct ConnectionExpiryTests {
    private let start = Timestamp(milliseconds: 1_000_000)
    private func after(_ seconds: Double) -> Timestamp { start.advanced(bySeconds: seconds) }

    @Test func `a connection without an expiry lasts`() {
        let expiry = ConnectionExpiry(expiresAt: nil, graceSeconds: 10)
        #expect(expiry.ttl(at: start) == nil)
        #expect(!expiry.isOver(at: Timestamp(milliseconds: .max)))
    }

    @Test func `it ends after the grace, and not before`() {
        let expiry = ConnectionExpiry(expiresAt: after(60), graceSeconds: 10)
        #expect(expiry.ttl(at: start) == 60)
        #expect(expiry.ttl(at: after(0.5)) == 59)
        #expect(!expiry.isOver(at: after(69.9)))
        #expect(expiry.isOver(at: after(70)))
    }

    @Test func `clients are never told to come at once`() {
        let expiry = ConnectionExpiry(expiresAt: after(60), graceSeconds: 10)
        #expect(expiry.ttl(at: after(59.9)) == 1)
        #expect(expiry.ttl(at: after(100)) == 1)
    }

    @Test func `a refresh puts the end off`() {
        var expiry = ConnectionExpiry(expiresAt: after(60), graceSeconds: 10)
        expiry.refresh(until: after(600))
        #expect(!expiry.isOver(at: after(70)))
        #expect(expiry.isOver(at: after(610)))
    }
}

struct HistoryPageTests {
    private func history(_ count: Int, keeping maximum: Int = 256) -> ChannelHistory<Int> {
        var history = ChannelHistory<Int>(epoch: "e", maximumCount: maximum)
        for value in 0..<count { _ = history.append(value + 1, at: Timestamp(milliseconds: Int64(value) * 1000)) }
        return history
    }

    private func offsets(_ history: ChannelHistory<Int>, _ limit: Int64, since: UInt64? = nil, epoch: String = "e", reverse: Bool = false) -> [UInt64]? {
        try? history.page(limit: limit, since: since.map { StreamPosition(epoch: epoch, offset: $0) }, reverse: reverse).map(\.offset)
    }

    @Test func `pages go forwards and backwards`() {
        let kept = history(6)
        #expect(offsets(kept, 0) == [])
        #expect(offsets(kept, 2) == [1, 2])
        #expect(offsets(kept, -1) == [1, 2, 3, 4, 5, 6])
        #expect(offsets(kept, .max, reverse: true) == [6, 5, 4, 3, 2, 1])
        #expect(offsets(kept, 2, since: 2) == [3, 4])
        #expect(offsets(kept, 2, since: 3, reverse: true) == [2, 1])
        #expect(offsets(kept, -1, since: 6) == [])
    }

    @Test func `a position that cannot be continued is said to be lost`() {
        let kept = history(6, keeping: 3)
        #expect(offsets(kept, -1) == [4, 5, 6])
        #expect(offsets(kept, -1, since: 3) == [4, 5, 6])
        #expect(offsets(kept, -1, since: 2) == nil)
        #expect(offsets(kept, -1, since: 7) == nil)
        #expect(offsets(kept, -1, since: 5, epoch: "other") == nil)
        #expect(offsets(kept, -1, since: 5, epoch: "") == [6])
        #expect(offsets(kept, -1, since: 2, reverse: true) == [])
    }

    @Test func `what is five minutes old is gone, but its offsets are not given again`() {
        var kept = history(3)
        kept.expire(at: Timestamp(milliseconds: 301_500))
        #expect(offsets(kept, -1) == [3])
        kept.expire(at: Timestamp(milliseconds: 900_000))
        #expect(offsets(kept, -1) == [] && kept.offset == 3)
        #expect(!kept.recover(epoch: "e", offset: 2).recovered)
        #expect(kept.recover(epoch: "e", offset: 3).recovered)
        let next = kept.append(9, at: Timestamp(milliseconds: 900_000))
        #expect(next == 4)
    }
}
