// Header fields that every answer carries.

import Loop

enum SecurityHeaders {
    /// No script, style or connection from elsewhere, and none inline.
    static let contentSecurityPolicy = [
        "default-src 'self'", "img-src 'self' blob: data:", "media-src 'self' blob:", "connect-src 'self'", "style-src 'self'",
        "script-src 'self'", "worker-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    static let forEverything: [(name: String, value: String)] = [
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    static let forPages: [(name: String, value: String)] = [
        ("Content-Security-Policy", contentSecurityPolicy),
        ("Permissions-Policy", "camera=(self), microphone=(self), screen-wake-lock=(self), geolocation=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]

    /// RFC 6797, a year, of this name alone. Only with a certificate that was given: a browser that remembers it cannot be talked out of it,
    /// and would lock out who throws the local authority away.
    static let strictTransport: (name: String, value: String) = ("Strict-Transport-Security", "max-age=31536000")

    static func apply(to response: HTTPResponse, isStrict: Bool) -> HTTPResponse {
        var response = response
        response.headers += forEverything
        if isStrict { response.headers.append(strictTransport) }
        return response
    }
}
