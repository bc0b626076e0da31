// Commands to cameras, as they come from the wire.

import Domain
import Runtime
import Testing

@testable import Server

struct RemoteCommandTests {
    private func command(_ text: String) throws -> RemoteCommand { try RemoteCommand(Fields(body: Array(text.utf8))) }

    @Test(arguments: [
        (#"{"command":"start"}"#, RemoteCommand.start, "{}"), (#"{"command":"stop","args":{}}"#, .stop, "{}"),
        (#"{"command":"record","args":null}"#, .record, "{}"), (#"{"command":"relearn"}"#, .relearn, "{}"),
        (#"{"command":"torch","args":{"on":false}}"#, .torch(isOn: false), #"{"on":false}"#),
        (#"{"command":"siren","args":{"on":true,"seconds":60}}"#, .siren(isOn: true, seconds: 60), #"{"on":true,"seconds":60}"#),
        (#"{"command":"siren","args":{"on":true}}"#, .siren(isOn: true, seconds: 10), #"{"on":true,"seconds":10}"#),
        (#"{"command":"camera","args":{"facing":"user"}}"#, .camera(.user), #"{"facing":"user"}"#),
    ])
    func `a command goes on with its arguments`(text: String, expected: RemoteCommand, args: String) throws {
        let command = try command(text)
        #expect(command == expected && command.args == JSON(parsing: args.utf8))
    }

    @Test(arguments: [
        ("{}", "command"), (#"{"command":"dance"}"#, "command"), (#"{"command":7}"#, "command"), (#"{"command":"start","args":[]}"#, "args"),
        (#"{"command":"stop","args":{"now":true}}"#, "args.now"), (#"{"command":"torch"}"#, "args.on"),
        (#"{"command":"torch","args":{"on":1}}"#, "args.on"),
        (#"{"command":"siren","args":{"on":true,"seconds":0}}"#, "args.seconds"),
        (#"{"command":"siren","args":{"on":true,"seconds":61}}"#, "args.seconds"),
        (#"{"command":"siren","args":{"seconds":5}}"#, "args.on"), (#"{"command":"camera","args":{"facing":"up"}}"#, "args.facing"),
        (#"{"command":"camera"}"#, "args.facing"),
    ])
    func `what is no command is refused by its field`(text: String, field: String) {
        let error = #expect(throws: APIError.self) { try command(text) }
        #expect(error?.status == 400 && error?.field == field)
    }
}
