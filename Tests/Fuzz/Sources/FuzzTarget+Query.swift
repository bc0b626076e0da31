// What a request has behind its `?`.

import Domain
import Runtime

@testable import Loop
@testable import Server
@testable import Store

extension FuzzTarget {
    /// Pieces as libwebsockets hands them over. What is taken is within its bounds, and what is asked for again elsewhere is the same.
    func query(_ text: String) {
        let pieces = text.utf8.split(separator: UInt8(ascii: "&")).map { String(decoding: $0, as: UTF8.self) }
        let parameters = pieces.map(HTTPHead.parameter)
        for ((name, value), piece) in zip(parameters, pieces) {
            precondition(!name.utf8.contains(UInt8(ascii: "=")))
            let hasValue = piece.utf8.contains(UInt8(ascii: "="))
            precondition((hasValue ? "\(name)=\(value)" : name).utf8.elementsEqual(piece.utf8) && (hasValue || value.isEmpty))
        }
        let head = HTTPHead(method: .get, path: "/", query: parameters, headers: [:], isEncrypted: false, isOnPlainPort: false, peer: nil)
        let request = Request(head: head, body: [], principal: .nobody, parameters: [])
        if let page = try? request.page() {
            precondition((1...200).contains(page.limit))
            if let cursor = page.cursor { self.cursor(cursor) }
        }
        if let id: DeviceID = (try? request.queryIdentifier("device_id")) ?? nil { check(id.rawValue) }
        if let id: EventID = try? request.requiredQueryIdentifier("event_id") { check(id.rawValue) }
        if let width = try? request.snapshotWidth() { precondition((16...Snapshots.maximumWidth).contains(width)) }
        if let status = (try? request.eventStatus()) ?? nil { precondition(EventState.names.contains(status)) }
        _ = try? request.queryWord("state", Delivery.State.self)
        _ = try? request.queryWord("channel", Delivery.Channel.self)
        let key = SigningKey(id: "1", secret: Secret(Crypto.randomToken()), createdAt: Timestamp(milliseconds: 0))
        let signer = MediaSigner(ring: SigningKeyRing([key]))
        let scope = signer.scope(device: DeviceID(trusted: "d"), request.linkProof, now: Timestamp(milliseconds: 0))
        precondition(scope == nil)
        let target = PlainDoor.redirect(head, to: "https://hub").headers.first { $0.name == "Location" }?.value ?? ""
        precondition(target.hasPrefix("https://hub/") && target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") })
    }

    /// A position that is taken is written as a cursor that is the same, and goes into the database as a number and an id.
    func cursor(_ text: String) {
        guard let position = try? PagePosition(cursor: text) else { return }
        precondition(position.time >= 0 && (try? PagePosition(cursor: position.text)) == position)
        check(position.id)
    }

    private func check(_ id: String) {
        precondition((1...64).contains(id.utf8.count))
        precondition(id.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "_-.".utf8.contains($0) })
    }
}
