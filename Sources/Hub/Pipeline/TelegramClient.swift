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
    /// Of a video.
    public static let maximumUploadBytes: Int64 = 50 << 20
    public static let maximumPhotoBytes: Int64 = 10 << 20
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

    /// `getMe`. Returns the bot's user name.
    public func getMe() async throws -> String? {
        struct Me: Decodable { let username: String? }
        return try await call("getMe", .none).result(Me.self).username
    }

    // MARK: Calling

    /// Calls a method without files, its parameters as JSON.
    func call(
        _ method: String, json: some Encodable, maximumResponseBytes: Int = 1 << 20, waiting seconds: Double = 0
    ) async throws -> TelegramAnswer {
        let bytes = Array(try JSONEncoder().encode(json))
        return try await call(
            method, .bytes(bytes), isJSON: true, maximumResponseBytes: maximumResponseBytes, waiting: seconds)
    }

    /// - Parameters:
    ///   - uploading: how many bytes there are to send at most.
    ///   - waiting: how long Telegram may keep the answer back.
    func call(
        _ method: String, _ body: HTTPClientRequest.Body, isJSON: Bool = false, uploading bytes: Int64 = 0,
        maximumResponseBytes: Int = 1 << 20, waiting seconds: Double = 0
    ) async throws -> TelegramAnswer {
        let request = HTTPClientRequest(
            .post, url: Secret("\(baseURL)/bot\(escapedToken)/\(method)"),
            headers: isJSON ? [("Content-Type", "application/json")] : [], body: body,
            timeoutSeconds: timeoutSeconds + seconds + Double(bytes) / Self.slowestBytesPerSecond,
            maximumResponseBytes: maximumResponseBytes)
        do {
            return try TelegramAnswer(try await http.send(request), token: token)
        } catch let error as HTTPClientError {
            throw Self.failure(error)
        }
    }

    /// What the end of an exchange without an answer means.
    private static func failure(_ error: HTTPClientError) -> TelegramError {
        switch error {
        // A file that ends early breaks the upload off, and Telegram takes no part of a form.
        case .invalidRequest, .unreadableFile, .refusedAddress, .notConnected: .notSent(error.description)
        // The time may have run out while connecting, but that is not known.
        case .unreachable, .timedOut: .unreachable(error.description)
        case .responseTooLarge: .malformed
        }
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
}
