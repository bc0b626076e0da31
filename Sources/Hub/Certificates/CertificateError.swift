// Why a certificate cannot be had.

/// Says which file is wrong and what to do about it. Never holds a key.
public struct CertificateError: Error, CustomStringConvertible, Sendable, Equatable {
    public let file: String
    public let reason: String

    public init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }

    public var description: String { "\(file): \(reason)" }
}
