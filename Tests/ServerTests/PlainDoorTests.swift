// Where plain HTTP is led to.

import Testing

@testable import Server

struct PlainDoorTests {
    @Test(arguments: [
        ("hub.local:8000", false, "hub.local:8000"), ("hub.local", false, "hub.local"), ("hub:80", true, "hub:8443"), ("hub", true, "hub:8443"),
        ("[::1]:80", true, "[::1]:8443"), ("[fd00::1]", false, "[fd00::1]"), ("192.0.2.1:8080", false, "192.0.2.1:8080"),
    ])
    func `a host keeps its name and gets the port of TLS`(host: String, isOnPlainPort: Bool, expected: String) {
        #expect(PlainDoor.authority(host, isOnPlainPort: isOnPlainPort, port: 8443) == expected)
    }

    @Test func `the usual port is not named`() {
        #expect(PlainDoor.authority("hub:80", isOnPlainPort: true, port: 443) == "hub")
    }

    @Test(arguments: ["", ":80", "a/b", "a@b", "a b", "a\\b", "hub:", "hub:x", "hub:70000", "[::1", "[::1]x", "[a/b]", "a:1:2", "ä"])
    func `nothing but a host is taken for one`(host: String) {
        #expect(PlainDoor.authority(host, isOnPlainPort: false, port: 8443) == nil)
    }

    @Test func `what could end a part of an address is escaped`() {
        #expect(PlainDoor.escaped("/a b?c#d\r\n%ä", also: "/") == "/a%20b%3Fc%23d%0D%0A%25%C3%A4")
    }
}
