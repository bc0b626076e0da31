// What the mail client makes of refusals and of lost connections.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("Mail refusals", .mustEnd)
struct MailRefusalTests {
    private let fixture: MailFixture
    private var server: SMTPServer { fixture.server }
    private var client: MailClient { fixture.client }

    init() throws { fixture = try MailFixture() }

    @Test(
        "A refusal is told with its reply, and whether it is for now or for good",
        arguments: [
            (SMTPServer.Stage.greeting, "421 busy", true), (.greeting, "554 go away", false), (.auth, "535 5.7.8 no", false),
            (.auth, "454 4.7.0 later", true), (.mail, "421 closing", true), (.mail, "530 5.7.0 login", false), (.mail, "552 too large", false),
            (.rcpt, "450 4.2.0 greylisted", true), (.rcpt, "550-5.1.1 someone@example.net\r\n550 5.1.1 unknown", false), (.rcpt, "452 full", true),
            (.data, "451 later", true), (.data, "554 no", false), (.end, "451 later", true), (.end, "550 5.7.1 spam", false),
            (.end, "421 closing", true),
        ])
    func refusals(stage: SMTPServer.Stage, reply: String, isRetryable: Bool) async throws {
        server.script(stage, .reply(reply))
        let error = try await MailFixture.failure(client)
        #expect(error == .reply(Int(reply.prefix(3))!) && error.statusCode == Int(reply.prefix(3)) && error.isRetryable == isRetryable)
        #expect(!"\(error)".contains("@") && "\(error)".contains(reply.prefix(3)))
        #expect(server.mails.isEmpty)
        // And it is over with the refusal.
        try await client.send(MailFixture.message())
        #expect(server.mails.count == 1)
    }

    @Test("A wrong password is refused for good, and is in no error")
    func wrongPassword() async throws {
        let error = try await MailFixture.failure(MailFixture.client(server, login: "camera%40example.org:s3cret@"))
        #expect(error == .reply(535) && !error.isRetryable)
        #expect("\(error)" == "the mail server does not accept the login (reply 535)")
        #expect(!String(reflecting: error).contains("s3cret") && !server.commands.contains { $0.hasPrefix("MAIL") })
    }

    @Test("A connection that is lost at any point can be tried again", arguments: [SMTPServer.Stage.greeting, .ehlo, .auth, .mail, .rcpt, .data, .end])
    func lost(stage: SMTPServer.Stage) async throws {
        server.script(stage, .close)
        let error = try await MailFixture.failure(client)
        #expect(error.isRetryable && error.statusCode == nil && !"\(error)".contains("127.0.0.1"))
        guard case .unreachable = error else {
            Issue.record("not .unreachable: \(error)")
            return
        }
    }

    @Test("Where nobody listens, nothing can have arrived")
    func nobody() async throws {
        let error = try await MailFixture.failure(MailClient(url: Secret("smtp://127.0.0.1:1?from=camera%40example.org")))
        #expect(error.isRetryable && !error.isOutcomeUnknown && error.statusCode == nil)
        guard case .notConnected = error else {
            Issue.record("not .notConnected: \(error)")
            return
        }
    }

    @Test("A server that is silent is not waited for without end", arguments: [SMTPServer.Stage.greeting, .rcpt, .end])
    func silent(stage: SMTPServer.Stage) async throws {
        server.script(stage, .hang)
        let error = try await MailFixture.failure(MailFixture.client(server, timeout: 0.3))
        #expect(error == .timedOut && error.isRetryable && error.statusCode == nil)
    }

    @Test("A server that is not there can be tried again, whatever it said before")
    func absent() async throws {
        server.script(.rcpt, .reply("550 no"))
        #expect(try await MailFixture.failure(client) == .reply(550))
        server.stop()
        let error = try await MailFixture.failure(client)
        #expect(error.isRetryable && error.statusCode == nil)
    }

    @Test("Where encryption is asked for, neither login nor mail goes without")
    func startTLS() async throws {
        let plain = try await MailFixture.failure(MailFixture.client(server, query: "&tls=starttls"))
        #expect(plain == .noEncryption && !plain.isRetryable)
        #expect(server.commands.allSatisfy { $0.hasPrefix("EHLO") || $0 == "QUIT" })
        let refusing = try SMTPServer(extensions: ["STARTTLS", "AUTH PLAIN"])
        refusing.script(.startTLS, .reply("454 4.7.0 not now"), .reply("502 5.5.1 no"))
        #expect(try await MailFixture.failure(MailFixture.client(refusing, query: "&tls=starttls")) == .reply(454))
        #expect(try await MailFixture.failure(MailFixture.client(refusing, query: "&tls=starttls")) == .noEncryption)
        #expect(!refusing.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
        let offering = try SMTPServer(extensions: ["STARTTLS", "AUTH PLAIN"])
        let broken = try await MailFixture.failure(MailFixture.client(offering, query: "&tls=starttls"))
        #expect(broken.isRetryable && offering.commands == ["EHLO [127.0.0.1]", "STARTTLS"])
        // A record of TLS's handshake.
        #expect(offering.afterStartTLS.starts(with: [0x16, 0x03]))
    }

    @Test("TLS from the first byte says nothing in the clear")
    func implicitTLS() async throws {
        let client = try MailClient(url: Secret("smtps://\(MailFixture.login)127.0.0.1:\(server.port)"), timeoutSeconds: 20)
        let error = try await MailFixture.failure(client)
        #expect(error.isRetryable)
        #expect(!server.commands.contains { $0.contains("EHLO") || $0.contains("AUTH") })
    }
}
