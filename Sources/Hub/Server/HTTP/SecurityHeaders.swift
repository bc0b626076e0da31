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

    static func apply(to response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers += forEverything
        return response
    }
}
