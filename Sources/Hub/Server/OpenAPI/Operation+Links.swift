// Which operations follow on which: what one answers is what another asks for (OpenAPI 3.1, "Link Object").

import Domain

extension Operation {
    /// What the `{id}` behind such a piece of a pattern identifies.
    private static let identified = [
        "devices": "device_id", "events": "event_id", "media": "event_id", "jobs": "job_id", "auth/sessions": "sign_in_id",
        "pairings": "pairing_id", "activation-codes": "code_id", "api-keys": "key_id", "account/invitations": "invitation_id",
        "account/members": "user_id",
    ]

    /// A name of the path as it is called in bodies.
    private func identified(_ name: String) -> String {
        guard let end = pattern.firstRange(of: "/{\(name)}") else { return name }
        return Self.identified[String(pattern[..<end.lowerBound].dropFirst())] ?? name
    }

    private struct Wish {
        /// As the other operation answers it.
        let id: String
        let isRequired: Bool
        /// As a link names it; `nil` in the body.
        let parameter: String?
    }

    private var wishes: [Wish] {
        let path = pathNames.map { Wish(id: identified($0), isRequired: true, parameter: "path.\($0)") }
        let query = parameters.filter { $0.place == .query && $0.name.hasSuffix("_id") }
            .map { Wish(id: $0.name, isRequired: $0.isRequired, parameter: "query.\($0.name)") }
        let fields = (body?.schema.fieldNames ?? []).filter { $0.hasSuffix("_id") }.map { Wish(id: $0, isRequired: true, parameter: nil) }
        return path + query + fields
    }

    /// By the id of the operation that follows.
    func links(to operations: [Operation]) -> [(name: String, value: OrderedJSON)] {
        guard let first = gives.first else { return [] }
        return operations.compactMap { next in
            let wishes = next.wishes
            guard next.key != key, wishes.contains(where: { $0.id == first }), wishes.allSatisfy({ !$0.isRequired || gives.contains($0.id) })
            else { return nil }
            func value(_ wish: Wish) -> OrderedJSON { .string("$response.body#\(givenAt)/\(wish.id)") }
            let known = wishes.filter { gives.contains($0.id) }
            var link: OrderedJSON = ["operationId": .string(next.identifier)]
            let parameters = known.compactMap { wish in wish.parameter.map { (name: $0, value: value(wish)) } }
            let body = known.filter { $0.parameter == nil }.map { (name: $0.id, value: value($0)) }
            if !parameters.isEmpty { link.add("parameters", .object(parameters)) }
            if !body.isEmpty { link.add("requestBody", .object(body)) }
            return (next.identifier, link)
        }
    }
}

extension Schema {
    /// Those that an object has to have; of several kinds of objects, those of the first.
    fileprivate var fieldNames: [String] {
        switch kind {
        case .object(let fields, _): fields.filter(\.value.isRequired).map(\.name)
        case .named(_, let schema): schema.fieldNames
        case .oneOf(let schemas), .anyOf(let schemas): schemas.first?.fieldNames ?? []
        default: []
        }
    }
}
