// Telegram's Bot API (https://core.telegram.org/bots/api).

public import Runtime

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

/// Calls methods of the Bot API. Failures are `TelegramError`, or `CancellationError`.
public struct TelegramClient: Sendable {
    /// Captions are at most this long, in UTF-16 units as Telegram counts.
    public static let maximumCaption = 1024
    public static let maximumText = 4096
    public static let maximumUploadBytes: Int64 = 50 << 20
    public static let maximumThumbnailBytes = 200_000

    private let http: HTTPClient
    private let token: Secret
    private let baseURL: String
    private let timeoutSeconds: Double

    /// An upload may take as long as a line of this speed needs, besides the timeout.
    private static let slowestBytesPerSecond = 50_000.0

    /// - Parameters:
    ///   - baseURL: of the Bot API server, without the bot's part.
    ///   - timeoutSeconds: for a call without files.
    public init(http: HTTPClient, token: Secret, baseURL: String = "https://api.telegram.org", timeoutSeconds: Double = 10) {
        self.http = http
        self.timeoutSeconds = timeoutSeconds
        self.token = token
        self.baseURL = String(baseURL.reversed().drop { $0 == "/" }.reversed())
    }

    /// A video to send, with what a player wants to know before it has it.
    public struct Video: Sendable {
        /// An MP4 with H.264 and AAC on disk.
        public var path: String
        public var durationSeconds: Double?
        public var width: Int?
        public var height: Int?
        /// A JPEG of at most 320 pixels and `maximumThumbnailBytes`.
        public var thumbnailPath: String?

        public init(path: String, durationSeconds: Double? = nil, width: Int? = nil, height: Int? = nil, thumbnailPath: String? = nil) {
            self.path = path
            self.durationSeconds = durationSeconds
            self.width = width
            self.height = height
            self.thumbnailPath = thumbnailPath
        }
    }

    /// `sendVideo`. Returns the message's id.
    public func sendVideo(_ video: Video, caption: String, to chat: String) async throws -> String {
        var parts = [
            HTTPClientRequest.Part(name: "chat_id", text: chat),
            HTTPClientRequest.Part(name: "caption", text: cutText(caption, toUTF16Units: Self.maximumCaption)),
            HTTPClientRequest.Part(name: "supports_streaming", text: "true"),
            HTTPClientRequest.Part(name: "video", content: .file(path: video.path), filename: "clip.mp4", type: "video/mp4"),
        ]
        if let seconds = video.durationSeconds, seconds.isFinite, (0...86_400).contains(seconds) {
            parts.append(HTTPClientRequest.Part(name: "duration", text: String(Int(seconds.rounded(.up)))))
        }
        if let width = video.width { parts.append(HTTPClientRequest.Part(name: "width", text: String(width))) }
        if let height = video.height { parts.append(HTTPClientRequest.Part(name: "height", text: String(height))) }
        if let path = video.thumbnailPath {
            parts.append(
                HTTPClientRequest.Part(name: "thumbnail", content: .file(path: path), filename: "thumbnail.jpg", type: "image/jpeg"))
        }
        return try await messageID(call("sendVideo", .multipart(parts), uploading: Self.maximumUploadBytes))
    }

    /// `sendPhoto`, of a JPEG on disk. Returns the message's id.
    public func sendPhoto(path: String, caption: String, to chat: String) async throws -> String {
        let parts = [
            HTTPClientRequest.Part(name: "chat_id", text: chat),
            HTTPClientRequest.Part(name: "caption", text: cutText(caption, toUTF16Units: Self.maximumCaption)),
            HTTPClientRequest.Part(name: "photo", content: .file(path: path), filename: "photo.jpg", type: "image/jpeg"),
        ]
        return try await messageID(call("sendPhoto", .multipart(parts), uploading: 10 << 20))
    }

    /// `sendMessage`, plain text. Returns the message's id.
    public func sendMessage(_ text: String, to chat: String) async throws -> String {
        struct Body: Encodable {
            let chat_id: String
            let text: String
        }
        return try await messageID(call("sendMessage", json: Body(chat_id: chat, text: cutText(text, toUTF16Units: Self.maximumText))))
    }

    /// `getUpdates` without waiting, messages only.
    ///
    /// - Parameter offset: the first update that was not seen yet; those before it are forgotten by Telegram.
    public func getUpdates(offset: Int64?) async throws -> [TelegramUpdate] {
        struct Body: Encodable {
            let offset: Int64?
            let timeout = 0
            let allowed_updates = ["message"]
        }
        let answer = try await call("getUpdates", json: Body(offset: offset), maximumResponseBytes: 4 << 20)
        // One update that cannot be read must not hide the others.
        return try decode([Readable<TelegramUpdate>].self, answer).compactMap(\.value)
    }

    /// `deleteWebhook`; what waits to be read is kept.
    public func deleteWebhook() async throws {
        struct Body: Encodable { let drop_pending_updates = false }
        _ = try await call("deleteWebhook", json: Body())
    }

    /// `getMe`. Returns the bot's user name.
    public func getMe() async throws -> String? {
        struct Me: Decodable { let username: String? }
        return try decode(Me.self, try await call("getMe", .none)).username
    }

    // MARK: Calling

    private func call(_ method: String, json: some Encodable, maximumResponseBytes: Int = 1 << 20) async throws -> [UInt8] {
        let bytes = Array(try JSONEncoder().encode(json))
        return try await call(method, .bytes(bytes), isJSON: true, maximumResponseBytes: maximumResponseBytes)
    }

    /// Returns the body of a successful answer.
    private func call(
        _ method: String, _ body: HTTPClientRequest.Body, isJSON: Bool = false, uploading bytes: Int64 = 0,
        maximumResponseBytes: Int = 1 << 20
    ) async throws -> [UInt8] {
        let request = HTTPClientRequest(
            .post, url: Secret("\(baseURL)/bot\(escapedToken)/\(method)"),
            headers: isJSON ? [("Content-Type", "application/json")] : [], body: body,
            timeoutSeconds: timeoutSeconds + Double(bytes) / Self.slowestBytesPerSecond,
            maximumResponseBytes: maximumResponseBytes)
        let response: HTTPClientResponse
        do {
            response = try await http.send(request)
        } catch HTTPClientError.responseTooLarge {
            throw TelegramError.malformed
        } catch let error as HTTPClientError {
            throw TelegramError.unreachable(error.description)
        }
        if response.status == 200, (try? decodeEnvelope(response.body))?.ok == true { return response.body }
        throw failure(response)
    }

    /// A token of another form must not change which URL is asked.
    private var escapedToken: String {
        var escaped = ""
        for byte in token.value.utf8 {
            let scalar = UnicodeScalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-_:".unicodeScalars.contains(scalar))
            escaped += isPlain ? String(Character(scalar)) : "%" + Crypto.hex([byte])
        }
        return escaped
    }

    // MARK: Answers

    /// What every answer has.
    private struct Envelope: Decodable {
        struct Parameters: Decodable { let retry_after: Double? }
        let ok: Bool
        let error_code: Int?
        let description: String?
        let parameters: Parameters?
    }

    private struct Result<Value: Decodable>: Decodable { let result: Value }

    private struct Readable<Value: Decodable>: Decodable {
        let value: Value?
        init(from decoder: any Decoder) { value = try? Value(from: decoder) }
    }

    private func decodeEnvelope(_ bytes: [UInt8]) throws -> Envelope { try JSONDecoder().decode(Envelope.self, from: Data(bytes)) }

    private func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(TelegramError) -> Value {
        guard let answer = try? JSONDecoder().decode(Result<Value>.self, from: Data(bytes)) else { throw .malformed }
        return answer.result
    }

    private func messageID(_ answer: [UInt8]) throws(TelegramError) -> String {
        struct Message: Decodable { let message_id: Int64 }
        return String(try decode(Message.self, answer).message_id)
    }

    /// The error that an answer means. A proxy in between may answer without the Bot API's JSON, so the status counts too.
    private func failure(_ response: HTTPClientResponse) -> TelegramError {
        let envelope = try? decodeEnvelope(response.body)
        if response.status == 200, envelope == nil { return .malformed }
        switch envelope?.error_code ?? response.status {
        case 400: return .badRequest(String((envelope?.description ?? "bad request").prefix(200)))
        case 401: return .unauthorized
        case 403: return .forbidden
        case 404: return .notFound
        case 409: return .conflict
        case 413: return .tooLarge
        case 429: return .tooManyRequests(retryAfter: min(max(envelope?.parameters?.retry_after ?? 1, 1), 86_400))
        case let status where (500...599).contains(status): return .server(status: status)
        case let status: return .unexpected(status: status)
        }
    }
}

/// At most `limit` UTF-16 units of a text, ending with "…" where something was cut, and never inside a character.
func cutText(_ text: String, toUTF16Units limit: Int) -> String {
    guard text.utf16.count > limit else { return text }
    var cut = ""
    var count = 1
    for character in text {
        let length = character.utf16.count
        if count + length > limit { break }
        cut.append(character)
        count += length
    }
    return cut + "…"
}
