import Credentials
import Testing

struct Base32Tests {
    /// RFC 4648, section 10.
    private static let vectors = [
        ("", ""), ("f", "MY======"), ("fo", "MZXQ===="), ("foo", "MZXW6==="), ("foob", "MZXW6YQ="), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI======"),
    ]

    @Test(arguments: vectors) func `it is that of RFC 4648`(text: String, encoded: String) {
        let plain = String(encoded.prefix { $0 != "=" })
        #expect(Base32.encode(text.utf8) == plain)
        for form in [encoded, plain, plain.lowercased()] { #expect(Base32.decode(form) == Array(text.utf8)) }
    }

    @Test(arguments: [
        "M", "MZX", "MZXW6Y", "MZ", "MZXR", "MY=", "MY=======", "========", "=", "M1", "M0", "M8", "MY MY", "MÜ", "MY\0", "MY==MY==",
        "MZXW6YTB========",
    ])
    func `anything else is refused`(text: String) {
        #expect(Base32.decode(text) == nil)
    }

    @Test func `all bytes come back`() {
        for count in 0..<300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 151 + count) }
            #expect(Base32.decode(Base32.encode(bytes)) == bytes)
        }
    }
}
