// The parsers of what others send, each with what must hold for any input at all.

import Domain
import Foundation
import Runtime

@testable import Certificates
@testable import Loop
@testable import Media
@testable import Pipeline
@testable import Server

enum FuzzTarget: String, CaseIterable {
    case json, command, fields, frameheader, cliplog, range, query, telegram, action, names, mail, mailserver, channel, signature, host, jpeg

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
        case .telegram: telegram(bytes)
        case .action: action(text)
        case .names: names(text)
        case .mail: mail(text)
        case .mailserver: _ = try? MailServer(parsing: Secret(text))
        case .channel: channel(text)
        case .signature: signature(text)
        case .host: host(text)
        case .jpeg: _ = Stills.isJPEG(bytes)
        }
    }

    /// What was read is written as JSON that reads as the same.
    private func json(_ bytes: [UInt8]) {
        guard let value = JSON(parsing: bytes) else { return }
        guard let again = JSON(parsing: Array(value.text.utf8)) else { fatalError("what was written is not JSON: \(value.text)") }
        // Not `value == again`: whole numbers beyond Int64 are numbers.
        precondition(again.text.utf8.count == value.text.utf8.count)
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
    private func query(_ text: String) {
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
        let signer = MediaSigner(key: Crypto.randomBytes(32))
        let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        let scope = signer.scope(
            event: EventID(trusted: "e"), object: "clip", account: parts.first, expiry: parts.dropFirst().first, signature: parts.dropFirst(2).first,
            now: Timestamp(milliseconds: 0))
        precondition(scope == nil)
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
}
