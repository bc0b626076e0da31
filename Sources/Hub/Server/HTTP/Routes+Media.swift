// Clips and pictures by signed links.

import Domain
import Loop
import Runtime
import Store

extension Services {
    func mediaRoutes() -> [Route] {
        [
            Route(.get, "/media/{event}/{object}", .open) { request in try await media(request) }
        ]
    }

    private static let mediaTypes = [
        ClipObject.clipMP4: "video/mp4", ClipObject.clipWebM: "video/webm", ClipObject.poster: "image/jpeg",
        ClipObject.thumbnail: "image/jpeg", ClipObject.still(0): "image/jpeg", ClipObject.still(1): "image/jpeg",
        ClipObject.still(2): "image/jpeg",
    ]

    /// A clip or picture by its signed link, with ranges.
    private func media(_ request: Request) async throws -> HTTPResponse {
        let event: EventID = try request.identifier(0, "object")
        let object = request.parameters[1], head = request.head
        guard let type = Self.mediaTypes[object],
            let scope = signer.scope(
                event: event, object: object, request.linkProof, now: Timestamp(milliseconds: clock.milliseconds)),
            let reader = try await storage.open(key: ClipObject.key(scope, event, object))
        else { throw APIError.notFound("object") }

        let etag = String(Crypto.sha256Hex("\(scope.account)/\(event)/\(object)/\(reader.size)/\(reader.version)").prefix(32))
        // A link with a version names what was made once; a clip whose end came later has another one. A still may be sent again.
        let isForever = head.query("v") != nil && !object.hasPrefix("still")
        var headers: [(name: String, value: String)] = [
            ("Content-Type", type), ("ETag", "\"\(etag)\""), ("Accept-Ranges", "bytes"),
            ("Cache-Control", isForever ? "private, max-age=\(MediaSigner.lifetimeSeconds), immutable" : "private, no-cache"),
        ]
        if matchesEntityTag(head.header("if-none-match"), etag) { return HTTPResponse(status: 304, headers: headers) }

        // With If-Range and another validator the whole is sent; ranges are for GET alone (RFC 9110, sections 13.1.5 and 14.2).
        let ifRange = head.header("if-range")
        let range = head.method == .get && (ifRange == nil || ifRange == "\"\(etag)\"") ? head.header("range") : nil
        switch ByteRange(header: range, size: reader.size) {
        case .whole:
            return HTTPResponse(status: 200, headers: headers, body: MediaPieces(reader, 0..<reader.size).body)
        case .part(let bytes):
            headers.append(("Content-Range", "bytes \(bytes.lowerBound)-\(bytes.upperBound)/\(reader.size)"))
            return HTTPResponse(status: 206, headers: headers, body: MediaPieces(reader, bytes.lowerBound..<bytes.upperBound + 1).body)
        case .unsatisfiable:
            let error = APIError(status: 416, code: "range_not_satisfiable", message: "the object has \(reader.size) bytes", field: "Range")
            var response = Router.json(error.json, status: error.status)
            response.headers.append(("Content-Range", "bytes */\(reader.size)"))
            return response
        }
    }
}

/// A part of a stored object in pieces, each read when the socket has taken the one before, so that a slow reader costs the memory of one.
actor MediaPieces {
    private let reader: ObjectReader
    private let range: Range<Int64>
    private var position: Int64
    /// Small enough that hundreds of slow readers are no burden, large enough that the way to the disk's thread and back does not count.
    private static let pieceSize: Int64 = 128 * 1024

    init(_ reader: ObjectReader, _ range: Range<Int64>) {
        self.reader = reader
        self.range = range
        position = range.lowerBound
    }

    nonisolated var body: HTTPResponse.Body {
        .stream(length: range.upperBound - range.lowerBound) { [self] in try await next() }
    }

    private func next() async throws -> [UInt8] {
        let count = min(Self.pieceSize, range.upperBound - position)
        let bytes = try await reader.read(offset: position, count: Int(count))
        position += Int64(bytes.count)
        return bytes
    }
}
