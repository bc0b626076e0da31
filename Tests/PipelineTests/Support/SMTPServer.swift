// A small SMTP server on the loopback interface for tests.

import Runtime

/// Keeps what it was told, and answers by script first, by the protocol otherwise.
final class SMTPServer: Sendable {
    static let user = "camera@example.org"
    static let password = "pass:w@rd/ü"

    struct Mail: Sendable {
        var from = ""
        var to: [String] = []
        /// As it was before dots were doubled.
        var data: [UInt8] = []
        /// Whether the sender had logged in.
        var isAuthenticated = false
    }

    enum Answer: Sendable {
        case reply(String)
        case close
        /// Say nothing until the other side goes away.
        case hang
    }

    /// Where an answer can be scripted: a command, or the connection's begin, or the end of a mail.
    enum Stage: Hashable, Sendable { case greeting, ehlo, helo, startTLS, auth, mail, rcpt, data, end, quit }

    private struct State {
        var commands: [String] = []
        var mails: [Mail] = []
        var afterStartTLS: [UInt8] = []
        var script: [Stage: [Answer]] = [:]
        var waiting: [(condition: @Sendable ([String]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = LockedValue(State())
    private let listener: LoopbackListener

    /// - Parameter extensions: lines of the answer to EHLO.
    init(extensions: [String] = ["SIZE 50000000", "AUTH PLAIN LOGIN", "8BITMIME"]) throws {
        let relay = Relay()
        listener = try LoopbackListener { connection in
            relay.server.withLock { $0?.server }.map { SMTPSession(connection, $0, extensions).run() }
        }
        relay.server.withLock { $0 = WeakServer(server: self) }
    }

    deinit { listener.stop() }
    func stop() { listener.stop() }

    var port: UInt16 { listener.port }
    var accepted: Int { listener.accepted }
    var mails: [Mail] { state.withLock { $0.mails } }
    /// Commands as they came, AUTH's further lines included.
    var commands: [String] { state.withLock { $0.commands } }
    /// What came instead of TLS's handshake by this server.
    var afterStartTLS: [UInt8] { state.withLock { $0.afterStartTLS } }

    /// The next answers at a stage, one each.
    func script(_ stage: Stage, _ answers: Answer...) { state.withLock { $0.script[stage, default: []] += answers } }

    /// Returns when the commands so far satisfy `condition`.
    func wait(until condition: @escaping @Sendable ([String]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isTrue = state.withLock { state in
                if condition(state.commands) { return true }
                state.waiting.append((condition, continuation))
                return false
            }
            if isTrue { continuation.resume() }
        }
    }

    // MARK: For sessions

    func note(command: String) {
        let ready = state.withLock { state in
            state.commands.append(command)
            let ready = state.waiting.filter { $0.condition(state.commands) }.map(\.continuation)
            state.waiting.removeAll { $0.condition(state.commands) }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }

    func note(mail: Mail) { state.withLock { $0.mails.append(mail) } }
    func note(afterStartTLS bytes: [UInt8]) { state.withLock { $0.afterStartTLS += bytes } }

    func scripted(_ stage: Stage) -> Answer? {
        state.withLock { state in
            guard var queue = state.script[stage], !queue.isEmpty else { return nil }
            let next = queue.removeFirst()
            state.script[stage] = queue
            return next
        }
    }

    /// Lets the socket threads reach the server without keeping it alive.
    private final class Relay: Sendable {
        let server = LockedValue<WeakServer?>(nil)
    }

    private struct WeakServer: Sendable { weak let server: SMTPServer? }
}
