// What other processes have committed (LISTEN, NOTIFY).

internal import Runtime
import Synchronization

#if canImport(Glibc)
internal import Glibc
#endif

/// A connection of its own on a thread of its own, which rings the bells of a database. Those who wait look by themselves from time to time
/// too, so that nothing is lost while it is not connected.
final class PostgresListener: Sendable {
    static let channel = "pingwatch"

    private let isStopped = Atomic<Bool>(false)

    init(url: Secret, bells: Database.Bells) {
        startThread(name: "postgres-listen") { [weak self] in
            while self.map({ !$0.isStopped.load(ordering: .relaxed) }) ?? false {
                do {
                    let connection = try PostgresConnection(url: url)
                    try connection.execute("LISTEN \(Self.channel)")
                    // Something may have been said before anybody listened.
                    for signal in Database.Signal.allCases { bells.ring(signal) }
                    while self.map({ !$0.isStopped.load(ordering: .relaxed) }) ?? false {
                        try Self.listen(connection, bells)
                    }
                } catch {
                    usleep(500_000)
                }
            }
        }
    }

    deinit { stop() }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// poll(2) for half a second at most.
    private static func listen(_ connection: PostgresConnection, _ bells: Database.Bells) throws {
        var descriptor = pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 500) > 0 else { return }
        for payload in Set(try connection.notifications()) {
            if let signal = Database.Signal(rawValue: payload) { bells.ring(signal) }
        }
    }
}
