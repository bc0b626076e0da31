// Mail of the hub to people about their accounts. Alerts go by `AlertChannels`.

import Domain
import Pipeline
import Runtime

struct Mailer: Sendable {
    let client: MailClient?
    /// Links in mail lead there, and never to the host that a request has named: whoever asks could name one of their own.
    let publicURL: String?
    let clock: WallClock

    /// Greylisting takes minutes.
    private static let pauses: [Duration] = [.seconds(2), .seconds(60), .seconds(420)]

    /// Whether mail with links can be sent.
    var isAvailable: Bool { client != nil && publicURL != nil }

    /// The address of a view of the page, such as `#/reset/…`; `nil` where nobody knows where people reach the page.
    func link(_ fragment: String) -> String? { publicURL.map { "\($0)/\(fragment)" } }

    /// Returns when the server has taken it.
    ///
    /// - Parameter lines: of plain text. What stands in them, such as a name, adds no line of its own.
    /// - Throws: `MailError`, `CancellationError`.
    func send(to address: String, subject: String, lines: [String]) async throws {
        let (client, message) = try message(to: address, subject: subject, lines: lines)
        try await client.send(message)
    }

    /// The same, some times over minutes where the server asks for that or is not there.
    func sendPatiently(to address: String, subject: String, lines: [String]) async throws {
        let (client, message) = try message(to: address, subject: subject, lines: lines)
        for pause in Self.pauses.map(Optional.some) + [nil] {
            do {
                // Each time by the same id: the server may have taken it, though it did not say so.
                return try await client.send(message)
            } catch let error as MailError {
                guard error.isRetryable, let pause else { throw error }
                try await Task.sleep(for: pause)
            }
        }
    }

    private func message(to address: String, subject: String, lines: [String]) throws(MailError) -> (MailClient, MailMessage) {
        guard let client else { throw MailError.notConnected("no mail server is configured") }
        guard let recipient = MailAddress(address) else { throw MailError.invalidMessage("this is not a mail address") }
        let domain = client.sender.address.split(separator: "@").last.map(String.init) ?? "localhost"
        let message = MailMessage(
            from: client.sender, to: recipient, subject: subject, text: lines.map(oneLine).joined(separator: "\n") + "\n",
            messageID: "\(makeUUIDv7(milliseconds: clock.milliseconds))@\(domain)", date: Timestamp(milliseconds: clock.milliseconds))
        return (client, message)
    }
}
