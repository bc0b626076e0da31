// The numbers of the socket protocol: errors of replies and codes of closing, those of Centrifugo's client protocol.

import Domain
import Runtime

/// Why a command was not done. The connection goes on.
struct ReplyError: Error, Hashable {
    let code: Int
    let message: String
    /// Whether the same may succeed later.
    var isTemporary = false
    /// More for programs.
    var data: JSON?

    static let unauthorized = ReplyError(code: 101, message: "unauthorized")
    /// Also for what does not exist: who may not have a channel is not told whether there is one.
    static let permissionDenied = ReplyError(code: 103, message: "permission denied")
    static let alreadySubscribed = ReplyError(code: 105, message: "already subscribed")
    static let tokenExpired = ReplyError(code: 109, message: "token expired")
    static let unrecoverablePosition = ReplyError(code: 112, message: "unrecoverable position")

    static func unknownCommand(_ verb: String) -> ReplyError {
        ReplyError(code: 104, message: "there is no command \(verb.prefix(32))")
    }

    static func limitExceeded(_ message: String) -> ReplyError { ReplyError(code: 106, message: message) }

    init(code: Int, message: String, isTemporary: Bool = false) {
        self.code = code
        self.message = message
        self.isTemporary = isTemporary
    }

    init(_ error: APIError) {
        self.init(code: error.rpcCode, message: error.message, isTemporary: error.status >= 500 || error.retryAt != nil)
        if let time = error.retryAt { data = ["code": .string(error.code), "retry_at": .integer(time)] }
    }

    var json: JSON {
        var object: [String: JSON] = ["code": .integer(Int64(code)), "message": .string(message)]
        if isTemporary { object["temporary"] = true }
        if let data { object["data"] = data }
        return .object(object)
    }
}

/// RFC 6455 close codes of the hub. Clients come back after those below 3500, from 4000 to 4499, and after the ones of RFC 6455 itself.
enum CloseCode {
    static let goingAway: UInt16 = 1001
    static let unsupportedData: UInt16 = 1003
    static let tooBig: UInt16 = 1009
    static let internalError: UInt16 = 1011
    static let expired: UInt16 = 3005
    static let slow: UInt16 = 3008
    static let noPong: UInt16 = 3012
    static let invalidToken: UInt16 = 3500
    static let badRequest: UInt16 = 3501
    static let stale: UInt16 = 3502
    static let connectionLimit: UInt16 = 3504
    /// An own one, from the range of applications: another connection of the device has its place. It does not come back, for each would
    /// put the other out for ever.
    static let replaced: UInt16 = 4500
}
