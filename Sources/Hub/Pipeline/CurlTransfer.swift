// What libcurl calls back while a transfer runs.

internal import CCurl
import Runtime

/// What comes in, and whether to go on.
final class CurlTransfer {
    private let limit: Int
    private let cancellation: CancellationFlag
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private var cancelledAt: Int64?

    /// After a cancellation, how long the answer to what has been sent is waited for.
    private static let graceMilliseconds: Int64 = 5000

    /// - Parameter limit: of the answer's bytes; the transfer ends with CURLE_WRITE_ERROR where there are more.
    init(limit: Int, cancellation: CancellationFlag) {
        self.limit = limit
        self.cancellation = cancellation
    }

    /// The transfer must outlive the handle's next one or reset: libcurl does not hold it.
    func install(on handle: CurlHandle) throws(CurlError) {
        let user = Unmanaged.passUnretained(self).toOpaque()
        try CurlError.check(pw_curl_set_write(handle.raw, CURLOPT_WRITEFUNCTION, receiveBody))
        try handle.set(CURLOPT_WRITEDATA, user)
        try handle.set(CURLOPT_NOPROGRESS, 0)
        try CurlError.check(pw_curl_set_progress(handle.raw, watchProgress))
        try handle.set(CURLOPT_XFERINFODATA, user)
    }

    fileprivate func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        isTooLarge = body.count + bytes.count > limit
        body.append(contentsOf: bytes.prefix(limit - body.count))
        return !isTooLarge
    }

    /// Whether to break off, given how much of the request was sent.
    fileprivate func mustStop(uploaded: Int64, of total: Int64) -> Bool {
        guard cancellation.isRaised else { return false }
        if total == 0 || uploaded < total { return true }
        let now = WallClock.system.milliseconds
        let since = cancelledAt ?? now
        cancelledAt = since
        return now - since > Self.graceMilliseconds
    }
}

/// CURLOPT_WRITEFUNCTION(3).
private func receiveBody(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?) -> Int {
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(user!).takeUnretainedValue()
    return transfer.receive(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
}

/// CURLOPT_XFERINFOFUNCTION(3); called at least once a second.
private func watchProgress(
    _ user: UnsafeMutableRawPointer?, _ downloadTotal: Int, _ downloaded: Int, _ uploadTotal: Int, _ uploaded: Int
) -> CInt {
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(user!).takeUnretainedValue()
    return transfer.mustStop(uploaded: Int64(uploaded), of: Int64(uploadTotal)) ? 1 : 0
}
