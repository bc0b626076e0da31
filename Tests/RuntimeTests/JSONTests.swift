import Runtime
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) -> JSON? { JSON(parsing: text.utf8) }

    @Test func everyKindOfValueIsRead() {
        #expect(
            parse(#" {"a": [1, -2, 2.5, 1e3, true, false, null, "ü\n\"\u00e9\ud83d\ude00"], "b": {}} "#)
                == ["a": .array([1, .integer(-2), .number(2.5), .number(1000), true, false, .null, "ü\n\"é😀"]), "b": [:]])
        #expect(parse("0") == 0)
        #expect(parse(#""""# ) == "")
        #expect(parse("9223372036854775807") == .integer(.max))
        #expect(parse("-9223372036854775808") == .integer(.min))
    }

    @Test("whole numbers beyond 64 bits become the nearest number, and what is with them stays what it is")
    func largeNumbers() {
        #expect(parse(#"{"a": 18446744073709551616, "b": 7}"#)?["a"] == .number(18446744073709551616))
        #expect(parse(#"{"a": 18446744073709551616, "b": 7}"#)?["b"]?.integerValue == 7)
        #expect(parse("1e999") == nil)
    }

    @Test func ofMembersWithOneNameTheLastCounts() { #expect(parse(#"{"a": 1, "a": 2}"#) == ["a": 2]) }

    @Test func aZeroInAStringIsKept() {
        #expect(parse(#""a\u0000b""#) == "a\0b")
        #expect(parse(#"{"a\u0000b": {"c": [true, null, 1]}}"#) == ["a\0b": ["c": .array([true, .null, 1])]])
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", #"{"a":1,}"#, #"{a:1}"#, "{'a':1}", "[1] 2", "nul", "NaN", "Infinity", "01", "+1", ".5", "1.", "0x1",
        "// a\n1", "\u{feff}1",
        "\"\t\"", #""\x""#, #""\ud800""#, #""\udc00""#,
    ])
    func whatIsNotJSONIsRefused(_ text: String) { #expect(parse(text) == nil) }

    @Test func bytesThatAreNotUTF8AreRefused() {
        #expect(JSON(parsing: [0x22, 0xff, 0x22]) == nil)
        #expect(JSON(parsing: [0x22, 0xed, 0xa0, 0x80, 0x22]) == nil)
        #expect(JSON(parsing: [0x22, 0xc0, 0x80, 0x22]) == nil)
    }

    @Test func nestingIsBounded() {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(parse(nested(2000)) != nil)
        #expect(parse(nested(2100)) == nil)
        #expect(parse(nested(1_000_000)) == nil)
        #expect(parse(String(repeating: #"{"a":"#, count: 1_000_000)) == nil)
    }

    /// With the stack that the hub's threads have.
    private actor Worker {
        private nonisolated let executor = ThreadExecutor(name: "json")
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func rewrite(_ text: String) -> String? { JSON(parsing: text.utf8)?.text }
    }

    @Test func whatIsNestedDeepIsReadWrittenAndGivenUpOnAThreadOfTheHub() async {
        let text = String(repeating: #"{"a":"#, count: 2000) + "1" + String(repeating: "}", count: 2000)
        #expect(await Worker().rewrite(text) == text)
    }

    @Test func whatIsWrittenReadsAsTheSame() {
        let value: JSON = ["a": .array([.null, true, .integer(.min), .number(0.1), "\u{0}\u{1f}\"\\\n\r\t/é😀"]), "": [:]]
        #expect(parse(value.text) == value)
    }
}
