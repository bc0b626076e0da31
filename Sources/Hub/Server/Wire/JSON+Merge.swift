// Changing a part of a JSON value.

import Runtime

extension JSON {
    /// The value after a merge patch (RFC 7396): objects are merged, `null` removes, and everything else, lists too, takes the place of what
    /// was there.
    func merging(_ patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var fields: [String: JSON] = [:]
        if case .object(let present) = self { fields = present }
        for (name, change) in changes { fields[name] = change == .null ? nil : (fields[name] ?? .null).merging(change) }
        return .object(fields)
    }
}
