// Commands of the socket protocol (docs/PROTOCOL.md).

import Domain

/// One JSON object of a text message.
enum Command {
    /// `{}`: the answer to the hub's ping, or the client's own.
    case pong
    /// A ping that wants its own answer.
    case ping(id: Int64)
    case connect(id: Int64, Connect)
    case rpc(id: Int64, method: String, data: JSON)
    case unknown(id: Int64, verb: String)

    struct Connect {
        enum Kind: String { case viewer, sensor }
        let token: String?
        let kind: Kind
        let device: DeviceID?
        /// What the client has of each channel.
        let positions: [String: (epoch: String, offset: UInt64)]
    }

    struct Malformed: Error { let reason: String }

    /// The commands of a message, one a line.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> [Command] {
        var commands: [Command] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let json = JSON(parsing: line) else { throw Malformed(reason: "not JSON") }
            commands.append(try parse(json))
        }
        return commands
    }

    private static func parse(_ json: JSON) throws(Malformed) -> Command {
        guard case .object(let fields) = json else { throw Malformed(reason: "an object is expected") }
        if fields.isEmpty { return .pong }
        guard let id = fields["id"]?.integerValue, id > 0 else { throw Malformed(reason: "id: a number from 1 on is expected") }
        if let rpc = fields["rpc"] {
            guard let method = rpc["method"]?.stringValue else { throw Malformed(reason: "rpc.method is missing") }
            return .rpc(id: id, method: method, data: rpc["data"] ?? [:])
        }
        if let connect = fields["connect"] { return .connect(id: id, try parseConnect(connect)) }
        if fields["ping"] != nil { return .ping(id: id) }
        return .unknown(id: id, verb: fields.keys.filter { $0 != "id" }.sorted().first ?? "")
    }

    private static func parseConnect(_ json: JSON) throws(Malformed) -> Connect {
        let data = json["data"] ?? [:]
        let name = data["kind"]?.stringValue ?? "viewer"
        guard let kind = Connect.Kind(rawValue: name) else { throw Malformed(reason: "connect.data.kind: sensor or viewer is expected") }
        var device: DeviceID?
        if kind == .sensor {
            guard let id = data["device_id"]?.stringValue.flatMap({ DeviceID($0) }) else {
                throw Malformed(reason: "connect.data.device_id: a sensor names its device")
            }
            device = id
        }
        var positions: [String: (String, UInt64)] = [:]
        if case .object(let subscriptions)? = json["subs"] {
            for (channel, subscription) in subscriptions.prefix(16) where subscription["recover"] == .bool(true) {
                guard let epoch = subscription["epoch"]?.stringValue, let offset = subscription["offset"]?.integerValue, offset >= 0 else {
                    continue
                }
                positions[channel] = (epoch, UInt64(offset))
            }
        }
        return Connect(token: json["token"]?.stringValue, kind: kind, device: device, positions: positions)
    }
}

/// RFC 6455 close codes of the hub.
enum CloseCode {
    static let goingAway: UInt16 = 1001
    static let unsupportedData: UInt16 = 1003
    static let slow: UInt16 = 3008
    static let noPong: UInt16 = 3012
    static let invalidToken: UInt16 = 3500
    static let badRequest: UInt16 = 3501
    static let stale: UInt16 = 3502
}
