// Why a clip cannot be used.

/// `description` is for a person; `debugDescription` adds what libav said.
public struct MediaError: Error, Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// In words, such as "the file is empty".
    public let reason: String
    /// libav's error code (negative), if there was one.
    public let code: Int32?

    public init(_ reason: String, code: Int32? = nil) {
        self.reason = reason
        self.code = code
    }

    public var description: String { reason }
    public var debugDescription: String { code.map { "\(reason) (\($0): \(avErrorText($0)))" } ?? reason }
}
