// Another issuer of sign-ins: Keycloak, Auth0, Supabase, or any by OpenID Connect.

public import Runtime

public struct OIDCConfiguration: Sendable {
    /// `iss` of its tokens, exactly.
    public var issuer: String
    public var clientID: String
    public var clientSecret: Secret?
    /// What the page calls it.
    public var name: String
    /// `aud` of tokens that people bring by themselves (`POST /auth/jwt`).
    public var audience: String
    /// Where its keys are; discovered where it is not set.
    public var keysURL: String?

    public init(issuer: String, clientID: String, clientSecret: Secret?, name: String?, audience: String?, keysURL: String?) {
        self.issuer = issuer
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.name = name ?? Self.host(issuer).map(String.init) ?? issuer
        self.audience = audience ?? clientID
        self.keysURL = keysURL
    }

    /// Whether the hub asks there: by https, or without where it stays on this machine.
    public static func isSafe(_ url: String) -> Bool {
        guard let host = host(url), !url.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7f }) else { return false }
        return url.hasPrefix("https://") || url.hasPrefix("http://") && isLoopback(host)
    }

    /// `nil` for what has none, and for what names a user: those only deceive.
    private static func host(_ url: String) -> Substring? {
        guard let scheme = ["https://", "http://"].first(where: { url.hasPrefix($0) }) else { return nil }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#\\".contains($0) }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        return authority
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        if authority.hasPrefix("[") { return authority == "[::1]" || authority.hasPrefix("[::1]:") }
        let host = authority.prefix { $0 != ":" }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }
}
