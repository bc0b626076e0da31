// What is asked of an issuer: where its parts are, its keys, and a token for a code.

import Credentials
import Domain
import Pipeline
import Runtime

/// Remembers what it was told for an hour. Keys are asked for again where a token names one that is not among them, once a minute at most.
actor OIDCIssuer {
    struct Endpoints: Sendable {
        let authorization: String
        let token: String
        let keys: String
        /// RFC 6749, section 2.3.1: the client's secret in the body, where the issuer does not say that it takes it in a header.
        let takesBasic: Bool
    }

    /// The issuer cannot be asked, or answers nonsense.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let lifetimeSeconds = 3600.0, pauseSeconds = 60.0
    private let configuration: OIDCConfiguration
    private let http = HTTPClient(threads: 2)
    private let clock: WallClock
    private var endpoints: (value: Endpoints, at: Timestamp)?
    private var keys: (value: JSONWebKeySet, at: Timestamp)?
    /// When keys were last asked for, also without success.
    private var keysAskedAt: Timestamp?
    private var fetching: Task<JSONWebKeySet, any Error>?

    init(_ configuration: OIDCConfiguration, clock: WallClock) {
        self.configuration = configuration
        self.clock = clock
    }

    private var now: Timestamp { Timestamp(milliseconds: clock.milliseconds) }

    /// OpenID Connect Discovery 1.0, section 4.
    func discover() async throws -> Endpoints {
        if let endpoints, now.seconds(since: endpoints.at) < Self.lifetimeSeconds { return endpoints.value }
        var base = configuration.issuer[...]
        while base.last == "/" { base = base.dropLast() }
        let json = try await get("\(base)/.well-known/openid-configuration")
        // Section 4.3: who answers for another issuer is none.
        guard json["issuer"]?.stringValue.map({ $0.utf8.elementsEqual(configuration.issuer.utf8) }) == true else {
            throw Failure(description: "the discovery document is another issuer's")
        }
        func endpoint(_ name: String) throws -> String {
            guard let url = json[name]?.stringValue, OIDCConfiguration.isSafe(url) else { throw Failure(description: "\(name) is missing or not https") }
            // What stays on this machine is for an issuer on this machine alone.
            guard url.hasPrefix("https://") || configuration.issuer.hasPrefix("http://") else { throw Failure(description: "\(name) is not https") }
            return url
        }
        var takesBasic = true
        if case .array(let methods)? = json["token_endpoint_auth_methods_supported"] { takesBasic = methods.contains("client_secret_basic") }
        let found = Endpoints(
            authorization: try endpoint("authorization_endpoint"), token: try endpoint("token_endpoint"), keys: try endpoint("jwks_uri"),
            takesBasic: takesBasic)
        endpoints = (found, now)
        return found
    }

    /// Verifies a token with the issuer's keys.
    ///
    /// - Throws: `JSONWebTokenError`, `Failure`, `HTTPClientError`.
    func verify(_ token: String, _ expected: JSONWebToken.Expectation) async throws -> JSONWebToken {
        let now = now
        let found = Self.check(token, try await currentKeys(), expected, now)
        guard case .failure(.unknownKey) = found, mayAsk else { return try found.get() }
        return try Self.check(token, try await fetchKeys(), expected, now).get()
    }

    private static func check(
        _ token: String, _ keys: JSONWebKeySet, _ expected: JSONWebToken.Expectation, _ now: Timestamp
    ) -> Result<JSONWebToken, JSONWebTokenError> {
        Result { () throws(JSONWebTokenError) in try JSONWebToken(verifying: token, keys: keys, expected: expected, now: now) }
    }

    private func currentKeys() async throws -> JSONWebKeySet {
        guard let keys else { return try await fetchKeys() }
        guard now.seconds(since: keys.at) >= Self.lifetimeSeconds, mayAsk else { return keys.value }
        // Where newer ones cannot be had, old ones are good for a while yet.
        return (try? await fetchKeys()) ?? keys.value
    }

    private var mayAsk: Bool { keysAskedAt.map { now.seconds(since: $0) >= Self.pauseSeconds } ?? true }

    /// Several who need them at once wait for one answer.
    private func fetchKeys() async throws -> JSONWebKeySet {
        if let fetching { return try await fetching.value }
        if keys == nil, let keysAskedAt, now.seconds(since: keysAskedAt) < 1 { throw Failure(description: "the issuer's keys could not be had a moment ago") }
        keysAskedAt = now
        let task = Task { try await self.askKeys() }
        fetching = task
        defer { fetching = nil }
        return try await task.value
    }

    private func askKeys() async throws -> JSONWebKeySet {
        let url = if let url = configuration.keysURL { url } else { try await discover().keys }
        let answer = try await http.send(HTTPClientRequest(.get, url: Secret(url), headers: [("Accept", "application/json")], timeoutSeconds: 10))
        guard answer.status == 200, let set = JSONWebKeySet(parsing: answer.body), !set.keys.isEmpty else {
            throw Failure(description: "the issuer's keys are none (status \(answer.status))")
        }
        keys = (set, now)
        return set
    }

    /// RFC 6749, section 4.1.3, with RFC 7636, section 4.5.
    ///
    /// - Returns: the ID token; `nil` where the issuer does not take the code.
    func exchange(code: String, verifier: String, redirect: String) async throws -> String? {
        let endpoints = try await discover()
        var fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect), ("code_verifier", verifier)]
        var headers = [(name: "Content-Type", value: "application/x-www-form-urlencoded"), (name: "Accept", value: "application/json")]
        if let secret = configuration.clientSecret, endpoints.takesBasic {
            let login = "\(formEscaped(configuration.clientID)):\(formEscaped(secret.value))"
            headers.append(("Authorization", "Basic \(Self.base64(Array(login.utf8)))"))
        } else {
            fields.append(("client_id", configuration.clientID))
            if let secret = configuration.clientSecret { fields.append(("client_secret", secret.value)) }
        }
        let body = fields.map { "\($0.0)=\(formEscaped($0.1))" }.joined(separator: "&")
        let answer = try await http.send(
            HTTPClientRequest(.post, url: Secret(endpoints.token), headers: headers, body: .bytes(Array(body.utf8)), timeoutSeconds: 10))
        if (400...499).contains(answer.status) { return nil }
        guard answer.status == 200, let token = JSON(parsing: answer.body)?["id_token"]?.stringValue else {
            throw Failure(description: "the issuer gave no ID token (status \(answer.status))")
        }
        return token
    }

    private func get(_ url: String) async throws -> JSON {
        let answer = try await http.send(HTTPClientRequest(.get, url: Secret(url), headers: [("Accept", "application/json")], timeoutSeconds: 10))
        guard answer.status == 200, let json = JSON(parsing: answer.body) else {
            throw Failure(description: "the issuer's discovery document cannot be read (status \(answer.status))")
        }
        return json
    }

    /// RFC 4648, section 4.
    private static func base64(_ bytes: [UInt8]) -> String {
        let text = Crypto.base64URL(bytes).replacing("-", with: "+").replacing("_", with: "/")
        return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }
}

/// As in a query: nothing but RFC 3986's unreserved characters stays.
func formEscaped(_ text: String) -> String { PlainDoor.escaped(text, also: "") }
