// A scope's devices in a statement's conditions.

import Domain

extension AccountScope {
    /// Behind a WHERE: that `column` is one of the scope's devices; nothing where it has all. Values are appended to the parameters.
    func condition(on column: String = "device_id", _ parameters: inout [SQLValue]) -> String {
        guard case .only(let chosen) = devices else { return "" }
        guard !chosen.isEmpty else { return " AND 1 = 0" }
        var names: [String] = []
        for device in chosen.sorted(by: { $0.rawValue < $1.rawValue }) {
            parameters.append(.text(device.rawValue))
            names.append("$\(parameters.count)")
        }
        return " AND \(column) IN (\(names.joined(separator: ", ")))"
    }

    /// The same for rows that name an event of `$1`'s account only.
    func eventCondition(_ parameters: inout [SQLValue]) -> String {
        let condition = condition(&parameters)
        return condition.isEmpty ? "" : " AND event_id IN (SELECT id FROM events WHERE account_id = $1\(condition))"
    }
}
