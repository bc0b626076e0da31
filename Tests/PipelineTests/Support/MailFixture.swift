// A mail client and its server.

import Domain
import Runtime
import Testing

@testable import Pipeline

struct MailFixture: Sendable {
    let server: SMTPServer
    let client: MailClient
    /// As it stands in a URL.
    static let login = "camera%40example.org:pass%3Aw%40rd%2F%C3%BC@"

    init() throws {
        server = try SMTPServer()
        client = try Self.client(server)
    }

    static func client(_ server: SMTPServer, login: String = Self.login, query: String = "", timeout: Double = 20) throws -> MailClient {
        try MailClient(url: Secret("smtp://\(login)127.0.0.1:\(server.port)?from=camera%40example.org\(query)"), timeoutSeconds: timeout)
    }

    static func message(_ change: (inout MailMessage) -> Void = { _ in }) throws -> MailMessage {
        var message = MailMessage(
            from: try #require(MailAddress("camera@example.org")), to: try #require(MailAddress("someone@example.net")),
            subject: "Hall: movement", text: "See the clip.", messageID: "01a1fd27@example.org", date: Timestamp(milliseconds: 1_794_000_000_000))
        change(&message)
        return message
    }

    /// The last mail that was taken.
    func sent() throws -> MIMEPart { MIMEPart(try #require(server.mails.last).data) }

    static func failure(_ client: MailClient) async throws -> MailError {
        let message = try message()
        return try await #require(throws: MailError.self) { try await client.send(message) }
    }
}
