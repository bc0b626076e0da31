// What a request asks for in its query.

import Domain
import Loop
import Store

extension Request {
    func queryIdentifier<Kind>(_ name: String) throws(APIError) -> Identifier<Kind>? {
        guard let text = head.query(name) else { return nil }
        guard let identifier = Identifier<Kind>(text) else { throw .invalid(name, "1 to 64 characters of A–Z a–z 0–9 _ - . are expected") }
        return identifier
    }

    func requiredQueryIdentifier<Kind>(_ name: String) throws(APIError) -> Identifier<Kind> {
        guard let identifier: Identifier<Kind> = try queryIdentifier(name) else { throw .missing(name) }
        return identifier
    }

    func page() throws(APIError) -> Page {
        var page = Page()
        if let text = head.query("limit") {
            guard let limit = Int(text), (1...200).contains(limit) else { throw .invalid("limit", "it must be from 1 to 200") }
            page.limit = limit
        }
        page.cursor = head.query("cursor")
        return page
    }

    /// One of an enumeration's words.
    func queryWord<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type) throws(APIError) -> Word?
    where Word.RawValue == String {
        guard let text = head.query(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw .invalid(name, "one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")) is expected")
        }
        return word
    }

    /// The state of events that are asked for.
    func eventStatus() throws(APIError) -> String? {
        guard let status = head.query("status") else { return nil }
        guard EventState.names.contains(status) else {
            throw .invalid("status", "one of \(EventState.names.joined(separator: ", ")) is expected")
        }
        return status
    }

    func snapshotWidth() throws(APIError) -> Int {
        guard let text = head.query("width") else { return Snapshots.maximumWidth }
        guard let width = Int(text), (16...Snapshots.maximumWidth).contains(width) else {
            throw .invalid("width", "it must be from 16 to \(Snapshots.maximumWidth)")
        }
        return width
    }
}
