// What HTTPClient sends and gets.

public import Runtime

/// One HTTP exchange to make.
public struct HTTPClientRequest: Sendable {
    public enum Method: String, Sendable { case get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// `multipart/form-data` (RFC 7578).
        case multipart([Part])
    }

    /// One field of a form.
    public struct Part: Sendable {
        public enum Content: Sendable {
            case bytes([UInt8])
            /// Read from disk while it is sent.
            case file(path: String)
        }

        public let name: String
        public let content: Content
        /// Makes the field an upload.
        public let filename: String?
        /// Media type of the content.
        public let type: String?

        public init(name: String, content: Content, filename: String? = nil, type: String? = nil) {
            self.name = name
            self.content = content
            self.filename = filename
            self.type = type
        }

        public init(name: String, text: String) { self.init(name: name, content: .bytes(Array(text.utf8))) }
    }

    public var method: Method
    /// `http` or `https`. Never logged, and in no error: it may hold secrets.
    public var url: Secret
    /// Header fields besides those that libcurl makes.
    public var headers: [(name: String, value: String)]
    public var body: Body
    /// For the whole exchange.
    public var timeoutSeconds: Double
    /// A longer answer is an error, or is cut there.
    public var maximumResponseBytes: Int
    /// What is beyond `maximumResponseBytes` is not read, which is no error then.
    public var cutsLongResponse: Bool
    /// Which addresses may be connected to, asked for the very address, after names were looked up: 4 or 16 bytes in network order.
    /// With a rule no proxy is used. Without one all addresses are allowed, and the environment's proxies are used.
    public var addressRule: (@Sendable (_ address: [UInt8]) -> Bool)?

    public init(
        _ method: Method, url: Secret, headers: [(name: String, value: String)] = [], body: Body = .none, timeoutSeconds: Double = 30,
        maximumResponseBytes: Int = 1 << 20, cutsLongResponse: Bool = false, addressRule: (@Sendable (_ address: [UInt8]) -> Bool)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeoutSeconds = timeoutSeconds
        self.maximumResponseBytes = maximumResponseBytes
        self.cutsLongResponse = cutsLongResponse
        self.addressRule = addressRule
    }
}

public struct HTTPClientResponse: Sendable {
    /// Status code (RFC 9110, section 15). Redirects are not followed.
    public let status: Int
    /// In the order in which they came.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    /// The first value of a header field; names are the same in upper and lower case (RFC 9110, section 5.1).
    public func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}

/// Why there is no answer. Its description never holds the URL.
public enum HTTPClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request itself cannot be sent.
    case invalidRequest(String)
    /// A file to send cannot be read.
    case unreadableFile
    /// The host has no address that the request's rule allows. Nothing was sent.
    case refusedAddress
    /// No connection, so that nothing of the request was sent; in libcurl's words.
    case notConnected(String)
    /// The connection broke, at an unknown point of the exchange; in libcurl's words.
    case unreachable(String)
    case timedOut
    case responseTooLarge

    public var description: String {
        switch self {
        case .invalidRequest(let reason): "the request is invalid: \(reason)"
        case .unreadableFile: "the file to send cannot be read"
        case .refusedAddress: "the address is not allowed"
        case .notConnected(let reason): "no connection: \(reason)"
        case .unreachable(let reason): "no answer: \(reason)"
        case .timedOut: "no answer in time"
        case .responseTooLarge: "the answer is too large"
        }
    }
}
