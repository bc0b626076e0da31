// Mail of the hub to people about their accounts. Alerts go by `AlertChannels`.

import Domain
import Pipeline
import Runtime

struct Mailer: Sendable {
    let client: MailClient?
    /// Links in mail lead there, and never to the host that a request has named: whoever asks could name one of their own.
    let publicURL: String?
    let clock: WallClock

    /// Whether mail with links can be sent.
    var isAvailable: Bool { client != nil && publicURL != nil }

    /// The address of a view of the page, such as `#/reset/…`; `nil` where nobody knows where people reach the page.
    func link(_ fragment: String) -> String? { publicURL.map { "\($0)/\(fragment)" } }

    /// Returns when the server has taken it.
    ///
    /// - Parameter lines: of plain text. What stands in them, such as a name, adds no line of its own.
    /// - Throws: `MailError`, `CancellationError`.
    func send(to address: String, subject: String, lines: [String]) async throws {
        guard let client else { throw MailError.notConnected("no mail server is configured") }
        guard let recipient = MailAddress(address) else { throw MailError.invalidMessage("this is not a mail address") }
        let domain = client.sender.address.split(separator: "@").last.map(String.init) ?? "localhost"
        try await client.send(
            MailMessage(
                from: client.sender, to: recipient, subject: subject, text: lines.map(oneLine).joined(separator: "\n") + "\n",
                messageID: "\(makeUUIDv7(milliseconds: clock.milliseconds))@\(domain)", date: Timestamp(milliseconds: clock.milliseconds)))
    }
}
