// Looks at the address that is really connected to.

internal import CCurl

#if canImport(Glibc)
import Glibc
#endif

/// Lets libcurl connect to addresses that a rule allows, and to no other.
///
/// A check of the name, or of a look-up before the transfer, would be passed by a name server that gives another answer the next time.
/// Here the address is checked when its socket is made (CURLOPT_OPENSOCKETFUNCTION(3)), so that nothing is sent to a refused one, and
/// again before the request goes out (CURLOPT_PREREQFUNCTION(3)), since a connection may be one that was kept from before.
final class CurlAddressGuard {
    /// Takes 4 or 16 bytes in network order.
    private let rule: @Sendable ([UInt8]) -> Bool
    private var hasAllowed = false
    private var hasRefused = false
    private var hasRefusedConnection = false

    init(rule: @escaping @Sendable ([UInt8]) -> Bool) { self.rule = rule }

    /// Whether the transfer failed because of the rule, not for what happened on an address that is allowed.
    var isReasonOfFailure: Bool { hasRefusedConnection || (hasRefused && !hasAllowed) }

    /// The guard must outlive the handle's next transfer or reset: libcurl does not hold it.
    func install(on handle: CurlHandle) throws(CurlError) {
        let user = Unmanaged.passUnretained(self).toOpaque()
        // A proxy would connect in our place, to whatever it likes. The empty text also turns off those of the environment.
        try handle.set(CURLOPT_PROXY, "")
        try CurlError.check(pw_curl_set_open_socket(handle.raw, openSocket))
        try handle.set(CURLOPT_OPENSOCKETDATA, user)
        try CurlError.check(pw_curl_set_connected(handle.raw, checkConnection))
        try handle.set(CURLOPT_PREREQDATA, user)
    }

    fileprivate func mayOpen(_ address: [UInt8]) -> Bool {
        if rule(address) {
            hasAllowed = true
            return true
        }
        hasRefused = true
        return false
    }

    fileprivate func mayUse(_ address: [UInt8]?) -> Bool {
        if let address, rule(address) { return true }
        hasRefusedConnection = true
        return false
    }
}

/// CURLOPT_OPENSOCKETFUNCTION(3).
private func openSocket(
    _ user: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    let addressGuard = Unmanaged<CurlAddressGuard>.fromOpaque(user!).takeUnretainedValue()
    var start: UnsafePointer<UInt8>?
    guard let address, case let count = pw_curl_address_bytes(address, &start), let start, count > 0,
        addressGuard.mayOpen(Array(UnsafeBufferPointer(start: start, count: count)))
    else { return CURL_SOCKET_BAD }
    let kind = address.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue)
    return socket(address.pointee.family, kind, address.pointee.protocol)
}

/// CURLOPT_PREREQFUNCTION(3).
private func checkConnection(
    _ user: UnsafeMutableRawPointer?, _ remote: UnsafeMutablePointer<CChar>?, _ local: UnsafeMutablePointer<CChar>?, _ remotePort: CInt,
    _ localPort: CInt
) -> CInt {
    let addressGuard = Unmanaged<CurlAddressGuard>.fromOpaque(user!).takeUnretainedValue()
    return addressGuard.mayUse(remote.flatMap { parseAddress($0) }) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// inet_pton(3).
private func parseAddress(_ text: UnsafePointer<CChar>) -> [UInt8]? {
    var short = [UInt8](repeating: 0, count: 4), long = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &short) == 1 { return short }
    return inet_pton(AF_INET6, text, &long) == 1 ? long : nil
}
