// What other processes have committed (LISTEN, NOTIFY).

internal import Runtime

#if canImport(Glibc)
internal import Glibc
#endif

/// A connection of its own on a thread of its own, which rings the bells of a database. Those who wait look by themselves from time to time
/// too, so that nothing is lost while it is not connected.
final class PostgresListener: Sendable {
    static let channel = "pingwatch"

    private enum Phase {
        case idle
        case running
        case stopping([CheckedContinuation<Void, Never>])
        case ended
    }

    private let url: Secret
    private let bells: Database.Bells
    private let phase = LockedValue(Phase.idle)
    private static let pauseMilliseconds: Int32 = 500

    init(url: Secret, bells: Database.Bells) {
        self.url = url
        self.bells = bells
    }

    /// Listens until `stop`.
    func start() {
        let isFirst = phase.withLock { phase in
            guard case .idle = phase else { return false }
            phase = .running
            return true
        }
        guard isFirst else { return }
        startThread(name: "postgres-listen") { [self] in
            while isRunning {
                do {
                    try listen()
                } catch {
                    poll(nil, 0, Self.pauseMilliseconds)
                }
            }
            let waiting = phase.withLock { phase in
                defer { phase = .ended }
                if case .stopping(let waiting) = phase { return waiting }
                return []
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    /// Returns when its thread has left libpq: the process may end then.
    func stop() async {
        await withCheckedContinuation { continuation in
            let hasEnded = phase.withLock { phase in
                switch phase {
                case .idle, .ended:
                    phase = .ended
                    return true
                case .running:
                    phase = .stopping([continuation])
                    return false
                case .stopping(let waiting):
                    phase = .stopping(waiting + [continuation])
                    return false
                }
            }
            if hasEnded { continuation.resume() }
        }
    }

    private var isRunning: Bool { phase.withLock { if case .running = $0 { true } else { false } } }

    private func listen() throws {
        let connection = try PostgresConnection(url: url)
        try connection.execute("LISTEN \(Self.channel)")
        // Something may have been said before anybody listened.
        for signal in Database.Signal.allCases { bells.ring(signal) }
        while isRunning {
            var descriptor = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, Self.pauseMilliseconds) > 0 else { continue }
            for payload in Set(try connection.notifications()) {
                if let signal = Database.Signal(rawValue: payload) { bells.ring(signal) }
            }
        }
    }
}
