// Which request goes where, and what every route has in common: who asks, the body, the errors.

import Credentials
import Domain
import Loop
import Runtime
import Store

/// A request with its body, and on whose behalf it is made.
struct Request: Sendable {
    let head: HTTPHead
    let body: [UInt8]
    let principal: Principal
    /// The values of the pattern's `{…}`, in order.
    let parameters: [String]

    var scope: AccountScope { principal.scope }

    /// The person who asks.
    ///
    /// - Throws: 403 for a camera or a key.
    func user() throws(APIError) -> User {
        guard let user = principal.user else { throw .forbidden }
        return user
    }

    func fields() throws(APIError) -> Fields { try Fields(body: body) }

    func identifier<Kind>(_ index: Int, _ what: String) throws(APIError) -> Identifier<Kind> {
        // An id that cannot be is an id that does not exist.
        guard let identifier = Identifier<Kind>(parameters[index]) else { throw .notFound(what) }
        return identifier
    }
}

/// Who may call a route.
enum RouteAccess: Sendable {
    /// Anybody.
    case open
    /// Who has the permission; where it is so said, also a camera with its own token, for itself: its scope has no other device.
    case needs(Permission, orSensor: Bool = false)

    func admits(_ principal: Principal) -> Bool {
        switch self {
        case .open: true
        case .needs(let permission, let orSensor): principal.may(permission) || orSensor && principal.may(.sense)
        }
    }
}

struct Route: Sendable {
    let method: HTTPMethod
    /// Such as `/events/{id}/summary`.
    let pattern: [Substring]
    let access: RouteAccess
    let handle: @Sendable (Request) async throws -> HTTPResponse

    init(_ method: HTTPMethod, _ pattern: String, _ access: RouteAccess, _ handle: @escaping @Sendable (Request) async throws -> HTTPResponse) {
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
    let authentication: Authentication
    let attempts: AttemptGuard
    let routes: [Route]
    private let log = Log("http")

    init(authentication: Authentication, attempts: AttemptGuard, routes: [Route]) {
        self.authentication = authentication
        self.attempts = attempts
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
        var matches = routes.compactMap { route in route.match(path).map { (route, $0) } }
        // A word of a pattern goes before an id: `/devices/self` is no device, whatever the method.
        let fewest = matches.map(\.1.count).min()
        matches.removeAll { $0.1.count != fewest }
        guard !matches.isEmpty else { throw APIError.notFound("route") }
        let method = head.method == .head ? .get : head.method
        guard let (route, parameters) = matches.first(where: { $0.0.method == method }) else {
            let allowed = matches.map { $0.0.method.rawValue }.joined(separator: ", ")
            var response = Self.response(
                for: APIError(status: 405, code: "method_not_allowed", message: "\(head.method.rawValue) is not possible here; \(allowed) is"), log: log)
            response.headers.append(("Allow", allowed))
            return response
        }
        let principal = try await principal(for: head, access: route.access)
        return try await route.handle(Request(head: head, body: body, principal: principal, parameters: parameters))
    }

    /// - Throws: 401 for who is not known, 403 for who may not, 429 for who has shown many tokens that are none.
    func principal(for head: HTTPHead, access: RouteAccess) async throws -> Principal {
        if case .open = access { return .nobody }
        let address = authentication.configuration.proxies.clientAddress(of: head)
        let principal = try await authentication.grant(token: Self.bearer(head), from: address, attempts).principal
        guard access.admits(principal) else { throw APIError.forbidden }
        return principal
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
        if let retryAt = error.retryAt, error.status == 429 {
            let seconds = Double(retryAt - WallClock.system.milliseconds) / 1000
            response.headers.append(("Retry-After", String(max(1, Int(seconds.rounded(.up))))))
        }
        if error.status == 401 { response.headers.append(("WWW-Authenticate", "Bearer")) }
        return response
    }
}

/// What a client is told of an error; what it is not told goes to the log.
func apiError(for error: any Error, log: Log) -> APIError {
    switch error {
    case let error as APIError: return error
    case let error as PlanExceeded: return APIError(status: 403, code: "plan_limit", message: "\(error.limit.rawValue): \(error)", field: error.limit.rawValue)
    case is AccountGone: return .invalidToken
    case StoreError.storageFull: return .storageFull
    case StoreError.unavailable, StoreError.contention:
        log.warning("the database does not answer", ["error": String(describing: error)])
        return .unavailable
    case StoreError.inUse: return .busy
    case is PasswordHasherBusy: return .overloaded
    case StoreError.invalidCursor: return .invalid("cursor", "this is not a cursor of the hub")
    default:
        log.error("request failed", ["error": String(reflecting: error)])
        return .internalError
    }
}
