// One frame of a clip log.

/// A frame as it came: its header and its payload, which is at most `ClipLog.maximumPayload` bytes.
public struct ClipLogRecord: Hashable, Sendable {
    public var header: FrameHeader
    public var payload: [UInt8]

    public init(header: FrameHeader, payload: [UInt8]) {
        self.header = header
        self.payload = payload
    }
}
