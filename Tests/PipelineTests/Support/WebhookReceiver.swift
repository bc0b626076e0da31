// Somebody else's program that takes messages.

import Runtime

/// Keeps what it was sent.
final class WebhookReceiver: Sendable {
    let requests = LockedValue<[LoopbackHTTPServer.Request]>([])
    let http: LoopbackHTTPServer

    init(_ answer: @escaping @Sendable (LoopbackHTTPServer.Request) -> LoopbackHTTPServer.Response) throws {
        let requests = requests
        http = try LoopbackHTTPServer { request in
            requests.withLock { $0.append(request) }
            return answer(request)
        }
    }

    convenience init(status: Int, headers: [String: String] = [:]) throws {
        try self.init { _ in .answer(status: status, headers: headers, body: []) }
    }

    var targets: [String] { requests.withLock { $0.map(\.target) } }
}
