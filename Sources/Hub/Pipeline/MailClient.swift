// Mail to people, by a server that takes it for delivery.

public import Runtime

/// Hands mail to one server, one at a time. Failures are `MailError`, or `CancellationError`.
public final class MailClient: Sendable {
    /// Who the server lets send.
    public let sender: MailAddress

    private let server: MailServer
    private let timeoutSeconds: Double
    private let lane: Lane

    /// - Parameters:
    ///   - url: `SMTP_URL`, as `MailServer.init(parsing:)` reads it.
    ///   - timeoutSeconds: for a whole mail, connecting included.
    public convenience init(url: Secret, timeoutSeconds: Double = 60) throws(MailServer.ParseError) {
        self.init(server: try MailServer(parsing: url), timeoutSeconds: timeoutSeconds)
    }

    public init(server: MailServer, timeoutSeconds: Double = 60) {
        self.server = server
        self.timeoutSeconds = timeoutSeconds
        sender = server.sender
        lane = Lane()
    }

    /// Returns when the server has taken the mail. When it throws `timedOut` or `unreachable` the server may have taken it all the same:
    /// a repeat has to carry the same `messageID`.
    ///
    /// - Throws: `MailError`, `CancellationError`.
    public func send(_ message: MailMessage) async throws {
        let cancellation = CancellationFlag()
        try await withTaskCancellationHandler {
            try await lane.send(message, to: server, timeoutSeconds: timeoutSeconds, cancellation)
        } onCancel: {
            cancellation.raise()
        }
    }

    /// One thread with one easy handle.
    private actor Lane {
        private nonisolated let executor = ThreadExecutor(name: "mail")
        private let curl = CurlMail()

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func send(_ message: MailMessage, to server: MailServer, timeoutSeconds: Double, _ cancellation: CancellationFlag) throws {
            try curl.send(message, to: server, timeoutSeconds: timeoutSeconds, cancellation)
        }
    }
}
