// The mail client against an SMTP server on the loopback interface.

import Domain
import TestSupport
import Testing

@testable import Pipeline

@Suite("Mail client", .mustEnd)
struct MailClientTests {
    private let fixture: MailFixture
    private var server: SMTPServer { fixture.server }
    private var client: MailClient { fixture.client }

    init() throws { fixture = try MailFixture() }

    @Test("The dialogue is that of a submission: login, envelope, mail, good-bye")
    func dialogue() async throws {
        try await client.send(MailFixture.message())
        let verbs = server.commands.map { String($0.prefix { $0 != ":" }) }
        #expect(verbs.map { String($0.prefix(10)) } == ["EHLO [127.", "AUTH PLAIN", "MAIL FROM", "RCPT TO", "DATA", "QUIT"])
        #expect(server.commands[0] == "EHLO [127.0.0.1]")
        let mail = try #require(server.mails.first)
        #expect(mail.from == "camera@example.org" && mail.to == ["someone@example.net"] && mail.isAuthenticated)
    }

    @Test("LOGIN is used where PLAIN is not offered, and no login where none is configured")
    func mechanisms() async throws {
        let loginOnly = try SMTPServer(extensions: ["AUTH GSSAPI CRAM-MD5 LOGIN"])
        try await MailFixture.client(loginOnly).send(MailFixture.message())
        #expect(loginOnly.commands.contains { $0.hasPrefix("AUTH LOGIN") } && loginOnly.mails.first?.isAuthenticated == true)
        try await MailFixture.client(server, login: "").send(MailFixture.message())
        #expect(!server.commands.contains { $0.hasPrefix("AUTH") } && server.mails.count == 1)
    }

    @Test("A plain mail has the fields of a mail, once each")
    func headers() async throws {
        try await client.send(MailFixture.message { $0.to = MailAddress("someone@example.net", name: "O'Neil, \"Sam\"")! })
        let mail = try fixture.sent()
        #expect(mail["from"] == "<camera@example.org>")
        #expect(mail["to"] == #""O'Neil, \"Sam\"" <someone@example.net>"#)
        #expect(mail["subject"] == "Hall: movement")
        #expect(mail["date"] == "Fri, 06 Nov 2026 21:20:00 +0000")
        #expect(mail["message-id"] == "<01a1fd27@example.org>")
        #expect(mail["mime-version"] == "1.0" && mail["auto-submitted"] == "auto-generated")
        for name in ["from", "to", "subject", "date", "message-id", "content-type", "mime-version"] { #expect(mail.count(of: name) == 1) }
        #expect(mail.parts.map(\.type) == ["text/plain"] && mail.parts[0].text == "See the clip.")
        #expect(mail.parts[0].parameter("charset") == "utf-8")
    }

    @Test("Text, HTML and picture are put together so that programs show one of the texts, with the picture in it", arguments: [true, false])
    func related(fromFile: Bool) async throws {
        let folder = try TemporaryFolder()
        let jpeg = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 5) }
        let content: MailMessage.InlineJPEG.Content = fromFile ? .file(path: try folder.write(jpeg, as: "s3cret-name.jpg")) : .bytes(jpeg)
        let html = "<p>Größe <img src=\"cid:poster@example.org\"></p>"
        try await client.send(MailFixture.message { message in
            message.text = "Größe"
            message.html = html
            message.inlineJPEG = MailMessage.InlineJPEG(content, contentID: "poster@example.org")
        })
        let mail = try fixture.sent()
        #expect(mail.type == "multipart/related" && mail.parameter("type") == "multipart/alternative")
        #expect(mail.parts.map(\.type) == ["multipart/alternative", "image/jpeg"])
        #expect(mail.parts[0].parts.map(\.type) == ["text/plain", "text/html"])
        #expect(mail.parts[0].parts.map(\.text) == ["Größe", html])
        #expect(mail.parts[1].content == jpeg)
        #expect(mail.parts[1]["content-id"] == "<poster@example.org>")
        #expect(mail.parts[1]["content-disposition"] == "inline; filename=\"picture.jpg\"")
        #expect(mail.parts[1]["content-transfer-encoding"] == "base64")
        let raw = try #require(server.mails.last).data
        #expect(!String(decoding: raw, as: UTF8.self).contains("s3cret"))
        #expect(raw.allSatisfy { $0 < 0x80 })
    }

    @Test("Without a picture, or without HTML, there is no more structure than needed")
    func simpler() async throws {
        try await client.send(MailFixture.message { $0.html = "<p>x</p>" })
        #expect(try fixture.sent().type == "multipart/alternative")
        #expect(try fixture.sent().parts.map(\.type) == ["text/plain", "text/html"])
        try await client.send(MailFixture.message { $0.inlineJPEG = MailMessage.InlineJPEG(.bytes([1, 2]), contentID: "a@b") })
        #expect(try fixture.sent().type == "multipart/mixed")
        #expect(try fixture.sent().parts.map(\.type) == ["text/plain", "image/jpeg"])
    }

    @Test(
        "Any text arrives as it was, with network line ends",
        arguments: [
            "", ".", "..\n.\n...\n", "\n.\n", "a\n.\r\nQUIT\r\n.b", "end\n", "trailing \t \nx", "a\rb\r\nc\n\nd", "=3D = =\n=", "\u{0}\u{1}\u{7f}",
            "From here\n--boundary\n", "👩‍👩‍👧‍👦 größer\u{2028}x",
        ])
    func texts(text: String) async throws {
        try await client.send(MailFixture.message { message in
            message.text = text
            message.html = text
        })
        let unified = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\n", with: "\r\n")
        #expect(try fixture.sent().parts.map(\.text) == [unified, unified])
        #expect(server.mails.count == 1)
    }

    @Test("Lines are as short as mail needs them, and every text arrives")
    func anyText() async throws {
        let pieces = [".", "\r\n", "\n", "\r", "=", " ", "\t", "ü", "👍", "a", "word", "--", "\u{0}", ":", "Subject: x", String(repeating: "x", count: 200)]
        for seed in 0..<30 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            try await client.send(MailFixture.message { message in
                message.text = text
                message.subject = text
                message.from = MailAddress("camera@example.org", name: text)!
            })
            let mail = try fixture.sent()
            #expect(mail.parts.first?.content == withNetworkLineEnds(text))
            for name in ["from", "to", "subject", "date", "message-id"] { #expect(mail.count(of: name) == 1) }
        }
        for mail in server.mails {
            for line in mail.data.split(separator: 0x0a) {
                // The field with the boundary is libcurl's; longer lines than 78 are allowed, and not recommended (RFC 5322, section 2.1.1).
                let isLibcurls = line.starts(with: Array("Content-Type:".utf8))
                #expect(line.last == 0x0d && line.count <= (isLibcurls ? 200 : 79))
            }
        }
    }

    @Test("A mail that was taken is sent, whatever becomes of the good-bye", arguments: [SMTPServer.Answer.close, .reply("500 what")])
    func goodBye(answer: SMTPServer.Answer) async throws {
        server.script(.quit, answer)
        try await client.send(MailFixture.message())
        #expect(server.mails.count == 1)
    }

    @Test("A picture that is gone, and ids of another form, are told before anything is sent")
    func invalid() async throws {
        let gone = try MailFixture.message { $0.inlineJPEG = MailMessage.InlineJPEG(.file(path: "/nowhere/at/all"), contentID: "a@b") }
        await #expect(throws: MailError.unreadableFile) { try await client.send(gone) }
        for id in ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b>\r\nBcc: x@example.net", "a@b\u{0}", "ü@b", "a@\(String(repeating: "b", count: 200))"] {
            let badID = try MailFixture.message { $0.messageID = id }
            await #expect(throws: MailError.invalidMessage("an id is not of the form name@host")) { try await client.send(badID) }
            let badPicture = try MailFixture.message { $0.inlineJPEG = MailMessage.InlineJPEG(.bytes([1]), contentID: id) }
            await #expect(throws: MailError.invalidMessage("an id is not of the form name@host")) { try await client.send(badPicture) }
        }
        #expect(server.accepted == 0)
    }

    @Test("A cancelled task does not wait for the server")
    func cancellation() async throws {
        server.script(.rcpt, .hang)
        let client = client, message = try MailFixture.message()
        let task = Task { try await client.send(message) }
        await server.wait { $0.contains { $0.hasPrefix("RCPT") } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
