// The pacing rule, with times made up.

import Domain
import TestSupport
import Testing

@testable import Pipeline

@Suite("Send pacing", .mustEnd)
struct SendPacingTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test("One chat gets a message a second, another is not held up")
    func perChat() {
        var pacing = SendPacing()
        #expect(pacing.book(chat: "a", now: at(5000)) == at(5000))
        #expect(pacing.book(chat: "a", now: at(5100)) == at(6000))
        #expect(pacing.book(chat: "a", now: at(5200)) == at(7000))
        #expect(pacing.book(chat: "b", now: at(5200)) == at(5200))
        #expect(pacing.book(chat: "a", now: at(9000)) == at(9000))
    }

    @Test("No second sees more than thirty messages")
    func overall() {
        var pacing = SendPacing()
        var times: [Timestamp] = []
        for index in 0..<200 { times.append(pacing.book(chat: "chat \(index % 90)", now: at(Int64(index) * 3))) }
        for time in times { #expect(times.count { $0 >= time && $0 < time.advanced(byMilliseconds: 1000) } <= 30) }
        #expect(times.max()! < at(8000))
    }

    @Test("A pause holds everything up, a shorter one after it does not end it")
    func pause() {
        var pacing = SendPacing()
        pacing.pause(until: at(9000))
        pacing.pause(until: at(4000))
        #expect(pacing.book(chat: "a", now: at(1000)) == at(9000))
        #expect(pacing.book(chat: "b", now: at(9500)) == at(9500))
    }
}

extension SendPacing {
    fileprivate mutating func book(chat: String, now: Timestamp) -> Timestamp {
        let time = earliest(chat: chat, now: now)
        reserve(time, chat: chat)
        return time
    }
}
