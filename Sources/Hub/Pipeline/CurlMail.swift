// Mail by SMTP on a libcurl easy handle.

internal import CCurl
import Runtime

/// Hands in one mail after another, each on a connection of its own; used from one thread at a time.
final class CurlMail {
    private let handle = CurlHandle()

    /// Hands in one mail. Blocks.
    ///
    /// - Throws: `MailError`, `CancellationError`.
    func send(_ message: MailMessage, to server: MailServer, timeoutSeconds: Double, _ cancellation: CancellationFlag) throws {
        if cancellation.isRaised { throw CancellationError() }
        do {
            try transfer(message, to: server, timeoutSeconds: timeoutSeconds, cancellation)
        } catch let error as CurlError {
            throw MailError.invalidMessage(error.words)
        }
    }

    private func transfer(
        _ message: MailMessage, to server: MailServer, timeoutSeconds: Double, _ cancellation: CancellationFlag
    ) throws {
        handle.reset()
        // Of an SMTP server nothing but replies is expected.
        let transfer = CurlTransfer(limit: 1 << 16, cancellation: cancellation)
        try configure(server, timeoutSeconds: timeoutSeconds)
        try handle.set(CURLOPT_MAIL_FROM, message.from.address)
        let recipients = CurlList([message.to.address]), headers = CurlList(try message.headerLines())
        let mime = try makeMime(message)
        let code = try withExtendedLifetime((transfer, recipients, headers, mime)) {
            try transfer.install(on: handle)
            try handle.set(CURLOPT_MAIL_RCPT, recipients.head)
            try handle.set(CURLOPT_HTTPHEADER, headers.head)
            try handle.set(CURLOPT_MIMEPOST, UnsafeMutableRawPointer(mime.raw))
            return handle.perform()
        }
        try judge(code)
    }

    private func configure(_ server: MailServer, timeoutSeconds: Double) throws(CurlError) {
        try handle.setCommon(protocols: "smtp,smtps", timeoutSeconds: timeoutSeconds)
        // The path is what EHLO says: an address literal (RFC 5321, section 4.1.3), as this machine's name is nobody's business.
        let scheme = server.encryption == .implicit ? "smtps" : "smtp"
        try handle.set(CURLOPT_URL, "\(scheme)://\(server.host):\(server.port)/%5B127.0.0.1%5D")
        try handle.set(CURLOPT_PROXY, "")
        // CURLUSESSL_ALL goes no further without STARTTLS.
        try handle.set(CURLOPT_USE_SSL, Int((server.encryption == .startTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE).rawValue))
        if let login = server.login {
            try handle.set(CURLOPT_USERNAME, login.user.value)
            try handle.set(CURLOPT_PASSWORD, login.password.value)
            // Else libcurl would try Kerberos with a user that has a domain.
            try handle.set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")
            try handle.set(CURLOPT_SASL_IR, 1)
        }
        // Alerts are rare, and an idle connection would be closed by the server before the next.
        try handle.set(CURLOPT_FORBID_REUSE, 1)
        // The good-bye is not within the time limit of the transfer.
        try handle.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, Int(timeoutSeconds.rounded(.up))))
    }

    // MARK: MIME

    /// multipart/related of multipart/alternative and picture (RFC 2387), or as much of it as there is.
    private func makeMime(_ message: MailMessage) throws -> CurlMime {
        let root = CurlMime(handle)
        if let html = message.html, message.inlineJPEG != nil {
            let alternative = CurlMime(handle)
            try add(text: message.text, type: "text/plain", to: alternative)
            try add(text: html, type: "text/html", to: alternative)
            try root.add(alternative, type: "multipart/alternative")
        } else {
            try add(text: message.text, type: "text/plain", to: root)
            if let html = message.html { try add(text: html, type: "text/html", to: root) }
        }
        if let picture = message.inlineJPEG { try add(picture, to: root) }
        return root
    }

    private func add(text: String, type: String, to mime: CurlMime) throws(CurlError) {
        let part = mime.addPart()
        try part.setContent(withNetworkLineEnds(text))
        try part.setType("\(type); charset=utf-8")
        try part.setEncoder("quoted-printable")
    }

    private func add(_ picture: MailMessage.InlineJPEG, to mime: CurlMime) throws {
        let part = mime.addPart()
        switch picture.content {
        case .bytes(let bytes): try part.setContent(bytes)
        case .file(let path):
            do { try part.setContent(ofFile: path) } catch { throw MailError.unreadableFile }
            // The name on this disk is nobody's business.
            try part.setFilename(nil)
        }
        try part.setType("image/jpeg")
        try part.setEncoder("base64")
        let id = try MailHeader.id(picture.contentID)
        try part.setHeaders(["Content-ID: <\(id)>", "Content-Disposition: inline; filename=\"picture.jpg\""])
    }

    // MARK: Replies

    private func judge(_ code: CURLcode) throws {
        if code == CURLE_OK { return }
        if code == CURLE_ABORTED_BY_CALLBACK { throw CancellationError() }
        // libcurl has several codes for a refusal; the last reply says what it was.
        let reply = handle.responseCode
        switch code {
        // Not offered, or refused for good; 454 is for now (RFC 3207, section 4).
        case CURLE_USE_SSL_FAILED where !(400...499).contains(reply): throw MailError.noEncryption
        case CURLE_OPERATION_TIMEDOUT: throw MailError.timedOut
        case _ where (400...599).contains(reply): throw MailError.reply(reply)
        case CURLE_READ_ERROR: throw MailError.unreadableFile
        case CURLE_URL_MALFORMAT: throw MailError.invalidMessage(CurlError.words(code))
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION:
            throw MailError.notConnected(CurlError.words(code))
        default: throw MailError.unreachable(CurlError.words(code))
        }
    }
}

/// CR LF at the end of every line (RFC 5321, section 2.3.8), whatever it was before.
func withNetworkLineEnds(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var previous: UInt8 = 0
    for byte in text.utf8 {
        switch byte {
        case 0x0d: bytes += [0x0d, 0x0a]
        case 0x0a: if previous != 0x0d { bytes += [0x0d, 0x0a] }
        default: bytes.append(byte)
        }
        previous = byte
    }
    return bytes
}
