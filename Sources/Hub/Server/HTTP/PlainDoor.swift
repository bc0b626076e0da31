// What is answered without TLS where there is TLS.

import Loop

/// Sends everybody to https, except to what a phone needs before it can go there.
enum PlainDoor {
    static let helpPath = "/help/certificate"
    static let helpFile = "/help/certificate.html"
    static let authorityPath = "/ca.crt"

    /// Where `head` is to go instead; `nil` when it can be answered as it is.
    ///
    /// - Parameters:
    ///   - origin: of the request. A proxy that was spoken to without TLS is led to the host as it was asked for.
    ///   - port: where TLS is spoken.
    ///   - isLocal: whether there is an authority to install.
    static func redirect(_ head: HTTPHead, _ origin: RequestOrigin, port: Int, isLocal: Bool) -> HTTPResponse? {
        if isLocal, isOpen(head.path) { return nil }
        guard let host = origin.host, let authority = authority(host, isOnPlainPort: head.isOnPlainPort && !origin.isForwarded, port: port) else {
            return HTTPResponse(status: 400, headers: [("Content-Type", "text/plain; charset=utf-8")], body: .bytes(Array("Host is missing.\n".utf8)))
        }
        return redirect(head, to: "https://\(authority)")
    }

    /// RFC 9110, 308: method and body stay.
    ///
    /// - Parameter site: scheme and authority of the same page elsewhere.
    static func redirect(_ head: HTTPHead, to site: String) -> HTTPResponse {
        let query = head.query.map { name, value in
            escaped(name, also: "/:@") + (value.isEmpty ? "" : "=" + escaped(value, also: "/:@"))
        }.joined(separator: "&")
        let target = "\(site)\(escaped(head.path, also: "/:@!$&'()*+,;="))\(query.isEmpty ? "" : "?" + query)"
        // Not to be kept: the hub may run without TLS tomorrow.
        return HTTPResponse(status: 308, headers: [("Location", target), ("Cache-Control", "no-store")])
    }

    private static func isOpen(_ path: String) -> Bool {
        path == helpPath || path == authorityPath || path.hasPrefix("/css/") || path.hasPrefix("/icons/")
    }

    /// The host that was asked for, with the port where TLS is spoken. Nothing but a host and a port goes into an answer.
    static func authority(_ host: String, isOnPlainPort: Bool, port: Int) -> String? {
        let allowed = { (byte: UInt8) in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || [45, 46, 95].contains(byte)
        }
        let name: Substring, rest: Substring
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            name = host[...end]
            rest = host[host.index(after: end)...]
            guard name.utf8.dropFirst().dropLast().allSatisfy({ allowed($0) || $0 == 58 }) else { return nil }
        } else {
            name = host.prefix { $0 != ":" }
            rest = host.dropFirst(name.count)
            guard !name.isEmpty, name.utf8.allSatisfy(allowed) else { return nil }
        }
        let isPort = rest.first == ":" && rest.utf8.dropFirst().allSatisfy { (48...57).contains($0) } && UInt16(rest.dropFirst()) != nil
        guard rest.isEmpty || isPort else { return nil }
        // Both are spoken on one port, whatever it is called outside; the plain one leads to the other.
        if !isOnPlainPort { return host }
        return port == 443 ? String(name) : "\(name):\(port)"
    }

    /// Percent-encoding (RFC 3986, section 2.1) of what is neither unreserved nor in `also`.
    static func escaped(_ text: String, also: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-._~".unicodeScalars.contains(scalar)
                || also.unicodeScalars.contains(scalar)
            {
                out.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += digits.count < 2 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return out
    }
}
