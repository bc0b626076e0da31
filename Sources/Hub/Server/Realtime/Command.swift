// Commands of the socket protocol (docs/PROTOCOL.md).

import Domain
import Runtime

/// One JSON object of a text message.
enum Command {
    /// `{}`: the answer to the hub's ping, or the client's own.
    case pong
    /// A ping that wants its own answer.
    case ping(id: Int64)
    case connect(id: Int64, Connect)
    case refresh(id: Int64, token: String)
    case subscribe(id: Int64, Subscribe)
    case unsubscribe(id: Int64, channel: String)
    case presence(id: Int64, channel: String)
    case presenceStats(id: Int64, channel: String)
    case history(id: Int64, History)
    case publish(id: Int64)
    case rpc(id: Int64, method: String, data: JSON)
    /// The only one without an answer.
    case send(data: JSON)
    case unknown(id: Int64, verb: String)

    struct Connect {
        enum Kind: String, CaseIterable { case viewer, sensor }
        let token: String?
        let kind: Kind
        let device: DeviceID?
        /// Whether a sensor can make a picture a keyframe when it is asked to.
        let canForceKeyframe: Bool
        /// What the client has of each channel.
        let positions: [String: StreamPosition]
    }

    struct Subscribe {
        let channel: String
        /// What the client has of it.
        let position: StreamPosition?
        /// Whether the client would rather not be subscribed than miss something.
        let rejectsUnrecovered: Bool
    }

    struct History {
        let channel: String
        let limit: Int64
        let since: StreamPosition?
        let isReversed: Bool
    }

    struct Malformed: Error { let reason: String }

    /// The number that the answer carries; `nil` where there is none.
    var id: Int64? {
        switch self {
        case .pong, .send: nil
        case .ping(let id), .connect(let id, _), .refresh(let id, _), .subscribe(let id, _), .unsubscribe(let id, _), .presence(let id, _),
            .presenceStats(let id, _), .history(let id, _), .publish(let id), .rpc(let id, _, _), .unknown(let id, _):
            id
        }
    }
}

// MARK: - Parsing

extension Command {
    /// Bit of `subscribe.flag` for `rejectsUnrecovered`; the others ask for what the hub does not have, and may be ignored.
    private static let rejectUnrecoveredFlag: Int64 = 2

    /// They are parsed at one go, and everybody else waits so long.
    private static let maximumCount = 1024

    /// The commands of a message, one a line.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(Malformed) -> [Command] {
        var commands: [Command] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard lines.count <= maximumCount else { throw Malformed(reason: "a message has at most \(maximumCount) commands") }
        for line in lines {
            guard let json = JSON(parsing: line) else { throw Malformed(reason: "not JSON") }
            commands.append(try parse(json))
        }
        return commands
    }

    private static func parse(_ json: JSON) throws(Malformed) -> Command {
        guard case .object(let fields) = json else { throw Malformed(reason: "an object is expected") }
        if fields.isEmpty { return .pong }
        if let send = fields["send"] { return .send(data: send["data"] ?? [:]) }
        guard let id = fields["id"]?.integerValue, id > 0 else { throw Malformed(reason: "id: a number from 1 on is expected") }
        // The first of a command's fields that names a verb; more than one is not expected.
        if let rpc = fields["rpc"] {
            guard let method = rpc["method"]?.stringValue else { throw Malformed(reason: "rpc.method is missing") }
            return .rpc(id: id, method: method, data: rpc["data"] ?? [:])
        }
        if let connect = fields["connect"] { return .connect(id: id, try parseConnect(connect)) }
        if let refresh = fields["refresh"] {
            guard let token = refresh["token"]?.stringValue, !token.isEmpty else { throw Malformed(reason: "refresh.token is missing") }
            return .refresh(id: id, token: token)
        }
        if let subscribe = fields["subscribe"] { return .subscribe(id: id, try parseSubscribe(subscribe)) }
        if let unsubscribe = fields["unsubscribe"] { return .unsubscribe(id: id, channel: try channel(of: unsubscribe, "unsubscribe")) }
        if let presence = fields["presence"] { return .presence(id: id, channel: try channel(of: presence, "presence")) }
        if let stats = fields["presence_stats"] { return .presenceStats(id: id, channel: try channel(of: stats, "presence_stats")) }
        if let history = fields["history"] { return .history(id: id, try parseHistory(history)) }
        if fields["publish"] != nil { return .publish(id: id) }
        if fields["ping"] != nil { return .ping(id: id) }
        return .unknown(id: id, verb: fields.keys.filter { $0 != "id" }.sorted().first ?? "")
    }

    private static func parseConnect(_ json: JSON) throws(Malformed) -> Connect {
        guard case .object = json else { throw Malformed(reason: "connect: an object is expected") }
        let data = given("data", in: json) ?? [:]
        guard case .object = data else { throw Malformed(reason: "connect.data: an object is expected") }
        guard let name = (data["kind"] ?? "viewer").stringValue, let kind = Connect.Kind(rawValue: name) else {
            throw Malformed(reason: "connect.data.kind: sensor or viewer is expected")
        }
        var device: DeviceID?
        // A camera's own token names its device; others are to.
        if kind == .sensor, let named = given("device_id", in: data) {
            guard let id = named.stringValue.flatMap({ DeviceID($0) }) else {
                throw Malformed(reason: "connect.data.device_id: 1 to 64 characters of A–Z a–z 0–9 _ - . are expected")
            }
            device = id
        }
        let canForce = data["can_force_keyframe"] ?? true
        guard case .bool(let canForceKeyframe) = canForce else {
            throw Malformed(reason: "connect.data.can_force_keyframe: true or false is expected")
        }
        let token = given("token", in: json)
        if let token, token.stringValue == nil { throw Malformed(reason: "connect.token: text is expected") }
        var positions: [String: StreamPosition] = [:]
        if let subs = given("subs", in: json) {
            guard case .object(let subscriptions) = subs else { throw Malformed(reason: "connect.subs: an object is expected") }
            for (channel, subscription) in subscriptions.prefix(16) where subscription["recover"] == .bool(true) {
                positions[channel] = try position(in: subscription, "connect.subs")
            }
        }
        return Connect(
            token: token?.stringValue, kind: kind, device: device, canForceKeyframe: canForceKeyframe, positions: positions)
    }

    /// A field; one that is null is none.
    private static func given(_ name: String, in json: JSON) -> JSON? { json[name].flatMap { $0 == .null ? nil : $0 } }

    private static func parseSubscribe(_ json: JSON) throws(Malformed) -> Subscribe {
        Subscribe(
            channel: try channel(of: json, "subscribe"),
            position: json["recover"] == .bool(true) ? try position(in: json, "subscribe") : nil,
            rejectsUnrecovered: (json["flag"]?.integerValue ?? 0) & rejectUnrecoveredFlag != 0)
    }

    private static func parseHistory(_ json: JSON) throws(Malformed) -> History {
        var since: StreamPosition?
        if let json = json["since"], json != .null { since = try position(in: json, "history.since") }
        let limit = json["limit"] ?? 0
        guard let limit = limit.integerValue else { throw Malformed(reason: "history.limit: a number is expected") }
        return History(
            channel: try channel(of: json, "history"), limit: limit, since: since, isReversed: json["reverse"] == .bool(true))
    }

    private static func channel(of json: JSON, _ verb: String) throws(Malformed) -> String {
        guard let channel = json["channel"]?.stringValue, !channel.isEmpty else { throw Malformed(reason: "\(verb).channel is missing") }
        return channel
    }

    /// As clients leave out what is zero or empty, a missing number is 0 and a missing epoch empty.
    private static func position(in json: JSON, _ place: String) throws(Malformed) -> StreamPosition {
        guard case .object = json, let epoch = (json["epoch"] ?? "").stringValue, let offset = (json["offset"] ?? 0).integerValue, offset >= 0
        else { throw Malformed(reason: "\(place): epoch and offset are expected") }
        return StreamPosition(epoch: epoch, offset: UInt64(offset))
    }
}
