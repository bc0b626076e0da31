// Numeric addresses and blocks of them.

import Domain
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#endif

struct NetworkAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
        ("2001:DB8::A", "2001:db8::a"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("0001:0002:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func `an address has one way to be written`(text: String, expected: String) {
        #expect(NetworkAddress(text)?.description == expected)
    }

    @Test(arguments: [
        "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.", ".1.2.3", "1.2.3.4 ", "1.2.3.-4", "1.2.3.+4", "1.2.3.0x4",
        "٣.1.1.1", ":", ":::", "1:::2",
        "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "1:", ":1",
        "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5",
        "1.2.3.4::", "fe80::1%eth0", "[::1]", "::1/128", "1.2.3.4:80", "unknown", String(repeating: "1", count: 10_000),
    ])
    func `nothing else is an address`(text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    /// What the C library makes of a text; `nil` when it refuses it.
    private func libraryBits(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return [UInt8](repeating: 0, count: 10) + [255, 255] + withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        return inet_pton(AF_INET6, text, &six) == 1 ? withUnsafeBytes(of: six) { Array($0) } : nil
    }

    @Test func `texts by chance are read as inet_pton reads them, and what is written is read again`() {
        var generator = SeededGenerator(seed: 7)
        let pieces = ["::", ":", ".", "0", "1", "12", "255", "256", "ffff", "a", "G", "1.2.3.4", "::ffff:", "00", "/", " "]
        var read = 0
        for _ in 0..<200_000 {
            let text = (0..<Int.random(in: 1...9, using: &generator)).map { _ in pieces.randomElement(using: &generator)! }.joined()
            let address = NetworkAddress(text), expected = libraryBits(text)
            #expect((address == nil) == (expected == nil), "\(text)")
            guard let address, let expected else { continue }
            read += 1
            #expect(libraryBits(address.description) == expected, "\(text)")
            #expect(NetworkAddress(address.description) == address, "\(text)")
        }
        #expect(read > 1000)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("10.0.0.0/8", "a00::", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1/32", "192.0.2.1", true), ("fd00::/8", "fdff::1", true),
        ("fd00::/8", "fc00::1", false), ("::1", "::1", true), ("::1", "127.0.0.1", false), ("::ffff:10.0.0.0/104", "10.9.9.9", true),
        ("128.0.0.0/1", "200.1.1.1", true),
        ("128.0.0.0/1", "100.1.1.1", false), ("2001:db8::/33", "2001:db8:8000::", false),
    ])
    func `a block holds what shares its prefix`(block: String, address: String, expected: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(try #require(NetworkAddress(address))) == expected)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/0", "10.0.0.0/33", "::/129", "::/0", "10.0.0.1/8", "fd00::1/8",
        "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8", "hub/8", "10.0.0.0/99999999999999999999",
    ])
    func `nothing else is a block`(text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
