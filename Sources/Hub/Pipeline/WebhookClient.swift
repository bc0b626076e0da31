// Messages to a webhook: a URL of somebody else's that takes JSON.

internal import CCurl
import Domain
public import Runtime

/// Posts JSON to one URL, signed. Failures are `WebhookError`, or `CancellationError`.
///
/// The URL comes from a user of the hub, who must not reach the hub's own network by it: the address that is connected to has to be
/// public (`isPublicAddress`), proxies of the environment are not used, and redirects stay with the same scheme, host and port.
public struct WebhookClient: Sendable {
    /// How many 307 and 308 are followed.
    public static let maximumRedirects = 3

    /// Of an answer's body nothing is used; this much is read, so that the connection can be kept.
    private static let readBytes = 64 << 10
    /// A longer `Retry-After` is brought down to this.
    private static let maximumRetryAfterSeconds = 86_400.0

    private let http: HTTPClient
    private let url: Secret
    private let secret: Secret?
    private let addressRule: @Sendable ([UInt8]) -> Bool
    private let timeoutSeconds: Double
    private let clock: WallClock

    /// - Parameters:
    ///   - url: `http` or `https`. Secret, since such addresses often hold a key.
    ///   - secret: shared with the receiver; `nil` or empty for none, and no signature then.
    ///   - allowsPrivateAddresses: lets it call addresses that are not public.
    ///   - timeoutSeconds: for each request, redirects being requests of their own.
    ///   - clock: for a `Retry-After` that is a date.
    public init(
        http: HTTPClient, url: Secret, secret: Secret?, allowsPrivateAddresses: Bool, timeoutSeconds: Double = 10, clock: WallClock = .system
    ) {
        self.init(
            http: http, url: url, secret: secret, addressRule: { allowsPrivateAddresses || isPublicAddress($0) },
            timeoutSeconds: timeoutSeconds, clock: clock)
    }

    /// - Parameter addressRule: instead of `isPublicAddress`.
    init(
        http: HTTPClient, url: Secret, secret: Secret?, addressRule: @escaping @Sendable ([UInt8]) -> Bool, timeoutSeconds: Double = 10,
        clock: WallClock = .system
    ) {
        self.http = http
        self.url = url
        self.secret = secret.flatMap { $0.value.isEmpty ? nil : $0 }
        self.addressRule = addressRule
        self.timeoutSeconds = timeoutSeconds
        self.clock = clock
    }

    /// Posts a message, and returns the status code, which is of success (2xx).
    ///
    /// - Parameters:
    ///   - body: JSON; sent byte by byte as it is signed.
    ///   - deliveryID: the same when a message is sent again, so that the receiver can tell.
    ///   - timestamp: milliseconds since 1970 of this sending; the receiver gets seconds, and should refuse old ones.
    /// - Throws: `WebhookError`, `CancellationError`.
    public func send(body: [UInt8], deliveryID: String, timestamp: Int64) async throws -> Int {
        guard var target = CurlURL(url.value), ["http", "https"].contains(target.scheme ?? ""), let origin = target.origin else {
            throw WebhookError.invalid("its address is not an http or https URL")
        }
        let headers = Self.headers(body: body, deliveryID: deliveryID, timestamp: timestamp, secret: secret)
        for hop in 0...Self.maximumRedirects {
            let response = try await post(body, headers, to: target)
            switch response.status {
            case 200...299: return response.status
            case 307, 308:
                guard let location = response.header("Location"), let next = target.resolving(location) else {
                    throw WebhookError.redirects(status: response.status)
                }
                guard next.origin == origin else { throw WebhookError.redirectsElsewhere(status: response.status) }
                guard hop < Self.maximumRedirects else { throw WebhookError.tooManyRedirects(status: response.status) }
                target = next
            case 301, 302, 303: throw WebhookError.redirects(status: response.status)
            case let status:
                let wait = response.header("Retry-After").flatMap { Self.retryAfter($0, now: clock.milliseconds) }
                throw WebhookError.status(status, retryAfter: wait)
            }
        }
        preconditionFailure("the last hop returns or throws")
    }

    private func post(_ body: [UInt8], _ headers: [(name: String, value: String)], to target: CurlURL) async throws -> HTTPClientResponse {
        let request = HTTPClientRequest(
            .post, url: Secret(target.text ?? ""), headers: headers, body: .bytes(body), timeoutSeconds: timeoutSeconds,
            maximumResponseBytes: Self.readBytes, cutsLongResponse: true, addressRule: addressRule)
        do {
            return try await http.send(request)
        } catch let error as HTTPClientError {
            switch error {
            case .refusedAddress: throw WebhookError.refusedAddress
            case .timedOut: throw WebhookError.timedOut
            case .notConnected(let reason): throw WebhookError.notConnected(reason)
            case .unreachable(let reason): throw WebhookError.unreachable(reason)
            case .invalidRequest(let reason): throw WebhookError.invalid(reason)
            case .unreadableFile, .responseTooLarge: throw WebhookError.invalid(error.description)
            }
        }
    }

    /// What is sent beside the body. The signature is HMAC-SHA-256 of `<seconds>.<delivery id>.<body>`, in hexadecimal.
    static func headers(body: [UInt8], deliveryID: String, timestamp: Int64, secret: Secret?) -> [(name: String, value: String)] {
        let seconds = timestamp / 1000
        var headers = [
            (name: "Content-Type", value: "application/json"), (name: "X-Ping-Watch-Delivery", value: deliveryID),
            (name: "X-Ping-Watch-Timestamp", value: String(seconds)),
        ]
        if let secret {
            let mac = Crypto.hmacSHA256(key: Array(secret.value.utf8), Array("\(seconds).\(deliveryID).".utf8) + body)
            headers.append((name: "X-Ping-Watch-Webhook-Secret", value: secret.value))
            headers.append((name: "X-Ping-Watch-Signature", value: "sha256=" + Crypto.hex(mac)))
        }
        return headers
    }

    /// Seconds to wait, from a number of them or from a date as HTTP writes it: curl_getdate(3). `nil` for anything else.
    static func retryAfter(_ value: String, now milliseconds: Int64) -> Double? {
        let text = value.trimmingPrefix { $0 == " " || $0 == "\t" }
        let seconds: Double
        if let first = text.utf8.first, (0x30...0x39).contains(first) {
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            // More digits than fit are a long time as well.
            seconds = Int64(text).map { Double($0) } ?? maximumRetryAfterSeconds
        } else {
            let time = curl_getdate(String(text), nil)
            // A date begins with the name of its day; curl_getdate takes more than that.
            guard text.first?.isLetter == true, time >= 0 else { return nil }
            seconds = Double(time) - Double(milliseconds) / 1000
        }
        return min(max(seconds, 0), maximumRetryAfterSeconds)
    }
}
