// What the Bot API answers (https://core.telegram.org/bots/api#making-requests).

import Runtime

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

/// A successful answer. One that is not cannot be made: it is a `TelegramError`.
struct TelegramAnswer {
    private let body: [UInt8]

    init(_ response: HTTPClientResponse, token: Secret) throws(TelegramError) {
        let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(response.body))
        guard response.status == 200, envelope?.ok == true else { throw failure(response.status, envelope, token: token) }
        body = response.body
    }

    func result<Value: Decodable>(_ type: Value.Type) throws(TelegramError) -> Value {
        guard let answer = try? JSONDecoder().decode(Result<Value>.self, from: Data(body)) else { throw .malformed }
        return answer.result
    }

    /// Those elements that can be read: one that cannot be must not hide the others.
    func results<Value: Decodable>(_ type: Value.Type) throws(TelegramError) -> [Value] {
        try result([Readable<Value>].self).compactMap(\.value)
    }

    /// The id of a `Message`.
    func messageID() throws(TelegramError) -> String {
        struct Message: Decodable { let message_id: Int64 }
        return String(try result(Message.self).message_id)
    }

    private struct Result<Value: Decodable>: Decodable { let result: Value }

    private struct Readable<Value: Decodable>: Decodable {
        let value: Value?
        init(from decoder: any Decoder) { value = try? Value(from: decoder) }
    }
}

/// What every answer has.
private struct Envelope: Decodable {
    /// `ResponseParameters` of the Bot API.
    struct Parameters: Decodable {
        let retry_after: Double?
        let migrate_to_chat_id: Int64?
    }

    let ok: Bool
    let error_code: Int?
    let description: String?
    let parameters: Parameters?
}

/// The error that an answer means. A proxy in between may answer without the Bot API's JSON, so the status counts too.
private func failure(_ status: Int, _ envelope: Envelope?, token: Secret) -> TelegramError {
    if status == 200, envelope == nil { return .malformed }
    switch envelope?.error_code ?? status {
    case 400:
        if let chat = envelope?.parameters?.migrate_to_chat_id { return .chatMigrated(to: String(chat)) }
        return refusal(envelope?.description ?? "bad request", token: token)
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

/// Telegram tells one 400 from another by words only. Those that ask for an action of the caller are told apart here.
private func refusal(_ description: String, token: Secret) -> TelegramError {
    let words = description.lowercased()
    let gone = ["message to edit not found", "message can't be edited", "message_id_invalid"]
    if gone.contains(where: { words.contains($0) }) { return .messageGone }
    if words.contains("chat not found") { return .chatNotFound }
    return .badRequest(withoutPrivateWords(description, token: token))
}

extension TelegramError {
    /// An edit that changes nothing is refused, and the message is as it was to be.
    var isNotModified: Bool {
        if case .badRequest(let text) = self { return text.contains("message is not modified") }
        return false
    }
}

/// Telegram repeats parts of a request in some of its words; addresses, numbers of chats and the token are left out.
private func withoutPrivateWords(_ text: String, token: Secret) -> String {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map { word in
        let isNumber = word.split { !$0.isNumber }.contains { $0.count > 4 }
        let isPrivate = isNumber || word.contains("://") || (!token.value.isEmpty && word.contains(token.value))
        return isPrivate ? "…" : word
    }
    return String(words.joined(separator: " ").prefix(200))
}
