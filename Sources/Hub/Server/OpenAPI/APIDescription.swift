// The whole API as an OpenAPI 3.1 document, from the table of routes and their descriptions.

import Domain
import Runtime
import Loop

struct APIDescription {
    let version: String
    /// By `Operation.key`: who may call a route is said by the route, and nowhere else.
    let access: [String: RouteAccess]

    var json: OrderedJSON {
        var named: [String: Schema] = [:]
        var paths: [(name: String, value: OrderedJSON)] = []
        for operation in Operation.all {
            guard let access = access[operation.key] else { continue }
            let described = (name: operation.method.rawValue.lowercased(), value: json(operation, access, &named))
            if let index = paths.firstIndex(where: { $0.name == operation.pattern }) {
                paths[index].value.add(described.name, described.value)
            } else {
                paths.append((operation.pattern, .object([described])))
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Ping Watch", "version": .string(version),
                "description": "Times are ISO 8601 in UTC. Lists are newest first. What one may not see is 404, like what does not exist.",
            ],
            "servers": [["url": "/"]],
            "tags": .array(Operation.Tag.allCases.map { ["name": .string($0.rawValue)] }),
            "paths": .object(paths),
            // What the methods of the socket's `rpc` ask for (docs/PROTOCOL.md).
            "x-socket-methods": .object(
                RealtimeHub.methods.sorted { $0.key < $1.key }.compactMap { method, access in
                    guard case .needs(let permission, _) = access else { return nil }
                    return (name: method, value: .string(permission.rawValue))
                }),
            "components": [
                "schemas": .object(named.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value.json(&named)) }),
                "securitySchemes": Self.securitySchemes,
            ],
        ]
    }

    private static let securitySchemes: OrderedJSON = [
        "bearer": ["type": "http", "scheme": "bearer", "description": "An access token"],
        "signature": ["type": "apiKey", "in": "query", "name": "s", "description": "The signature of a link that the hub has made"],
        "metrics": ["type": "http", "scheme": "bearer", "description": "METRICS_TOKEN"],
        "telegram": ["type": "apiKey", "in": "header", "name": "X-Telegram-Bot-Api-Secret-Token", "description": "TELEGRAM_WEBHOOK_SECRET"],
    ]

    private func json(_ operation: Operation, _ access: RouteAccess, _ named: inout [String: Schema]) -> OrderedJSON {
        var json: OrderedJSON = [
            "tags": [.string(operation.tag.rawValue)], "operationId": .string(operation.identifier), "summary": .string(operation.summary),
        ]
        json.add("description", operation.detail.map { .string($0) })
        json.add("security", .array(Self.security(operation, access)))
        if case .needs(let permission, let orSensor) = access {
            json.add("x-permission", .string(permission.rawValue))
            if orSensor { json.add("x-sensor", true) }
        }
        let parameters = Self.parameters(operation)
        if !parameters.isEmpty { json.add("parameters", .array(parameters.map { Self.json($0, &named) })) }
        if let body = operation.body {
            let content = Self.holding([(body.type, body.schema)], &named)
            json.add("requestBody", ["required": .value(.bool(body.isRequired)), "content": content])
        }
        json.add(
            "responses",
            .object(
                Self.answers(operation, access).map { answer in
                    var described = Self.json(answer, &named)
                    let links = answer.status == 200 ? operation.links(to: Operation.all) : []
                    if !links.isEmpty { described.add("links", .object(links)) }
                    return (name: String(answer.status), value: described)
                }))
        return json
    }

    // MARK: - Who may

    private static func security(_ operation: Operation, _ access: RouteAccess) -> [OrderedJSON] {
        switch (access, operation.proof) {
        case (.needs, _): [["bearer": []]]
        case (.open, .nothing): []
        case (.open, .signature): [["signature": []]]
        case (.open, .signatureOrToken): [["bearer": []], ["signature": []]]
        case (.open, .metricsToken): [["metrics": []]]
        case (.open, .telegramSecret): [["telegram": []]]
        }
    }

    // MARK: - Parameters

    private static func parameters(_ operation: Operation) -> [Operation.Parameter] {
        let named = Set(operation.parameters.filter { $0.place == .path }.map(\.name))
        let plain = operation.pathNames.filter { !named.contains($0) }.map { Operation.Parameter.path($0, .identifier) }
        return plain + operation.parameters
    }

    private static func json(_ parameter: Operation.Parameter, _ named: inout [String: Schema]) -> OrderedJSON {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "required": .value(.bool(parameter.isRequired)),
            "schema": parameter.schema.json(&named),
        ]
    }

    // MARK: - Answers

    /// Its own, and what every route like it may answer.
    private static func answers(_ operation: Operation, _ access: RouteAccess) -> [Operation.Answer] {
        var errors: [Int: [String]] = [:]
        if operation.body?.type == "application/json" { errors[400, default: []] += ["invalid_json", "missing_field", "invalid_field"] }
        if operation.body != nil || operation.parameters.contains(where: { $0.place != .path }) { errors[400, default: []] += ["invalid_field"] }
        if operation.body != nil { errors[411] = ["length_required"] }
        if operation.body?.type == "application/json" { errors[413] = ["too_large"] }
        if case .needs = access {
            errors[401] = ["unauthorized", "invalid_token", "token_expired"]
            errors[403] = ["forbidden"]
            errors[429] = ["too_many_attempts"]
        } else if operation.proof == .signatureOrToken {
            errors[401] = ["unauthorized", "invalid_token", "token_expired"]
            errors[429] = ["too_many_attempts"]
        }
        if !operation.pathNames.isEmpty { errors[404] = ["not_found"] }
        errors[503] = ["database_unavailable"]
        for (status, codes) in operation.errors { errors[status, default: []].append(codes) }
        for answer in operation.answers { errors[answer.status] = nil }
        let own = errors.map { status, codes in
            Operation.Answer.error(status, codes.enumerated().filter { !codes[..<$0.offset].contains($0.element) }.map(\.element).joined(separator: ", "))
        }
        return (operation.answers + own).sorted { $0.status < $1.status }
    }

    /// Media types or header fields with their schemas.
    private static func holding(_ schemas: [(String, Schema)], _ named: inout [String: Schema]) -> OrderedJSON {
        var fields: [(name: String, value: OrderedJSON)] = []
        for (name, schema) in schemas { fields.append((name, ["schema": schema.json(&named)])) }
        return .object(fields)
    }

    private static func json(_ answer: Operation.Answer, _ named: inout [String: Schema]) -> OrderedJSON {
        var json: OrderedJSON = ["description": .string(answer.summary)]
        if !answer.headers.isEmpty {
            json.add("headers", holding(answer.headers.map { ($0.name, $0.schema) }, &named))
        }
        if !answer.content.isEmpty {
            json.add("content", holding(answer.content.map { ($0.type, $0.schema) }, &named))
        }
        return json
    }
}

extension Operation {
    /// Such as `postEventsIdSummary`.
    var identifier: String {
        let words = pattern.split { !$0.isLetter && !$0.isNumber }
        return method.rawValue.lowercased() + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    var key: String { "\(method.rawValue) \(pattern)" }
}

extension Route {
    /// Method and pattern, as people write them.
    var key: String { "\(method.rawValue) /\(pattern.joined(separator: "/"))" }
}
