// How fast messages may leave, as a pure rule.

import Domain

/// Telegram's limits for a bot: about one message a second to a chat, about thirty a second overall, and a pause when it asks for one.
struct SendPacing {
    static let millisecondsPerChat: Int64 = 1000
    static let overallPerSecond = 30

    /// When messages left or will leave, in order.
    private var departures: [Timestamp] = []
    private var lastByChat: [String: Timestamp] = [:]
    private var pausedUntil: Timestamp?

    /// When a message to `chat` may leave, not before `now`.
    mutating func earliest(chat: String, now: Timestamp) -> Timestamp {
        let horizon = now.advanced(byMilliseconds: -1000)
        departures.removeAll { $0 <= horizon }
        lastByChat = lastByChat.filter { $0.value > now.advanced(byMilliseconds: -Self.millisecondsPerChat) }
        var time = now
        if let last = lastByChat[chat] { time = max(time, last.advanced(byMilliseconds: Self.millisecondsPerChat)) }
        if let pausedUntil { time = max(time, pausedUntil) }
        let second = time.advanced(byMilliseconds: -1000)
        if departures.count(where: { $0 > second }) >= Self.overallPerSecond {
            time = max(time, departures[departures.count - Self.overallPerSecond].advanced(byMilliseconds: 1000))
        }
        return time
    }

    /// A message to `chat` leaves at `time`, which `earliest` gave.
    mutating func reserve(_ time: Timestamp, chat: String) {
        departures.insert(time, at: departures.firstIndex { $0 > time } ?? departures.endIndex)
        lastByChat[chat] = time
    }

    /// Telegram asked to wait: nothing leaves before `time`.
    mutating func pause(until time: Timestamp) { pausedUntil = max(pausedUntil ?? time, time) }
}
