// One mail.

public import Domain

/// What a mail says, before it is put into MIME.
public struct MailMessage: Sendable {
    /// A picture that the HTML shows by `<img src="cid:…">`; without HTML it follows the text.
    public struct InlineJPEG: Sendable {
        public enum Content: Sendable {
            case bytes([UInt8])
            /// Read from disk while it is sent.
            case file(path: String)
        }

        public var content: Content
        /// `name@host`, without brackets (RFC 2392).
        public var contentID: String

        public init(_ content: Content, contentID: String) {
            self.content = content
            self.contentID = contentID
        }
    }

    public var from: MailAddress
    public var to: MailAddress
    /// Any text, one line; cut at `maximumSubject`, and encoded by RFC 2047 where it has to be.
    public var subject: String
    /// For programs that show no HTML.
    public var text: String
    public var html: String?
    public var inlineJPEG: InlineJPEG?
    /// `id@host`, without brackets (RFC 5322, section 3.6.4). The same when a delivery is repeated, so that a second copy is recognised.
    public var messageID: String
    public var date: Timestamp

    /// In UTF-16 units.
    public static let maximumSubject = 200

    public init(
        from: MailAddress, to: MailAddress, subject: String, text: String, html: String? = nil, inlineJPEG: InlineJPEG? = nil,
        messageID: String, date: Timestamp
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.inlineJPEG = inlineJPEG
        self.messageID = messageID
        self.date = date
    }

    /// Header fields of the whole mail. Lines that are too long are folded; nothing in them can begin a field of its own.
    func headerLines() throws(MailError) -> [String] {
        [
            "From: \(MailHeader.address(from))", "To: \(MailHeader.address(to))",
            "Subject: \(MailHeader.text(cutText(subject, toUTF16Units: Self.maximumSubject)))",
            "Date: \(MailHeader.date(date))", "Message-ID: <\(try MailHeader.id(messageID))>",
            // RFC 3834: no holiday replies to a camera.
            "Auto-Submitted: auto-generated",
            "Content-Type: \(rootType)",
        ]
    }

    /// libcurl adds the boundary.
    private var rootType: String {
        switch (html, inlineJPEG) {
        case (.some, .some): "multipart/related; type=\"multipart/alternative\""
        case (.some, nil): "multipart/alternative"
        case (nil, _): "multipart/mixed"
        }
    }
}
