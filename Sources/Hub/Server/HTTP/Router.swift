// Which request goes where, and what every route has in common: who asks, the body, the errors.

import Domain
import Loop
import Runtime
import Store

/// A request with its body, and the user on whose behalf it is made.
struct Request: Sendable {
    let head: HTTPHead
    let body: [UInt8]
    let user: User
    /// The values of the pattern's `{…}`, in order.
    let parameters: [String]

    var scope: AccountScope { user.scope }

    func fields() throws(APIError) -> Fields { try Fields(body: body) }

    func identifier<Kind>(_ index: Int, _ what: String) throws(APIError) -> Identifier<Kind> {
        // An id that cannot be is an id that does not exist.
        guard let identifier = Identifier<Kind>(parameters[index]) else { throw .notFound(what) }
        return identifier
    }

    func queryIdentifier<Kind>(_ name: String) throws(APIError) -> Identifier<Kind>? {
        guard let text = head.query(name) else { return nil }
        guard let identifier = Identifier<Kind>(text) else { throw .invalid(name, "1 to 64 characters of A–Z a–z 0–9 _ - . are expected") }
        return identifier
    }

    func requiredQueryIdentifier<Kind>(_ name: String) throws(APIError) -> Identifier<Kind> {
        guard let identifier: Identifier<Kind> = try queryIdentifier(name) else { throw .missing(name) }
        return identifier
    }

    func page() throws(APIError) -> Page {
        var page = Page()
        if let text = head.query("limit") {
            guard let limit = Int(text), (1...200).contains(limit) else { throw .invalid("limit", "it must be from 1 to 200") }
            page.limit = limit
        }
        page.cursor = head.query("cursor")
        return page
    }
}

/// Who may call a route.
enum RouteAccess: Sendable {
    /// Anybody.
    case open
    /// A signed-in user, or anybody where no sign-in is required.
    case user
}

struct Route: Sendable {
    let method: HTTPMethod
    /// Such as `/events/{id}/summary`.
    let pattern: [Substring]
    let access: RouteAccess
    let handle: @Sendable (Request) async throws -> HTTPResponse

    init(_ method: HTTPMethod, _ pattern: String, _ access: RouteAccess = .user, _ handle: @escaping @Sendable (Request) async throws -> HTTPResponse) {
        self.method = method
        self.pattern = pattern.split(separator: "/")
        self.access = access
        self.handle = handle
    }

    func match(_ path: [Substring]) -> [String]? {
        guard path.count == pattern.count else { return nil }
        var parameters: [String] = []
        for (piece, expected) in zip(path, pattern) {
            if expected.hasPrefix("{") {
                parameters.append(String(piece))
            } else if piece != expected {
                return nil
            }
        }
        return parameters
    }
}

struct Router: Sendable {
    let accounts: Accounts
    let routes: [Route]
    private let log = Log("http")

    init(accounts: Accounts, routes: [Route]) {
        self.accounts = accounts
        self.routes = routes
    }

    func respond(to head: HTTPHead, body: [UInt8]) async -> HTTPResponse {
        do {
            return try await route(head, body: body)
        } catch {
            return Self.response(for: error, log: log)
        }
    }

    private func route(_ head: HTTPHead, body: [UInt8]) async throws -> HTTPResponse {
        let path = head.path.split(separator: "/")
        let matches = routes.compactMap { route in route.match(path).map { (route, $0) } }
        guard !matches.isEmpty else { throw APIError.notFound("route") }
        let method = head.method == .head ? .get : head.method
        guard let (route, parameters) = matches.first(where: { $0.0.method == method }) else {
            let allowed = matches.map { $0.0.method.rawValue }.joined(separator: ", ")
            var response = Self.response(
                for: APIError(status: 405, code: "method_not_allowed", message: "\(head.method.rawValue) is not possible here; \(allowed) is"), log: log)
            response.headers.append(("Allow", allowed))
            return response
        }
        let user = try await user(for: head, access: route.access)
        return try await route.handle(Request(head: head, body: body, user: user, parameters: parameters))
    }

    func user(for head: HTTPHead, access: RouteAccess = .user) async throws -> User {
        if access == .open { return User(id: UserID(trusted: ""), account: AccountID(trusted: ""), email: "", createdAt: Timestamp(milliseconds: 0)) }
        return try await accounts.user(token: Self.bearer(head))
    }

    /// The token of `Authorization: Bearer …`.
    static func bearer(_ head: HTTPHead) -> String? {
        guard let header = head.header("authorization") else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return "" }
        return String(parts[1])
    }

    static func json(_ value: JSON, status: Int = 200, headers: [(name: String, value: String)] = []) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store")] + headers,
            body: .bytes(value.utf8))
    }

    static func response(for error: any Error, log: Log) -> HTTPResponse {
        let error = apiError(for: error, log: log)
        var response = json(error.json, status: error.status)
        if error.status == 503 { response.headers.append(("Retry-After", "2")) }
        if error.status == 401 { response.headers.append(("WWW-Authenticate", "Bearer")) }
        return response
    }
}

/// What a client is told of an error; what it is not told goes to the log.
func apiError(for error: any Error, log: Log) -> APIError {
    switch error {
    case let error as APIError: return error
    case StoreError.storageFull: return .storageFull
    case StoreError.unavailable, StoreError.contention:
        log.warning("the database does not answer", ["error": String(describing: error)])
        return .unavailable
    case StoreError.inUse: return .busy
    case StoreError.invalidCursor: return .invalid("cursor", "this is not a cursor of the hub")
    default:
        log.error("request failed", ["error": String(reflecting: error)])
        return .internalError
    }
}
