// Where people reach the page.

import Certificates

extension Configuration {
    /// The address of the page, without a slash at the end: `PUBLIC_URL`, else one of this machine that other devices can use; `nil` where no port is
    /// known.
    ///
    /// - Parameter port: the one that the hub listens on; 0 where that is not known.
    func pageURL(port: Int) -> String? {
        if let publicURL { return publicURL }
        guard port != 0 else { return nil }
        let others = Machine.addresses.filter { !$0.contains(":") && !$0.hasPrefix("127.") }.sorted()
        let host = listenAddress.isEmpty ? others.first ?? "localhost" : host
        let scheme = if case .off = encryption { "http" } else { "https" }
        return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
