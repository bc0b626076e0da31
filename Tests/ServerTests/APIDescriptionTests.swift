// The description of the API is of the routes that there are, and each reference in it leads somewhere.

import Domain
import Loop
import Pipeline
import Runtime
import Store
import TestSupport
import Testing

@testable import Server

struct SchemaTests {
    private func text(_ schema: Schema) -> String {
        var named: [String: Schema] = [:]
        return schema.json(&named).text
    }

    @Test func `what may be null says so by its type`() {
        #expect(text(.integer(0...5).orNull) == #"{"type":["integer","null"],"minimum":0,"maximum":5}"#)
        #expect(text(.words(["a", "b"]).optional) == #"{"type":["string","null"],"enum":["a","b",null]}"#)
        #expect(text(.named("Thing", .boolean).orNull) == ##"{"anyOf":[{"$ref":"#/components/schemas/Thing"},{"type":"null"}]}"##)
        #expect(text(.any.orNull) == "{}")
    }

    @Test func `fields keep their order, and only those that have to be there are required`() {
        let schema = Schema.object(["z": .boolean, "a": Schema.number(0...0.5).orNull, "m": Schema.string.optional], isClosed: true)
        #expect(
            text(schema)
                == #"{"type":"object","required":["z","a"],"properties":{"z":{"type":"boolean"},"a":{"type":["number","null"],"minimum":0,"maximum":0.5},"#
                + #""m":{"type":["string","null"]}},"additionalProperties":false}"#)
    }

    @Test func `what is named is found with all that it names`() {
        var named: [String: Schema] = [:]
        let outer = Schema.named("Outer", .object(["inner": .list(.named("Inner", .boolean))]))
        #expect(outer.json(&named).text == ##"{"$ref":"#/components/schemas/Outer"}"##)
        #expect(Set(named.keys) == ["Outer", "Inner"])
    }
}

struct APIDescriptionTests {
    private let folder: TemporaryFolder
    private let store: Store
    private let routes: [Route]

    init() async throws {
        folder = try TemporaryFolder()
        _ = try folder.write("<!doctype html>".utf8, as: "index.html")
        store = try await Store.open(.sqlite(path: folder.file("hub.sqlite")))
        let clock = WallClock.system, box = try #require(SecretBox(key: SecretBox.makeKey().value))
        let server = try await HubServer(
            loop: EventLoop(LoopConfiguration(host: "127.0.0.1", port: 0, subprotocols: [], maximumMessageBytes: 1 << 20)), store: store,
            storage: try FolderClipStorage(folder: folder.file("clips"), reserveBytes: 0),
            telegram: TelegramLinking(store: store, client: nil, onboardingURL: nil, lifetimeSeconds: 60, webhookSecret: nil, clock: clock),
            channels: AlertChannels(), planner: AlertPlanner(store: store, channels: [], deadlineSeconds: 60, clock: clock), mail: nil,
            totpKey: try #require(try await store.users.adopt(box)),
            configuration: ServerConfiguration(
                authRequired: true, devLoginEnabled: true, tokenLifetimeSeconds: 60, publicFolder: folder.path, version: "1"), clock: clock)
        routes = server.services.routes()
    }

    @Test func `every route is described, and what is described is a route`() {
        let described = Operation.all.map(\.key), routed = routes.map(\.key)
        #expect(Set(described).count == described.count)
        #expect(Set(routed).subtracting(described).sorted() == [])
        #expect(Set(described).subtracting(routed).sorted() == [])
    }

    @Test func `the parameters of a path are those of its pattern`() {
        for operation in Operation.all {
            let named = operation.parameters.filter { $0.place == .path }.map(\.name)
            #expect(Set(named).subtracting(operation.pathNames) == [], "\(operation.key)")
        }
    }

    @Test func `the document is JSON in which every reference leads somewhere`() throws {
        let access = Dictionary(uniqueKeysWithValues: routes.map { ($0.key, $0.access) })
        let text = APIDescription(version: "1", access: access).json.text
        let document = try #require(JSON(parsing: text.utf8))
        guard case .object(let schemas)? = document["components"]?["schemas"] else { return #expect(Bool(false)) }
        let prefix = "\"#/components/schemas/"
        let references = Set(text.split(separator: prefix).dropFirst().map { String($0.prefix { $0 != "\"" }) })
        #expect(references == Set(schemas.keys))
        // A route whose access changes is described differently.
        let open = APIDescription(version: "1", access: access.mapValues { _ in .open }).json.text
        #expect(open != text)
    }
}
