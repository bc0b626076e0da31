// One alert to one mailbox.

import Domain
import Runtime
import Store

struct MailChannel: AlertChannel {
    let client: MailClient
    let storage: any ClipStorage
    /// As in `TelegramChannel`.
    let publicURL: String?
    let clock: WallClock

    func send(_ alert: Alert) async throws -> String? {
        let event = alert.event
        let time = formatISO8601(milliseconds: event.trigger.at.milliseconds).prefix(19).replacing("T", with: " ") + " UTC"
        let link = publicURL.map { "\($0)/#/event/\(event.id)" }
        let lines = [alert.summary, alert.remark, String(time), link].compactMap(\.self)
        var picture: String?
        if let key = event.clip.posterKey { picture = try await storage.localFile(key: key) }
        try await send(
            to: alert.delivery.target, subject: "\(alert.trigger) · \(alert.deviceLabel)", lines: lines, picture: picture, link: link,
            // The same again when it is repeated, so that mail programs can tell.
            id: alert.delivery.id.rawValue)
        return nil
    }

    func sendTest(to target: String, deviceLabel: String) async throws {
        try await send(
            to: target, subject: "Test · \(deviceLabel)", lines: ["Alerts of “\(deviceLabel)” arrive here."], picture: nil, link: nil,
            id: makeUUIDv7(milliseconds: clock.milliseconds))
    }

    private func send(to target: String, subject: String, lines: [String], picture: String?, link: String?, id: String) async throws {
        guard let address = MailAddress(target) else { throw AlertFailure(reason: "this is not a mail address", remedy: .unlink) }
        let message = MailMessage(
            from: client.sender, to: address, subject: subject, text: lines.joined(separator: "\n") + "\n",
            html: html(lines, hasPicture: picture != nil, link: link),
            inlineJPEG: picture.map { MailMessage.InlineJPEG(.file(path: $0), contentID: pictureID) }, messageID: "\(id)@\(domain)",
            date: Timestamp(milliseconds: clock.milliseconds))
        do {
            try await client.send(message)
        } catch let error as MailError {
            throw AlertFailure(
                reason: error.description, remedy: error.isRetryable ? .later(afterSeconds: nil) : .none, statusCode: error.statusCode,
                mayHaveArrived: error.isOutcomeUnknown)
        }
    }

    private var domain: String { client.sender.address.split(separator: "@").last.map(String.init) ?? "localhost" }

    /// Of the picture within its mail.
    private var pictureID: String { "still@\(domain)" }

    private func html(_ lines: [String], hasPicture: Bool, link: String?) -> String {
        let paragraphs = lines.filter { $0 != link }.map { "<p>\(Self.escaped($0))</p>" }.joined()
        let picture = hasPicture ? "<p><img src=\"cid:\(Self.escaped(pictureID))\" alt=\"Picture of the trigger\" style=\"max-width:100%\"></p>" : ""
        let open = link.map { "<p><a href=\"\(Self.escaped($0))\">Open the event</a></p>" } ?? ""
        return "<!doctype html><html><body style=\"font-family:sans-serif\">\(paragraphs)\(picture)\(open)</body></html>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
