import Domain
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#endif

struct PublicAddressTests {
    /// inet_pton(3).
    private func parse(_ text: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: text.contains(":") ? 16 : 4)
        try #require(inet_pton(text.contains(":") ? AF_INET6 : AF_INET, text, &bytes) == 1)
        return bytes
    }

    @Test(arguments: [
        "1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
        "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
        "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
        "2000::1", "2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1111", "2a00:1450::1",
        "3ffe:ffff::1", "3fff:1000::1",
    ])
    func `what is given out for the public internet is public`(address: String) throws {
        #expect(isPublicAddress(try parse(address)))
    }

    @Test(arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255",
        "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0",
        "198.19.255.255", "198.51.100.1", "203.0.113.255", "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255",
        "::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1",
        "1fff:ffff::1", "2001::1", "2001:2::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1", "2002:808:808::1",
        "2002:7f00:1::1", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fdff:ffff::1",
        "fe80::1", "febf::1", "fec0::1", "ff02::1", "ffff::1",
    ])
    func `what leads to a network of one's own, or nowhere, is not`(address: String) throws {
        #expect(!isPublicAddress(try parse(address)))
    }

    @Test func `bytes of another length are no address`() {
        for count in [0, 1, 3, 5, 8, 15, 17, 32] { #expect(!isPublicAddress([UInt8](repeating: 8, count: count))) }
    }

    @Test func `no IPv6 address outside of the block that is given out is public, whatever follows`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
            if bytes[0] >> 5 != 1 { #expect(!isPublicAddress(bytes)) }
        }
    }
}
