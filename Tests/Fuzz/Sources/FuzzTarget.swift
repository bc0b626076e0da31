// The parsers of what others send, each with what must hold for any input at all.

import Domain
import Foundation
import Runtime

@testable import Certificates
@testable import Credentials
@testable import Loop
@testable import Media
@testable import Pipeline
@testable import Server
@testable import Store

enum FuzzTarget: String, CaseIterable {
    case json, command, fields, frameheader, cliplog, range, query, telegram, action, names, mail, mailserver, channel, signature, host, jpeg
    case container, recording, address, forwarded, encoding, bearer
    case jwt, jwks, phc, otpsecret, code
    case url, cursor

    func run(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        switch self {
        case .json: json(bytes)
        case .command: _ = bytes.withUnsafeBytes { raw in try? Command.parse(raw) }
        case .fields: fields(bytes)
        case .frameheader: frameHeader(bytes)
        case .cliplog: clipLog(bytes)
        case .range: range(text, bytes.count)
        case .query: query(text)
        case .url: url(text)
        case .cursor: cursor(text)
        case .telegram: telegram(bytes)
        case .action: action(text)
        case .names: names(text)
        case .mail: mail(text)
        case .mailserver: _ = try? MailServer(parsing: Secret(text))
        case .channel: channel(text)
        case .signature: signature(text)
        case .host: host(text)
        case .jpeg: _ = Stills.isJPEG(bytes)
        case .container: container(bytes)
        case .recording: recording(bytes)
        case .address: address(text)
        case .forwarded: forwarded(text)
        case .encoding: encoding(text)
        case .bearer: bearer(text)
        case .jwt: jwt(text, bytes)
        case .jwks: jwks(bytes)
        case .phc: phc(text)
        case .otpsecret: otpSecret(text)
        case .code: code(text)
        }
    }

    /// What was read is written as JSON that reads as the same.
    private func json(_ bytes: [UInt8]) {
        guard let value = JSON(parsing: bytes) else { return }
        guard let again = JSON(parsing: Array(value.text.utf8)) else { fatalError("what was written is not JSON: \(value.text)") }
        precondition(isSame(value, again))
    }

    /// Equal, but for a whole number that was read as a number at first, since it was written with an exponent or is beyond Int64.
    private func isSame(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.number(let number), .integer(let whole)): number == Double(whole)
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy(isSame)
        case (.object(let a), .object(let b)): a.count == b.count && a.allSatisfy { key, value in b[key].map { isSame(value, $0) } ?? false }
        default: a == b
        }
    }

    private func fields(_ bytes: [UInt8]) {
        guard let fields = try? Fields(body: bytes) else { return }
        _ = try? fields.integer("a", in: -5...Int64.max)
        _ = try? fields.number("a", in: 0...10)
        _ = try? fields.optionalBool("a")
        _ = try? fields.optionalStrings("a", maximumCount: 3, maximumLength: 5)
        _ = try? fields.triggerType("a")
        _ = try? fields.objects("a", maximumCount: 3).map { try $0.object("a") }
        if let id: DeviceID = try? fields.identifier("a") { precondition(!id.rawValue.contains("/") && !id.rawValue.hasPrefix(".")) }
        if let text = try? fields.text("a", maximum: 10) {
            precondition((1...10).contains(text.count) && !text.utf8.contains(0))
        }
    }

    private func frameHeader(_ bytes: [UInt8]) {
        guard let header = try? FrameHeader(parsing: bytes) else { return }
        precondition(header.encoded == Array(bytes.prefix(FrameHeader.size)))
    }

    /// The records are the same, however the bytes are cut, and are the beginning of what was given.
    private func clipLog(_ bytes: [UInt8]) {
        let whole = records(bytes, step: bytes.count), cut = records(bytes, step: 7)
        precondition(whole == cut)
        precondition(bytes.starts(with: whole.flatMap { ClipLog.record($0.header, $0.payload) }))
    }

    private func records(_ bytes: [UInt8], step: Int) -> [ClipLogRecord] {
        var parser = ClipLogParser()
        var records: [ClipLogRecord] = []
        for start in stride(from: 0, to: bytes.count, by: max(step, 1)) {
            parser.append(bytes[start..<min(start + max(step, 1), bytes.count)])
            while case .record(let record)? = try? parser.next() { records.append(record) }
        }
        return records
    }

    private func range(_ text: String, _ size: Int) {
        for size in [0, 1, Int64(size), Int64.max] {
            guard case .part(let range) = ByteRange(header: text, size: size) else { continue }
            precondition(range.lowerBound >= 0 && range.upperBound < size)
        }
        _ = matchesEntityTag(text, "e")
    }

    /// What goes into an address is nothing but that address.
    private func url(_ text: String) {
        let escaped = PlainDoor.escaped(text, also: "/:@")
        precondition(escaped.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "?") })
        precondition(escaped.removingPercentEncoding == text)
        guard let url = CurlURL(text) else { return }
        _ = (url.text, url.origin, url.host, url.givenPort)
        _ = url.resolving("../x?y#z").flatMap { $0.origin }
    }

    private func telegram(_ bytes: [UInt8]) {
        let response = HTTPClientResponse(status: 200, headers: [], body: bytes)
        let answer = try? TelegramAnswer(response, token: Secret("1:secret"))
        _ = try? answer?.messageID()
        let updates = (try? answer?.results(TelegramUpdate.self)) ?? []
        let single = try? JSONDecoder().decode(TelegramUpdate.self, from: Data(bytes))
        for update in updates + [single].compactMap({ $0 }) {
            _ = update.chat
            if let token = update.linkToken { precondition((1...64).contains(token.utf8.count)) }
        }
    }

    private func action(_ text: String) {
        guard let (action, delivery) = AlertAction.parse(text) else { return }
        precondition(action.callbackData(for: delivery) == text)
    }

    private func names(_ text: String) {
        var names = SubjectNames()
        guard names.insert(text) else { return }
        precondition(names.extensionValue.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ",") })
    }

    private func mail(_ text: String) {
        guard let address = MailAddress(text)?.address else { return }
        precondition(address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"<>,;:\"\\()[]".utf8.contains($0) })
    }

    private func channel(_ text: String) {
        guard let name = ChannelName(text) else { return }
        let (kind, id) =
            switch name {
            case .user(let id): ("user", id.rawValue)
            case .device(let id): ("device", id.rawValue)
            case .sensor(let id): ("sensor", id.rawValue)
            }
        precondition("\(kind):\(id)" == text)
    }

    /// Nobody without the key makes a signature that holds.
    private func signature(_ text: String) {
        let key = SigningKey(id: "1", secret: Secret(Crypto.randomToken()), createdAt: Timestamp(milliseconds: 0))
        let signer = MediaSigner(ring: SigningKeyRing([key])), now = Timestamp(milliseconds: 0)
        let parts = text.split(separator: "\n", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        let proof = MediaSigner.Proof(
            account: parts.first, expiry: parts.dropFirst().first, key: parts.count > 3 ? parts[3] : "1", signature: parts.dropFirst(2).first)
        precondition(signer.scope(event: EventID(trusted: "e"), object: "clip", proof, now: now) == nil)
        let picture = signer.scope(device: DeviceID(trusted: "d"), proof, now: now)
        precondition(picture == nil)
    }

    /// Only a host and a port goes into a redirect.
    private func host(_ text: String) {
        guard let authority = PlainDoor.authority(text, isOnPlainPort: true, port: 8443) else { return }
        precondition(authority.hasSuffix(":8443"))
        guard let given = PlainDoor.authority(text, isOnPlainPort: false, port: 8443) else { fatalError("it depends on the port") }
        precondition(given.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-._:[]".utf8.contains(byte)
        })
    }

    /// So small that limits are met within one input.
    private static let limits = ContainerSplitter.Limits(maximumHeaderBytes: 1024, maximumSegmentBytes: 600)

    /// What comes out is the same, however the bytes are cut; it is a stream itself; and what waits for more is bounded.
    private func container(_ bytes: [UInt8]) {
        let whole = steps(bytes, pieces: bytes.count), cut = steps(bytes, pieces: 7)
        precondition(whole.steps == cut.steps && whole.error == cut.error)
        var stream: [UInt8] = []
        for step in whole.steps {
            switch step {
            case .initialization(let initialization): stream += initialization.bytes
            case .segment(let segment): stream += segment.bytes
            case .needsMore: break
            }
        }
        // A beginning of WebM counts when its first Cluster begins.
        guard whole.steps.count > 1 else { return }
        // Not by the small limits: a Cluster of known size may have got a longer head.
        do throws(ContainerError) {
            let again = try ContainerSplitter.split(stream)
            if case .initialization(let initialization)? = whole.steps.first { precondition(again.initialization == initialization) }
        } catch { fatalError("what was cut out is no stream: \(error)") }
    }

    private func steps(_ bytes: [UInt8], pieces count: Int) -> (steps: [ContainerSplitter.Step], error: ContainerError?) {
        var splitter = ContainerSplitter(limits: Self.limits)
        var steps: [ContainerSplitter.Step] = []
        for start in stride(from: 0, to: bytes.count, by: max(count, 1)) {
            splitter.append(bytes[start..<min(start + max(count, 1), bytes.count)])
            do throws(ContainerError) {
                while true {
                    let step = try splitter.next()
                    if step == .needsMore { break }
                    steps.append(step)
                }
            } catch {
                splitter.append(bytes)
                precondition(splitter.bufferedBytes == 0)
                return (steps, error)
            }
            precondition(splitter.bufferedBytes <= Self.limits.maximumHeaderBytes + Self.limits.maximumSegmentBytes + 64)
        }
        return (steps, nil)
    }

    /// Pieces, each behind a byte of flags and one that says how long it is. Viewers get frames without gaps, the beginning of a file first.
    private func recording(_ bytes: [UInt8]) {
        var stream = RecordedStream(stream: 1, limits: Self.limits)
        var rest = bytes[...], sequence: UInt32 = 0, next: UInt32 = 0, hasBegun = false
        while let flags = rest.popFirst(), let length = rest.popFirst() {
            let header = FrameHeader(
                kind: .liveBytes, flags: flags & 1 == 0 ? [] : .configuration, stream: 1, sequence: flags & 2 == 0 ? sequence : UInt32(length), duration: 0,
                timestamp: 0)
            let piece = rest.prefix(Int(length))
            rest = rest.dropFirst(Int(length))
            do throws(RecordedStream.Refusal) {
                for output in try stream.receive(header, piece) {
                    let frame: FrameHeader
                    switch output {
                    case .configuration(let header, let initialization):
                        hasBegun = true
                        precondition(header.flags == .configuration && !initialization.codecs.isEmpty)
                        frame = header
                    case .frame(let header, let payload):
                        precondition(hasBegun && !payload.isEmpty)
                        frame = header
                    }
                    precondition(frame.sequence == next)
                    next += 1
                }
                sequence = header.sequence &+ 1
            } catch {
                return precondition(!error.description.isEmpty)
            }
        }
    }

    /// What was read is written so that it reads as the same.
    private func address(_ text: String) {
        if let address = NetworkAddress(text) {
            precondition(NetworkAddress(address.description) == address && address.description.utf8.count <= 39)
        }
        if let block = AddressBlock(text) {
            precondition(AddressBlock(block.description) == block && block.contains(block.first))
        }
    }

    /// Nothing that a client writes hides what the nearest proxy adds.
    private func forwarded(_ text: String) {
        let parts = text.split(separator: "\n", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        func part(_ index: Int) -> String? { parts.indices.contains(index) ? parts[index] : nil }
        let proxy = NetworkAddress("10.0.0.1")!, other = NetworkAddress("203.0.113.7")!
        let fields = ForwardingFields(addresses: part(0), schemes: part(1), hosts: part(2), forwarded: part(3))
        let added = ForwardingFields(
            addresses: text + ", 203.0.113.7", schemes: part(1), hosts: part(2), forwarded: text + ", for=203.0.113.7;proto=https")
        for header in TrustedProxies.Header.allCases {
            let proxies = TrustedProxies([AddressBlock("10.0.0.0/8")!], header: header)
            precondition(proxies.client(peer: other, fields) == ForwardedClient(address: other))
            let client = proxies.client(peer: proxy, fields)
            precondition(client.isForwarded)
            if let host = client.host {
                precondition((1...255).contains(host.utf8.count))
                precondition(host.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-._:[]".utf8.contains(byte)
                })
            }
            let address = proxies.client(peer: proxy, added).address
            // A malformed `Forwarded` counts for nothing as a whole.
            precondition(address == other || header == .forwarded && address == proxy)
        }
    }

    private func encoding(_ text: String) {
        let accepted = AcceptEncoding(text)
        precondition(accepted.best(of: []) == .identity)
        precondition(accepted.best(of: [.identity, .gzip]) != .brotli)
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            precondition(AcceptEncoding(text + ",br;q=0").best(of: ContentCoding.allCases) != .brotli)
            precondition(AcceptEncoding(text + ",gzip;q=1,br;q=0").best(of: ContentCoding.allCases) != .brotli)
            precondition(AcceptEncoding(text.uppercased()).best(of: ContentCoding.allCases) == accepted.best(of: ContentCoding.allCases))
        }
        if matchesEntityTag(text, "e") { precondition(text == "*" || text.contains("\"e\"")) }
    }

    /// The token is the end of the field, and none of another scheme.
    private func bearer(_ text: String) {
        let head = HTTPHead(
            method: .get, path: "/", query: [], headers: ["authorization": text], isEncrypted: false, isOnPlainPort: false, peer: nil)
        guard let token = Router.bearer(head) else { fatalError("there is one") }
        precondition(Array(text.utf8.suffix(token.utf8.count)) == Array(token.utf8))
        if !token.isEmpty { precondition(text.drop { $0 == " " }.prefix(6).lowercased() == "bearer") }
    }
}
