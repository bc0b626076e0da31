import Domain
import Runtime
import TestSupport
import Testing

@testable import Server

@Suite(.mustEnd)
struct AttemptGuardTests {
    private final class Time: Sendable {
        private let milliseconds = LockedValue<Int64>(1_700_000_000_000)
        var clock: WallClock { WallClock { self.milliseconds.withLock { $0 } } }
        func pass(seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
    }

    private let time = Time()
    private let attempts: AttemptGuard
    private let here = Caller(address: "192.0.2.1", agent: nil)

    init() { attempts = AttemptGuard(metrics: Metrics(), clock: time.clock) }

    private func fail(_ count: Int, by caller: Caller, on subject: String? = "we@example.org") throws {
        for _ in 0..<count { _ = try attempts.attempt(.signIn, by: caller, on: subject) }
    }

    @Test func `after the first few the next guess waits, from wherever it comes, and longer each time`() throws {
        try fail(6, by: here)
        let there = Caller(address: "198.51.100.7", agent: nil)
        let error = #expect(throws: APIError.self) { try fail(1, by: there) }
        #expect(error?.status == 429 && error?.code == "too_many_attempts" && error?.retryAt == 1_700_000_001_000)
        time.pass(seconds: 1)
        try fail(1, by: there)
        time.pass(seconds: 1)
        #expect(throws: APIError.self) { try fail(1, by: here) }
        // Others are not concerned, nor is another kind.
        try fail(1, by: here, on: "they@example.org")
        _ = try attempts.attempt(.mail, by: here, on: "we@example.org")
        time.pass(seconds: 1)
        try fail(1, by: here)
    }

    @Test func `a right one forgives the subject, and nobody elsewhere can lock it out from there`() throws {
        try fail(5, by: here)
        try attempts.attempt(.signIn, by: here, on: "we@example.org").succeeded()
        let there = Caller(address: "198.51.100.7", agent: nil)
        try fail(6, by: there)
        #expect(throws: APIError.self) { try fail(1, by: there) }
        try fail(6, by: here)
        #expect(throws: APIError.self) { try fail(1, by: here) }
    }

    @Test func `an address that guesses at many waits, whatever is right in between`() throws {
        for number in 0..<31 {
            try fail(1, by: here, on: "somebody\(number)@example.org")
            if number % 5 == 1 { try attempts.attempt(.signIn, by: here, on: "mine@example.org").succeeded() }
        }
        #expect(throws: APIError.self) { try fail(1, by: here, on: "next@example.org") }
        // A household's IPv6 network counts as one.
        for number in 0..<31 { try fail(1, by: Caller(address: "2001:db8::\(number)", agent: nil), on: "a\(number)@example.org") }
        #expect(throws: APIError.self) { try fail(1, by: Caller(address: "2001:db8::ffff:1", agent: nil), on: "b@example.org") }
        try fail(1, by: Caller(address: "2001:db8:0:1::1", agent: nil), on: "b@example.org")
    }

    @Test func `what was withdrawn was no attempt`() throws {
        for _ in 0..<100 { try attempts.attempt(.signIn, by: here, on: "we@example.org").withdraw() }
        try fail(6, by: here)
    }

    @Test func `an address of many tokens that are none is not looked up for a while`() throws {
        for _ in 0..<101 { try attempts.token(from: "192.0.2.1").failed() }
        #expect(throws: APIError.self) { try attempts.token(from: "192.0.2.1") }
        _ = try attempts.token(from: "192.0.2.2")
        time.pass(seconds: 1)
        let attempt = try attempts.token(from: "192.0.2.1")
        // A camera behind the same address goes on.
        attempt.failed()
        attempt.succeeded()
        _ = try attempts.token(from: "192.0.2.1")
    }

    @Test func `an account has so much sent, whoever asks for it and from wherever`() throws {
        let ours = AccountID(trusted: "ours"), theirs = AccountID(trusted: "theirs")
        for _ in 0..<21 { try attempts.send(.testAlert, for: ours) }
        let error = #expect(throws: APIError.self) { try attempts.send(.testAlert, for: ours) }
        #expect(error?.status == 429 && error?.retryAt == 1_700_000_001_000)
        try attempts.send(.testAlert, for: theirs)
        try attempts.send(.invitation, for: ours)
        time.pass(seconds: 1)
        try attempts.send(.testAlert, for: ours)
        #expect(throws: APIError.self) { try attempts.send(.testAlert, for: ours) }
        time.pass(seconds: 3600)
        for _ in 0..<21 { try attempts.send(.testAlert, for: ours) }
    }

    @Test func `a set of what was lately is bounded`() {
        var set = RecentSet<Int>(capacity: 10)
        for number in 0..<1000 {
            set.insert(number)
            #expect((0...number).count { set.contains($0) } <= 10)
            #expect((max(0, number - 4)...number).allSatisfy { set.contains($0) })
        }
    }
}
