// What one route takes and answers.

import Domain
import Loop
import Runtime

/// A route described for people and programs. Who may call it is not said here, but by the route itself.
struct Operation: Sendable {
    enum Tag: String, CaseIterable, Sendable {
        case account = "Account"
        case people = "People"
        case keys = "Keys"
        case devices = "Devices"
        case pairing = "Adding cameras"
        case sessions = "Sessions"
        case events = "Events"
        case alerts = "Alerts"
        case telegram = "Telegram"
        case work = "Work"
        case system = "System"
    }

    struct Parameter: Sendable {
        enum Place: String, Sendable { case path, query, header }
        let name: String
        let place: Place
        let schema: Schema
        var isRequired = true

        static func path(_ name: String, _ schema: Schema) -> Parameter { Parameter(name: name, place: .path, schema: schema) }
        static func query(_ name: String, _ schema: Schema) -> Parameter {
            Parameter(name: name, place: .query, schema: schema, isRequired: false)
        }
        static func header(_ name: String, _ schema: Schema) -> Parameter {
            Parameter(name: name, place: .header, schema: schema, isRequired: false)
        }
        var required: Parameter {
            var parameter = self
            parameter.isRequired = true
            return parameter
        }
    }

    struct Body: Sendable {
        let type: String
        let schema: Schema
        var isRequired = true

        static func json(_ schema: Schema) -> Body { Body(type: "application/json", schema: schema) }
        static func optionalJSON(_ schema: Schema) -> Body { Body(type: "application/json", schema: schema, isRequired: false) }
        static func bytes(_ type: String) -> Body { Body(type: type, schema: .bytes) }
    }

    struct Answer: Sendable {
        let status: Int
        let summary: String
        /// Media types and what they hold.
        var content: [(type: String, schema: Schema)] = []
        var headers: [(name: String, schema: Schema)] = []

        static func json(_ schema: Schema, _ summary: String = "Done", status: Int = 200, headers: [(name: String, schema: Schema)] = []) -> Answer {
            Answer(status: status, summary: summary, content: [("application/json", schema)], headers: headers)
        }
        static let none = Answer(status: 204, summary: "Done; there is nothing more to say")
        static func bytes(_ types: [String], _ summary: String, status: Int = 200, headers: [(name: String, schema: Schema)] = []) -> Answer {
            Answer(status: status, summary: summary, content: types.map { ($0, .bytes) }, headers: headers)
        }
        /// One page of a list.
        static func page(_ schema: Schema) -> Answer {
            .json(
                .list(schema), "Newest first",
                headers: [("X-Next-Cursor", Schema.string.about("The `cursor` of the next page, where there is one"))])
        }
        static func error(_ status: Int, _ codes: String) -> Answer { .json(.error, codes, status: status) }
    }

    /// What a route asks for by itself where its access is open.
    enum Proof: Sendable {
        case nothing
        /// A link that the hub has signed.
        case signature
        case signatureOrToken
        /// `METRICS_TOKEN`.
        case metricsToken
        /// The secret that Telegram was told.
        case telegramSecret
    }

    let method: HTTPMethod
    let pattern: String
    let tag: Tag
    let summary: String
    var detail: String?
    var proof = Proof.nothing
    /// Those of the path need not be named where they are plain identifiers.
    var parameters: [Parameter] = []
    var body: Body?
    let answers: [Answer]
    /// What the answer (or the entry of it at `givenAt`, a JSON pointer) may be asked about elsewhere: the names of its ids, the one of what it is first.
    private(set) var gives: [String] = []
    private(set) var givenAt = ""
    /// By status, the codes that are this route's own. What every route has is added (`APIDescription`).
    var errors: KeyValuePairs<Int, String> = [:]

    init(
        _ method: HTTPMethod, _ pattern: String, _ tag: Tag, _ summary: String, detail: String? = nil, proof: Proof = .nothing,
        parameters: [Parameter] = [], body: Body? = nil, _ answers: Answer..., errors: KeyValuePairs<Int, String> = [:]
    ) {
        self.method = method
        self.pattern = pattern
        self.tag = tag
        self.summary = summary
        self.detail = detail
        self.proof = proof
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.errors = errors
    }

    func giving(_ ids: String..., at pointer: String = "") -> Operation {
        var operation = self
        (operation.gives, operation.givenAt) = (ids, pointer)
        return operation
    }

    static let paging: [Parameter] = [
        .query("limit", .integer(1...200).about("How many; 100 if it is not said")),
        .query("cursor", Schema.string(pattern: "^[0-9]{1,18}_[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$").about("From `X-Next-Cursor` of the page before")),
    ]

    /// The names in the pattern's braces.
    var pathNames: [String] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }
}
