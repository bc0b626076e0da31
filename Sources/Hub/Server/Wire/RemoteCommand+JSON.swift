// Commands to cameras on the wire (docs/PROTOCOL.md, "Commands to a camera").

import Domain
import Runtime

extension RemoteCommand {
    /// Of `{command, args?}`.
    init(_ fields: Fields) throws(APIError) {
        let word = try fields.text("command", maximum: 64)
        guard let name = Name(rawValue: word) else {
            throw .invalid("command", "one of \(Name.allCases.map(\.rawValue).joined(separator: ", ")) is expected")
        }
        func args(_ names: Set<String>) throws(APIError) -> KnownFields { try KnownFields(fields.optionalJSON("args") ?? [:], at: "args", names) }
        switch name {
        case .start, .stop, .record, .relearn:
            _ = try args([])
            self = name == .start ? .start : name == .stop ? .stop : name == .record ? .record : .relearn
        case .torch:
            let args = try args(["on"])
            self = .torch(isOn: try args.required("on", args.bool("on")))
        case .siren:
            let args = try args(["on", "seconds"])
            self = .siren(
                isOn: try args.required("on", args.bool("on")),
                seconds: try args.integer("seconds", in: Self.sirenSeconds) ?? Self.defaultSirenSeconds)
        case .camera:
            let args = try args(["facing"])
            self = .camera(try args.required("facing", args.word("facing")))
        }
    }

    var args: JSON {
        switch self {
        case .start, .stop, .record, .relearn: [:]
        case .torch(let isOn): ["on": .bool(isOn)]
        case .siren(let isOn, let seconds): ["on": .bool(isOn), "seconds": .integer(seconds)]
        case .camera(let facing): ["facing": .string(facing.rawValue)]
        }
    }
}
