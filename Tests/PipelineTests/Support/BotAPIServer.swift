// Telegram's Bot API as a test double: method paths, JSON and multipart forms, limits and errors as documented.

import Runtime


#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

/// Keeps what it was asked, and answers by script first, by its own rules otherwise.
final class BotAPIServer: Sendable {
    static let token = "4711:test-token"

    /// One call as it came in.
    struct Call: Sendable {
        let method: String
        /// Values of form fields or JSON members, as text.
        var fields: [String: String] = [:]
        /// Contents of form fields that are files.
        var files: [String: [UInt8]] = [:]
    }

    enum Scripted: Sendable {
        case error(Int, String, retryAfter: Int? = nil, migrateTo: Int64? = nil)
        case raw(status: Int, String)
        case close
        case hang
    }

    private struct State {
        var calls: [Call] = []
        var script: [String: [Scripted]] = [:]
        var updates: [(id: Int, json: String)] = []
        var hasWebhook = false
        var nextMessage = 100
        var waiting: [(condition: @Sendable ([Call]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: LockedValue<State>
    private let http: LoopbackHTTPServer

    init() throws {
        let relay = Relay()
        state = LockedValue(State())
        http = try LoopbackHTTPServer { relay.answer($0) }
        relay.server.withLock { $0 = WeakServer(server: self) }
    }

    var baseURL: String { http.baseURL }
    var calls: [Call] { state.withLock { $0.calls } }
    func calls(_ method: String) -> [Call] { calls.filter { $0.method == method } }
    func stop() { http.stop() }

    /// The next answers to a method, one each.
    func script(_ method: String, _ answers: Scripted...) { state.withLock { $0.script[method, default: []] += answers } }
    func setWebhook() { state.withLock { $0.hasWebhook = true } }

    /// Queues an update for `getUpdates`; `json` holds the members besides `update_id`.
    func push(update id: Int, _ json: String) { state.withLock { $0.updates.append((id, json)) } }

    /// Returns when the calls so far satisfy `condition`.
    func wait(until condition: @escaping @Sendable ([Call]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isTrue = state.withLock { state in
                if condition(state.calls) { return true }
                state.waiting.append((condition, continuation))
                return false
            }
            if isTrue { continuation.resume() }
        }
    }

    // MARK: Answering

    fileprivate func answer(_ request: LoopbackHTTPServer.Request) -> LoopbackHTTPServer.Response {
        let path = request.target.split(separator: "/", omittingEmptySubsequences: true)
        guard path.count == 2, path[0] == "bot\(Self.token)" else { return error(401, "Unauthorized") }
        let call = parse(String(path[1]), request)
        let (scripted, ready) = state.withLock { state -> (Scripted?, [CheckedContinuation<Void, Never>]) in
            state.calls.append(call)
            let ready = state.waiting.filter { $0.condition(state.calls) }.map(\.continuation)
            state.waiting.removeAll { $0.condition(state.calls) }
            guard var queue = state.script[call.method], !queue.isEmpty else { return (nil, ready) }
            let next = queue.removeFirst()
            state.script[call.method] = queue
            return (next, ready)
        }
        defer { for continuation in ready { continuation.resume() } }
        switch scripted {
        case .error(let code, let text, let seconds, let chat): return error(code, text, retryAfter: seconds, migrateTo: chat)
        case .raw(let status, let text): return .answer(status: status, body: Array(text.utf8))
        case .close: return .close
        case .hang: return .hang
        case nil: return answer(call, size: request.body.count)
        }
    }

    private func answer(_ call: Call, size: Int) -> LoopbackHTTPServer.Response {
        if size > 50 << 20 { return error(413, "Request Entity Too Large") }
        switch call.method {
        case "getMe": return ok(#"{"id":4711,"is_bot":true,"first_name":"Test","username":"ping_watch_test_bot"}"#)
        case "deleteWebhook":
            state.withLock { $0.hasWebhook = false }
            return ok("true")
        case "setWebhook":
            state.withLock { $0.hasWebhook = true }
            return ok("true")
        case "answerCallbackQuery": return ok("true")
        case "editMessageMedia", "editMessageCaption", "editMessageText", "editMessageReplyMarkup":
            return ok("{\"message_id\":\(call.fields["message_id"] ?? "0"),\"date\":1}")
        case "getUpdates":
            if state.withLock({ $0.hasWebhook }) {
                return error(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
            }
            let offset = call.fields["offset"].flatMap { Int($0) }
            let waiting = state.withLock { state in
                if let offset { state.updates.removeAll { $0.id < offset } }
                return state.updates.prefix(100).map { "{\"update_id\":\($0.id),\($0.json)}" }
            }
            return ok("[" + waiting.joined(separator: ",") + "]")
        case "sendMessage": return send(call, text: "text", isRequired: true, limit: 4096)
        case "sendVideo", "sendPhoto":
            let field = call.method == "sendVideo" ? "video" : "photo"
            guard let file = call.files[field] else { return error(400, "Bad Request: there is no \(field) in the request") }
            guard !file.isEmpty else { return error(400, "Bad Request: file must be non-empty") }
            return send(call, text: "caption", isRequired: false, limit: 1024)
        default: return error(404, "Not Found")
        }
    }

    private func send(_ call: Call, text field: String, isRequired: Bool, limit: Int) -> LoopbackHTTPServer.Response {
        guard let chat = call.fields["chat_id"].flatMap({ Int64($0) }) else { return error(400, "Bad Request: chat_id is empty") }
        let text = call.fields[field] ?? ""
        if isRequired, text.isEmpty { return error(400, "Bad Request: message text is empty") }
        if text.utf16.count > limit { return error(400, "Bad Request: message \(field) is too long") }
        let id = state.withLock { state in
            state.nextMessage += 1
            return state.nextMessage
        }
        return ok("{\"message_id\":\(id),\"date\":1,\"chat\":{\"id\":\(chat),\"type\":\"private\"}}")
    }

    private func ok(_ result: String) -> LoopbackHTTPServer.Response { json(200, "{\"ok\":true,\"result\":\(result)}") }

    private func error(_ code: Int, _ description: String, retryAfter: Int? = nil, migrateTo: Int64? = nil) -> LoopbackHTTPServer.Response {
        var parameters = retryAfter.map { ",\"parameters\":{\"retry_after\":\($0)}" } ?? ""
        if let migrateTo { parameters = ",\"parameters\":{\"migrate_to_chat_id\":\(migrateTo)}" }
        return json(code, "{\"ok\":false,\"error_code\":\(code),\"description\":\"\(description)\"\(parameters)}")
    }

    private func json(_ status: Int, _ text: String) -> LoopbackHTTPServer.Response {
        .answer(status: status, headers: ["Content-Type": "application/json"], body: Array(text.utf8))
    }

    // MARK: Reading calls

    private func parse(_ method: String, _ request: LoopbackHTTPServer.Request) -> Call {
        var call = Call(method: method)
        let type = request.headers["content-type"] ?? ""
        if type.hasPrefix("application/json") {
            call.fields = (try? JSONDecoder().decode([String: JSONText].self, from: Data(request.body)))?.mapValues(\.text) ?? [:]
        } else if type.hasPrefix("multipart/form-data"), let mark = type.firstRange(of: "boundary=") {
            readForm(request.body, boundary: Array("--\(type[mark.upperBound...])".utf8), into: &call)
        }
        return call
    }

    private func readForm(_ body: [UInt8], boundary: [UInt8], into call: inout Call) {
        let blank = Array("\r\n\r\n".utf8)
        var position = indexOf(boundary, in: body, from: 0)
        while let start = position.map({ $0 + boundary.count }), let end = indexOf(boundary, in: body, from: start) {
            if let headEnd = indexOf(blank, in: body, from: start) {
                let head = String(decoding: body[start..<headEnd], as: UTF8.self)
                let content = Array(body[(headEnd + 4)..<max(end - 2, headEnd + 4)])
                if let name = quoted("name", in: head) {
                    if quoted("filename", in: head) != nil {
                        call.files[name] = content
                    } else {
                        call.fields[name] = String(decoding: content, as: UTF8.self)
                    }
                }
            }
            position = end
        }
    }

    private func quoted(_ name: String, in head: String) -> String? {
        guard let mark = head.firstRange(of: " \(name)=\"") else { return nil }
        return String(head[mark.upperBound...].prefix { $0 != "\"" })
    }

    /// Lets the socket threads reach the server without keeping it alive.
    private final class Relay: Sendable {
        let server = LockedValue<WeakServer?>(nil)
        func answer(_ request: LoopbackHTTPServer.Request) -> LoopbackHTTPServer.Response {
            server.withLock { $0?.server }?.answer(request) ?? .close
        }
    }

    private struct WeakServer: Sendable { weak let server: BotAPIServer? }
}
