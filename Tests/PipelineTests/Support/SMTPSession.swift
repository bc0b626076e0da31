// The server's side of the dialogue of RFC 5321 with AUTH (RFC 4954), no library of the hub in it.

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

/// One connection.
final class SMTPSession {
    private let connection: LoopbackConnection
    private let server: SMTPServer
    private let extensions: [String]
    private var buffer: [UInt8] = []
    private var mail: SMTPServer.Mail?
    private var isAuthenticated = false

    private struct End: Error {}

    init(_ connection: LoopbackConnection, _ server: SMTPServer, _ extensions: [String]) {
        self.connection = connection
        self.server = server
        self.extensions = extensions
    }

    func run() {
        do {
            try answer(.greeting, "220 test.example ESMTP")
            while true { try obey(try readLine()) }
        } catch {}
    }

    private func obey(_ line: String) throws {
        server.note(command: line)
        let verb = line.prefix { $0 != " " && $0 != ":" }.uppercased()
        switch verb {
        case "EHLO": try answer(.ehlo, multiline(["test.example"] + extensions))
        case "HELO": try answer(.helo, "250 test.example")
        case "AUTH": try authenticate(line.split(separator: " ").map(String.init))
        case "STARTTLS":
            try answer(.startTLS, "220 go ahead")
            // What follows must be a handshake, which this server has no library for.
            var bytes = buffer
            _ = connection.read(into: &bytes)
            server.note(afterStartTLS: bytes)
            throw End()
        case "MAIL":
            guard mail == nil, let from = path(line) else { return try send("503 5.5.1 bad sequence") }
            mail = try answer(.mail, "250 2.1.0 ok") ? SMTPServer.Mail(from: from, isAuthenticated: isAuthenticated) : nil
        case "RCPT":
            guard mail != nil, let to = path(line) else { return try send("503 5.5.1 bad sequence") }
            if try answer(.rcpt, "250 2.1.5 ok") { mail?.to.append(to) }
        case "DATA":
            guard mail?.to.isEmpty == false else { return try send("503 5.5.1 bad sequence") }
            guard try answer(.data, "354 go ahead") else { return }
            mail?.data = try readData()
            if try answer(.end, "250 2.0.0 queued"), let mail { server.note(mail: mail) }
            mail = nil
        case "RSET":
            mail = nil
            try send("250 ok")
        case "QUIT":
            try answer(.quit, "221 bye")
            throw End()
        default: try send("502 5.5.2 no such command")
        }
    }

    private func authenticate(_ words: [String]) throws {
        func next(_ prompt: String) throws -> String {
            try send("334 \(prompt)")
            let line = try readLine()
            server.note(command: line)
            return line
        }
        let isRight: Bool
        switch words.dropFirst().first?.uppercased() {
        case "PLAIN":
            let response = try words.count > 2 ? words[2] : next("")
            isRight = decode(response) == "\0\(SMTPServer.user)\0\(SMTPServer.password)"
        case "LOGIN":
            let user = try words.count > 2 ? words[2] : next("VXNlcm5hbWU6")
            isRight = try decode(next("UGFzc3dvcmQ6")) == SMTPServer.password && decode(user) == SMTPServer.user
        default: return try send("504 5.5.4 no such mechanism")
        }
        isAuthenticated = try answer(.auth, isRight ? "235 2.7.0 ok" : "535 5.7.8 no")
    }

    private func decode(_ base64: String) -> String? { Data(base64Encoded: base64).map { String(decoding: $0, as: UTF8.self) } }

    /// Between the angle brackets.
    private func path(_ line: String) -> String? {
        guard let start = line.firstIndex(of: "<"), let end = line.firstIndex(of: ">"), start < end else { return nil }
        return String(line[line.index(after: start)..<end])
    }

    private func multiline(_ lines: [String]) -> String {
        lines.enumerated().map { "250\($0.offset == lines.count - 1 ? " " : "-")\($0.element)" }.joined(separator: "\r\n")
    }

    // MARK: Lines

    /// Sends what was scripted, or else `usual`. Returns whether it went well (2xx or 3xx).
    @discardableResult
    private func answer(_ stage: SMTPServer.Stage, _ usual: String) throws -> Bool {
        switch server.scripted(stage) {
        case .close: throw End()
        case .hang:
            while connection.read(into: &buffer) {}
            throw End()
        case .reply(let text):
            try send(text)
            return text.hasPrefix("2") || text.hasPrefix("3")
        case nil:
            try send(usual)
            return usual.hasPrefix("2") || usual.hasPrefix("3")
        }
    }

    private func send(_ line: String) throws {
        guard connection.write(Array((line + "\r\n").utf8)) else { throw End() }
    }

    private func readLine() throws -> String {
        while true {
            if let end = indexOf([0x0d, 0x0a], in: buffer, from: 0) {
                defer { buffer.removeFirst(end + 2) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            guard connection.read(into: &buffer) else { throw End() }
        }
    }

    /// Up to the lonely dot, with doubled dots made single (RFC 5321, section 4.5.2).
    private func readData() throws -> [UInt8] {
        let end = Array("\r\n.\r\n".utf8)
        var bytes = [0x0d, 0x0a] + buffer
        var found = indexOf(end, in: bytes, from: 0)
        while found == nil {
            let searched = bytes.count
            guard connection.read(into: &bytes) else { throw End() }
            found = indexOf(end, in: bytes, from: max(0, searched - end.count))
        }
        buffer = Array(bytes[(found! + end.count)...])
        bytes.removeSubrange((found! + 2)...)
        let doubled = Array("\r\n..".utf8)
        var data: [UInt8] = []
        var position = 0
        while let next = indexOf(doubled, in: bytes, from: position) {
            data += bytes[position..<(next + 3)]
            position = next + 4
        }
        return Array((data + bytes[position...]).dropFirst(2))
    }
}
