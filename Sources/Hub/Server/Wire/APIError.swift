// What a client is told when something cannot be done.

import Runtime

public struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// HTTP status.
    public let status: Int
    /// A word for programs.
    public let code: String
    /// A sentence for people; safe to show.
    public let message: String
    /// The field of the request that is at fault.
    public let field: String?
    /// When the same may succeed, in milliseconds since 1970, where that is known.
    public let retryAt: Int64?

    public init(status: Int, code: String, message: String, field: String? = nil, retryAt: Int64? = nil) {
        self.retryAt = retryAt
        self.status = status
        self.code = code
        self.message = message
        self.field = field
    }

    public var description: String { message }

    static func invalid(_ field: String, _ message: String) -> APIError {
        APIError(status: 400, code: "invalid_field", message: "\(field): \(message)", field: field)
    }
    static func missing(_ field: String) -> APIError {
        APIError(status: 400, code: "missing_field", message: "\(field) is missing", field: field)
    }
    /// Also for what exists but is not the asker's.
    static func notFound(_ what: String) -> APIError { APIError(status: 404, code: "not_found", message: "there is no such \(what)") }
    static func conflict(_ code: String, _ message: String) -> APIError { APIError(status: 409, code: code, message: message) }
    static let internalError = APIError(status: 500, code: "internal", message: "the hub could not do this; its log says why")
    static let storageFull = APIError(status: 507, code: "storage_full", message: "the hub's disk is full")
    static let unavailable = APIError(
        status: 503, code: "database_unavailable", message: "the hub's database does not answer; try again in a moment")
    /// A clip that was closed without its sensor is being processed, or another connection's last frames are being written: it can be
    /// continued afterwards.
    static let busy = APIError(status: 503, code: "busy", message: "event_id: this event is busy just now; try again in a moment")
    static let backlogFull = APIError(
        status: 503, code: "backlog_full", message: "many of this account's events wait to be processed; try again later")
    static let cameraOffline = APIError(status: 503, code: "camera_offline", message: "the camera is not connected")
    static let cameraSilent = APIError(status: 504, code: "camera_silent", message: "the camera is connected, but sent no picture in time")
    static let unauthorized = APIError(status: 401, code: "unauthorized", message: "a bearer token is needed")
    static let forbidden = APIError(status: 403, code: "forbidden", message: "this is not yours to do in this account")
    static let invalidToken = APIError(status: 401, code: "invalid_token", message: "the token is not valid")
    static let expiredToken = APIError(status: 401, code: "token_expired", message: "the token has expired; sign in again")

    var json: JSON {
        var error: [String: JSON] = ["code": .string(code), "message": .string(message)]
        if let field { error["field"] = .string(field) }
        if let retryAt { error["retry_at"] = .integer(retryAt) }
        return ["error": .object(error)]
    }

    /// The same in the socket protocol (`docs/PROTOCOL.md`, "rpc").
    var rpcCode: Int {
        switch status {
        case 400, 422: 107
        case 401: code == "token_expired" ? 109 : 101
        case 403: 103
        case 404 where code == "no_method": 104
        case 404, 409, 413, 507: status
        case 429: code == "limit_exceeded" ? 106 : 429
        case 503, 504: 108
        default: 100
        }
    }
}
