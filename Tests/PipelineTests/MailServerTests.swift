// How SMTP_URL is read.

import Runtime
import TestSupport
import Testing

@testable import Pipeline

@Suite("Mail server's URL")
struct MailServerTests {
    private func parse(_ url: String) throws -> MailServer { try MailServer(parsing: Secret(url)) }

    @Test("All of a URL is read, percent-encoded where it has to be")
    func complete() throws {
        let server = try parse("smtp://camera%40example.org:p%3Aa%2Fs%3Fs%23%40%25%C3%BC@mail.example.org:2525?from=hall%2Bcam@example.org")
        #expect(server.host == "mail.example.org" && server.port == 2525 && server.encryption == .startTLS)
        #expect(server.login?.user.value == "camera@example.org" && server.login?.password.value == "p:a/s?s#@%ü")
        #expect(server.sender == MailAddress("hall+cam@example.org"))
        #expect(!"\(server)".contains("p:a") && !String(reflecting: server).contains("p:a"))
    }

    @Test(
        "Port and encryption follow from scheme, host and option",
        arguments: [
            ("smtp://example.org", 587, .startTLS), ("SMTP://example.org/", 587, .startTLS), ("smtps://example.org", 465, .implicit),
            ("smtps://example.org:10465", 10_465, .implicit), ("smtp://127.0.0.1", 587, .none), ("smtp://127.9.9.9:25", 25, .none),
            ("smtp://localhost:25", 25, .none), ("smtp://[::1]:25", 25, .none), ("smtps://localhost", 465, .implicit),
            ("smtp://128.0.0.1", 587, .startTLS), ("smtp://127.example.org", 587, .startTLS), ("smtp://localhost.example.org", 587, .startTLS),
            ("smtp://[2001:db8::1]:2525", 2525, .startTLS), ("smtp://10.0.0.1:25?tls=off", 25, .none),
            ("smtp://127.0.0.1:25?tls=starttls", 25, .startTLS), ("smtp://example.org?tls=starttls", 587, .startTLS),
        ] as [(String, Int, MailServer.Encryption)])
    func derived(url: String, port: Int, encryption: MailServer.Encryption) throws {
        let server = try parse(url + (url.contains("?") ? "&" : "?") + "from=camera@example.org")
        #expect(server.port == port && server.encryption == encryption && server.login == nil)
    }

    @Test("The user is the sender where no other is named")
    func sender() throws {
        #expect(try parse("smtp://a%40example.org:x@example.org").sender.address == "a@example.org")
        #expect(try parse("smtp://a%40example.org:x@example.org?from=b@example.org").sender.address == "b@example.org")
    }

    @Test(
        "What is wrong is told without the URL",
        arguments: [
            ("", .scheme), ("s3cret", .scheme), ("http://s3cret.example.org", .scheme), ("smtp:s3cret", .scheme), ("smtp:/s3cret", .scheme),
            ("smtp://", .malformed), ("smtp://?from=a@example.org", .malformed), ("smtp://:25", .malformed),
            ("smtp://example.org:s3cret", .malformed), ("smtp://example.org:0", .malformed), ("smtp://example.org:65536", .malformed),
            ("smtp://exa mple.org", .malformed), ("smtp://example.org\r\nX: y", .malformed), ("smtp://example.org\u{0}", .malformed),
            ("smtp://[::1", .malformed), ("smtp://u:%zz@example.org", .malformed), ("smtp://u:%0d%0aQUIT@example.org", .malformed),
            ("smtp://u:%ff@example.org", .malformed), ("smtp://u:%4@example.org", .malformed),
            ("smtp://camera@example.org:s3cret@example.org", .reservedCharacter), ("smtp://u:s3@cret@example.org", .reservedCharacter),
            ("smtp://u:5/s3cret@example.org", .reservedCharacter), ("smtp://u:5#s3cret@example.org", .reservedCharacter),
            ("smtp://example.org/s3cret", .reservedCharacter), ("smtp://u;AUTH=NTLM:s3cret@example.org", .reservedCharacter),
            ("smtp://s3cret@example.org", .incompleteLogin), ("smtp://:s3cret@example.org", .incompleteLogin),
            ("smtp://s3cret:@example.org", .incompleteLogin),
            ("smtp://example.org?s3cret", .option), ("smtp://example.org?from=a@example.org&from=s3cret@example.org", .option),
            ("smtp://example.org?from=%zz", .option), ("smtp://example.org?to=s3cret@example.org", .option),
            ("smtp://u:5?s3cret@example.org", .option),
            ("smtp://example.org?tls=s3cret", .tls), ("smtps://example.org?tls=off", .tls), ("smtps://example.org?tls=starttls", .tls),
            ("smtp://example.org", .sender), ("smtp://u:s3cret@example.org", .sender), ("smtp://example.org?from=s3cret", .sender),
            ("smtp://u%40example.org:x@example.org?from=", .sender), ("smtp://example.org?from=a%20b@example.org", .sender),
        ] as [(String, MailServer.ParseError)])
    func mistakes(url: String, error: MailServer.ParseError) {
        #expect(throws: error) { try parse(url) }
        #expect(!"\(error)".contains("s3cret") && "\(error)".count > 20)
    }

    @Test("Any text is a server that can be asked, or a mistake")
    func anyText() {
        let pieces = [
            "smtp", "smtps", "://", ":", "@", "/", "?", "#", ";", "&", "=", "%40", "%0a", "%", "from=", "tls=off", "tls=starttls", "user", "s3cret",
            "example.org", "a@example.org", "a%40example.org", "127.0.0.1", "[::1]", "25", "99999", " ", "\u{0}", "\r\n", "ü", "\\", "smtp://", ".",
        ]
        var parsed = 0
        for seed in 0..<20_000 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let start = Bool.random(using: &random) ? "smtp://a%40example.org:x@" : "smtp://"
            let text = start + (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            guard let server = try? parse(text) else { continue }
            parsed += 1
            #expect((1...65_535).contains(server.port) && !server.host.isEmpty && !server.host.contains("@"))
            #expect(MailAddress(server.sender.address) != nil)
            let login = (server.login?.user.value ?? "") + (server.login?.password.value ?? "")
            #expect(!login.utf8.contains { $0 < 0x20 })
        }
        #expect(parsed > 100)
    }
}
