// A schema as OpenAPI writes it.

import Domain
import Runtime

extension Schema {
    /// - Parameter named: takes the schemas that are referred to.
    func json(_ named: inout [String: Schema]) -> OrderedJSON {
        var json = kindJSON(&named)
        if isNullable, case .object(let fields) = json { json = Self.nullable(fields) }
        json.add("description", summary.map { .string($0) })
        return json
    }

    private func kindJSON(_ named: inout [String: Schema]) -> OrderedJSON {
        switch kind {
        case .any: return [:]
        case .null: return ["type": "null"]
        case .bytes: return ["type": "string", "format": "binary"]
        case .boolean: return ["type": "boolean"]
        case .fields: return ["type": "object"]
        case .integer(let range):
            var json: OrderedJSON = ["type": "integer"]
            json.add("minimum", range.map { .value(.integer($0.lowerBound)) })
            json.add("maximum", range.map { .value(.integer($0.upperBound)) })
            return json
        case .number(let range):
            var json: OrderedJSON = ["type": "number"]
            json.add("minimum", range.map { .value(.short($0.lowerBound)) })
            json.add("maximum", range.map { .value(.short($0.upperBound)) })
            return json
        case .string(let length, let pattern, let format):
            var json: OrderedJSON = ["type": "string"]
            json.add("minLength", length.flatMap { Self.bound($0.lowerBound) })
            json.add("maxLength", length.map { .value(.integer(Int64($0.upperBound))) })
            json.add("pattern", pattern.map { .string($0) })
            json.add("format", format.map { .string($0) })
            return json
        case .words(let words): return ["type": "string", "enum": .strings(words)]
        case .list(let schema, let count):
            var json: OrderedJSON = ["type": "array", "items": schema.json(&named)]
            json.add("minItems", count.flatMap { Self.bound($0.lowerBound) })
            json.add("maxItems", count.map { .value(.integer(Int64($0.upperBound))) })
            return json
        case .object(let fields, let isClosed):
            var json: OrderedJSON = ["type": "object"]
            let required = fields.filter(\.value.isRequired).map(\.name)
            if !required.isEmpty { json.add("required", .strings(required)) }
            json.add("properties", .object(fields.map { (name: $0.name, value: $0.value.json(&named)) }))
            if isClosed { json.add("additionalProperties", false) }
            return json
        case .oneOf(let schemas): return ["oneOf": .array(schemas.map { $0.json(&named) })]
        case .anyOf(let schemas): return ["anyOf": .array(schemas.map { $0.json(&named) })]
        case .named(let name, let schema):
            if named[name] == nil {
                named[name] = schema
                // For those that it refers to in turn.
                _ = schema.json(&named)
            }
            return ["$ref": .string("#/components/schemas/\(name)")]
        }
    }

    private static func bound(_ minimum: Int) -> OrderedJSON? { minimum > 0 ? .value(.integer(Int64(minimum))) : nil }

    private static func nullable(_ fields: [(name: String, value: OrderedJSON)]) -> OrderedJSON {
        guard case .value(.string(let type))? = fields.first(where: { $0.name == "type" })?.value else {
            return fields.isEmpty ? [:] : ["anyOf": [.object(fields), ["type": "null"]]]
        }
        return .object(
            fields.map { field in
                switch (field.name, field.value) {
                case ("type", _): (field.name, .strings([type, "null"]))
                case ("enum", .array(let words)): (field.name, .array(words + [.value(.null)]))
                default: field
                }
            })
    }
}
