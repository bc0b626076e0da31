// One WebSocket message in memory, shared by everyone it goes to.

internal import CWebsockets

/// A message as a whole server frame (RFC 6455, section 5.2): `[header][payload]`. Server frames are not masked, so the same bytes go to
/// every receiver, on any thread, and nothing is written to them once the buffer is handed on.
public final class MessageBuffer: @unchecked Sendable {
    // @unchecked: changed by its maker only, before anyone else sees it.
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes of the payload.
    public private(set) var count: Int
    /// Bytes of the frame's header, right before the payload; 0 until `seal`.
    private var headerCount = 0

    private static let headroom = max(PW_LWS_PRE, 16)

    enum Opcode: UInt8 { case text = 1, binary = 2 }

    init(reserving capacity: Int) {
        self.capacity = max(capacity, 64)
        storage = .allocate(byteCount: Self.headroom + self.capacity, alignment: 16)
        count = 0
    }

    /// Bytes that are no WebSocket message, such as an HTTP answer.
    convenience init(plain bytes: [UInt8]) {
        self.init(reserving: bytes.count)
        bytes.withUnsafeBytes { append($0) }
    }

    /// A binary message.
    public convenience init(_ bytes: [UInt8]) {
        self.init(plain: bytes)
        seal(as: .binary)
    }

    /// A text message.
    public convenience init(text: String) {
        var text = text
        let count = text.utf8.count
        self.init(reserving: count)
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
        seal(as: .text)
    }

    deinit { storage.deallocate() }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        if count + bytes.count > capacity {
            capacity = max(capacity * 2, count + bytes.count)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: Self.headroom + capacity, alignment: 16)
            larger.advanced(by: Self.headroom).copyMemory(from: payload, byteCount: count)
            storage.deallocate()
            storage = larger
        }
        payload.advanced(by: count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    /// Writes the header of one final frame.
    func seal(as opcode: Opcode) {
        let first = 0x80 | opcode.rawValue
        switch count {
        case ..<126:
            headerCount = 2
            frame.storeBytes(of: UInt8(count), toByteOffset: 1, as: UInt8.self)
        case ..<65_536:
            headerCount = 4
            frame.storeBytes(of: 126, toByteOffset: 1, as: UInt8.self)
            frame.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 2, as: UInt16.self)
        default:
            headerCount = 10
            frame.storeBytes(of: 127, toByteOffset: 1, as: UInt8.self)
            frame.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
        }
        frame.storeBytes(of: first, as: UInt8.self)
    }

    /// Where the payload begins; LWS_PRE bytes before it belong to the buffer.
    var payload: UnsafeMutableRawPointer { storage.advanced(by: Self.headroom) }
    /// Where the frame begins.
    var frame: UnsafeMutableRawPointer { payload.advanced(by: -headerCount) }
    var frameCount: Int { headerCount + count }

    /// The payload, for reading, while `body` runs.
    public func withBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: payload, count: count))
    }

    public var bytes: [UInt8] { withBytes { Array($0) } }
}
