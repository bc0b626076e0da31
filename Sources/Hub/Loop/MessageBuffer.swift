// One WebSocket message in memory, shared by everyone it goes to.

internal import CWebsockets

/// Bytes laid out as lws_write() wants them: `[LWS_PRE][payload]`. One buffer can be queued on any number of sockets of one loop.
///
/// The payload does not change once the buffer is handed on. The bytes before it are libwebsockets' scratch space: it writes the
/// frame header there, the same bytes for every receiver because server frames are unmasked.
public final class MessageBuffer: @unchecked Sendable {
    // @unchecked: the payload is written by its maker before anyone else sees the buffer; the scratch bytes only by the loop's thread.
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int
    public private(set) var count: Int

    init(reserving capacity: Int) {
        self.capacity = max(capacity, 64)
        storage = .allocate(byteCount: PW_LWS_PRE + self.capacity, alignment: 16)
        count = 0
    }

    public convenience init(_ bytes: [UInt8]) {
        self.init(reserving: bytes.count)
        bytes.withUnsafeBytes { append($0) }
    }

    public convenience init(text: String) {
        var text = text
        let count = text.utf8.count
        self.init(reserving: count)
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    deinit { storage.deallocate() }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        if count + bytes.count > capacity {
            capacity = max(capacity * 2, count + bytes.count)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: PW_LWS_PRE + capacity, alignment: 16)
            larger.advanced(by: PW_LWS_PRE).copyMemory(from: payload, byteCount: count)
            storage.deallocate()
            storage = larger
        }
        payload.advanced(by: count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    /// Where the payload begins; LWS_PRE bytes before it are writable.
    var payload: UnsafeMutableRawPointer { storage.advanced(by: PW_LWS_PRE) }

    /// The payload, for reading, while `body` runs.
    public func withBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: payload, count: count))
    }

    /// Whether the payload, otherwise UTF-8, ends before its last character does (RFC 3629, section 3).
    var endsWithinCharacter: Bool {
        withBytes { bytes in
            for (index, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xc0 != 0x80 {
                return index + 1 < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1)
            }
            return false
        }
    }

    public var bytes: [UInt8] { withBytes { Array($0) } }
}
