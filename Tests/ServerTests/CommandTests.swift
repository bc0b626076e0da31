// Commands of the socket protocol, as they come from the wire.

import Domain
import Runtime
import TestSupport
import Testing

@testable import Server

struct CommandTests {
    private func parse(_ text: String) throws -> [Command] {
        try Array(text.utf8).withUnsafeBytes { (bytes) throws(Command.Malformed) in try Command.parse(bytes) }
    }

    @Test func `several commands in a message, one a line`() throws {
        let commands = try parse(
            #"{"id":1,"connect":{"token":"t","data":{"kind":"sensor","device_id":"d"},"subs":{"user:u":{"recover":true,"epoch":"e","offset":3}}}}"#
                + "\n{}\n" + #"{"id":2,"rpc":{"method":"live.watch","data":{"device_id":"d"}}}"# + "\n" + #"{"id":3,"sub_refresh":{}}"#)
        guard commands.count == 4, case .connect(1, let connect) = commands[0], case .pong = commands[1],
            case .rpc(2, "live.watch", let data) = commands[2], case .unknown(3, "sub_refresh") = commands[3]
        else {
            Issue.record("\(commands)")
            return
        }
        #expect(connect.token == "t" && connect.kind == .sensor && connect.device?.rawValue == "d")
        #expect(connect.positions["user:u"]?.epoch == "e" && connect.positions["user:u"]?.offset == 3)
        #expect(data["device_id"]?.stringValue == "d")
    }

    @Test(arguments: [
        "x", "[]", "7", #"{"rpc":{"method":"m"}}"#, #"{"id":0,"connect":{}}"#, #"{"id":1,"rpc":{}}"#,
        #"{"subscribe":{"channel":"c"}}"#, #"{"id":1,"subscribe":{}}"#, #"{"id":1,"subscribe":{"channel":""}}"#, #"{"id":1,"subscribe":null}"#,
        #"{"id":1,"subscribe":{"channel":"c","recover":true,"offset":-1}}"#, #"{"id":1,"unsubscribe":{}}"#, #"{"id":1,"presence":[]}"#,
        #"{"id":1,"presence_stats":{"channel":7}}"#, #"{"id":1,"history":{"channel":"c","limit":"all"}}"#,
        #"{"id":1,"history":{"channel":"c","since":{"offset":1.5}}}"#, #"{"id":1,"history":{"channel":"c","since":7}}"#,
        #"{"id":1,"refresh":{}}"#, #"{"id":1,"refresh":{"token":""}}"#, #"{"id":1,"connect":{"subs":{"c":{"recover":true,"offset":"1"}}}}"#,
        #"{"id":1,"connect":{"data":{"can_force_keyframe":"no"}}}"#, #"{"id":1,"connect":{"data":{"kind":"spy"}}}"#, #"{"id":1,"connect":{"data":{"kind":"sensor","device_id":"a/b"}}}"#,
    ])
    func `malformed commands are refused`(text: String) {
        #expect(throws: Command.Malformed.self) { try parse(text) }
    }

    @Test func `commands for channels are read`() throws {
        let commands = try parse(
            [
                #"{"id":1,"subscribe":{"channel":"device:d","recover":true,"epoch":"e","offset":7,"flag":3}}"#,
                #"{"id":2,"subscribe":{"channel":"device:d","epoch":"e","offset":7,"flag":1,"token":""}}"#,
                #"{"id":3,"unsubscribe":{"channel":"device:d"}}"#, #"{"id":4,"presence":{"channel":"c"}}"#,
                #"{"id":5,"presence_stats":{"channel":"c"}}"#,
                #"{"id":6,"history":{"channel":"c","limit":-1,"since":{"offset":3,"epoch":"e"},"reverse":true}}"#,
                #"{"id":7,"history":{"channel":"c"}}"#, #"{"id":8,"publish":{"channel":"c","data":{}}}"#, #"{"id":9,"refresh":{"token":"t"}}"#,
                #"{"send":{"data":{"method":"m"}}}"#,
            ].joined(separator: "\n"))
        guard commands.count == 10, case .subscribe(1, let recovering) = commands[0], case .subscribe(2, let fresh) = commands[1],
            case .unsubscribe(3, "device:d") = commands[2], case .presence(4, "c") = commands[3], case .presenceStats(5, "c") = commands[4],
            case .history(6, let page) = commands[5], case .history(7, let top) = commands[6], case .publish(8) = commands[7],
            case .refresh(9, "t") = commands[8], case .send(let data) = commands[9]
        else {
            Issue.record("\(commands)")
            return
        }
        #expect(recovering.position == StreamPosition(epoch: "e", offset: 7) && recovering.rejectsUnrecovered)
        #expect(fresh.position == nil && !fresh.rejectsUnrecovered)
        #expect(page.limit == -1 && page.since == StreamPosition(epoch: "e", offset: 3) && page.isReversed)
        #expect(top.limit == 0 && top.since == nil && !top.isReversed)
        #expect(data["method"]?.stringValue == "m")
        #expect(commands.map(\.id) == [1, 2, 3, 4, 5, 6, 7, 8, 9, nil])
    }

    @Test func `what clients leave out is zero or empty`() throws {
        guard case .subscribe(_, let request) = try parse(#"{"id":1,"subscribe":{"channel":"c","recover":true}}"#)[0] else {
            Issue.record("no subscribe")
            return
        }
        #expect(request.position == StreamPosition(epoch: "", offset: 0))
    }

    @Test(arguments: [
        #"{"id":1,"connect":{"token":"t","data":{"kind":"viewer"},"subs":{"user:u":{"recover":true,"epoch":"e","offset":3}}}}"#,
        #"{"id":1,"subscribe":{"channel":"device:d","recover":true,"epoch":"e","offset":7,"flag":3}}"#,
        #"{"id":1,"history":{"channel":"device:d","limit":-1,"since":{"offset":3,"epoch":"e"},"reverse":true}}"#,
        #"{"id":1,"refresh":{"token":"t"}}"# + "\n" + #"{"send":{"data":{"method":"m"}}}"# + "\n" + #"{"id":2,"presence":{"channel":"c"}}"#,
    ])
    func `mutated commands never crash`(text: String) {
        var generator = SeededGenerator(seed: 7)
        let seed = Array(text.utf8)
        for _ in 0..<3000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(5), at: index)
                }
            }
            _ = try? bytes.withUnsafeBytes { (raw) throws(Command.Malformed) in try Command.parse(raw) }
        }
    }
}
