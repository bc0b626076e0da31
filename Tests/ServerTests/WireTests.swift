// What comes from the wire: ranges, fields, signed links.

import Domain
import Runtime
import Store
import Testing

@testable import Server

struct ByteRangeTests {
    @Test(arguments: [
        (nil as String?, ByteRange.whole), ("bytes=0-0", .part(0...0)), ("bytes=0-", .part(0...99)), ("bytes=90-200", .part(90...99)),
        ("bytes=-10", .part(90...99)), ("bytes=-1000", .part(0...99)), ("bytes=100-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=5-2", .whole), ("bytes=a-b", .whole), ("bytes=0-1,3-4", .whole), ("items=0-1", .whole), ("bytes=-", .whole),
        ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=-99999999999999999999", .part(0...99)),
        ("bytes=9-99999999999999999999", .part(9...99)),
        ("Bytes=0-1", .part(0...1)), ("bytes= 0-1", .part(0...1)), ("bytes=0-1,", .part(0...1)), ("bytes=,,0-1", .part(0...1)),
        ("bytes=,", .whole), ("bytes=", .whole),
        ("bytes=0-1, 0-1", .part(0...1)), ("bytes=0-1,200-300", .part(0...1)), ("bytes=200-300,400-", .unsatisfiable), ("bytes=0-1,x", .whole),
        ("bytes=0-1,5-2", .whole),
        ("bytes=1 2-3", .whole), ("bytes=+1-3", .whole), ("bytes=0-1-2", .whole), ("bytes=0x1-3", .whole), ("bytes", .whole), ("", .whole),
    ])
    func `ranges of an object of 100 bytes`(header: String?, expected: ByteRange) {
        #expect(ByteRange(header: header, size: 100) == expected)
    }

    @Test func `nothing of an empty object can be had`() {
        #expect(ByteRange(header: "bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange(header: "bytes=-5", size: 0) == .unsatisfiable)
    }

    @Test(arguments: [("\"a\"", true), ("W/\"a\"", true), ("\"b\", \"a\"", true), ("*", true), ("\"b\"", false), ("a", false)])
    func `If-None-Match is compared weakly`(header: String, matches: Bool) {
        #expect(matchesEntityTag(header, "a") == matches)
        #expect(!matchesEntityTag(nil, "a"))
    }
}

struct FieldsTests {
    private func field(_ json: String, _ read: (Fields) throws -> some Any) -> String? {
        do {
            _ = try read(try Fields(body: Array(json.utf8)))
            return nil
        } catch {
            return (error as? APIError).map { "\($0.code) \($0.field ?? "")" } ?? "\(error)"
        }
    }

    @Test func `errors name the field`() {
        #expect(field("[]") { try $0.text("label", maximum: 9) } == "invalid_json ")
        #expect(field("{") { try $0.text("label", maximum: 9) } == "invalid_json ")
        #expect(field("{}") { try $0.text("label", maximum: 9) } == "missing_field label")
        #expect(field(#"{"label":null}"#) { try $0.text("label", maximum: 9) } == "missing_field label")
        #expect(field(#"{"label":7}"#) { try $0.text("label", maximum: 9) } == "invalid_field label")
        #expect(field(#"{"label":"  "}"#) { try $0.text("label", maximum: 9) } == "invalid_field label")
        #expect(field(#"{"label":"0123456789"}"#) { try $0.text("label", maximum: 9) } == "invalid_field label")
        for name in [#"a\nb"#, #"a\tb"#, #"a\u2028b"#, #"a\u0085b"#, #"Hall\n"#] {
            #expect(field(#"{"label":"\#(name)"}"#) { try $0.name("label") } == "invalid_field label")
        }
        #expect(field(#"{"label":" Ã 😀 "}"#) { try $0.name("label") } == nil)
        #expect(field("{}") { try $0.name("label") } == "missing_field label")
        // One character, of more code points than there may be.
        #expect(field(#"{"label":"e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"}"#) { try $0.text("label", maximum: 9) } == "invalid_field label")
        #expect(field(#"{"label":"a\u0000b"}"#) { try $0.text("label", maximum: 9) } == "invalid_field label")
        #expect(field(#"{"n":"1"}"#) { try $0.integer("n", in: 0...9) } == "invalid_field n")
        #expect(field(#"{"n":1.5}"#) { try $0.integer("n", in: 0...9) } == "invalid_field n")
        #expect(field(#"{"n":10}"#) { try $0.integer("n", in: 0...9) } == "invalid_field n")
        #expect(field(#"{"n":1e999}"#) { try $0.number("n", in: 0...9) } != nil)
        #expect(field(#"{"id":"../x"}"#) { try $0.identifier("id", EventID.self) } == "invalid_field id")
        #expect(field(#"{"t":"Motion!"}"#) { try $0.triggerType("t") } == "invalid_field t")
    }

    @Test func `good values are read`() throws {
        let fields = try Fields(body: Array(#"{"label":" Hall ","n":3,"x":2,"b":true,"s":["a"]}"#.utf8))
        #expect(try fields.text("label", maximum: 9) == "Hall")
        #expect(try fields.integer("n", in: 0...9) == 3)
        #expect(try fields.number("x", in: 0...9) == 2)
        #expect(try fields.optionalBool("b") == true)
        #expect(try fields.optionalStrings("s", maximumCount: 2, maximumLength: 2) == ["a"])
    }
}

struct JSONTests {
    @Test(arguments: [
        #"{"a":[1,-2.5,true,null,"x\"\\\n\u0001é"]}"#, "[]", "{}", "0", #""""#, "[[[[[[1]]]]]]", "9223372036854775807",
    ])
    func `what is written reads back the same`(text: String) throws {
        let value = try #require(JSON(parsing: text.utf8))
        #expect(JSON(parsing: value.text.utf8) == value)
    }

    @Test(arguments: ["", "{", "nul", "[1,,2]", "\u{fffd}", #"{"a" 1}"#]) func `what is not JSON is nil`(text: String) {
        #expect(JSON(parsing: text.utf8) == nil)
    }
}

struct MediaSignerTests {
    private let ring = SigningKeyRing([SigningKey(id: "1", secret: Secret("key"), createdAt: Timestamp(milliseconds: 0))])
    private var signer: MediaSigner { MediaSigner(ring: ring) }
    private let event = EventID("e1")!
    private let account = AccountID("a1")!
    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    private func parts(_ path: String) -> [String: String] {
        let query = path.split(separator: "?")[1].split(separator: "&").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(uniqueKeysWithValues: query.map { ($0[0], $0[1]) })
    }

    private func scope(_ changes: [String: String] = [:], event: EventID? = nil, object: String = "clip.mp4", at time: Timestamp? = nil) -> AccountScope? {
        var query = parts(signer.path(event: self.event, object: "clip.mp4", account: account, now: now))
        for (name, value) in changes { query[name] = value }
        return signer.scope(
            event: event ?? self.event, object: object,
            MediaSigner.Proof(account: query["a"], expiry: query["e"], key: query["k"], signature: query["s"]), now: time ?? now)
    }

    @Test func `a link opens its own object, for its account, for an hour`() {
        #expect(scope() == AccountScope(account))
        #expect(scope(at: now.advanced(bySeconds: 3600)) != nil)
        #expect(scope(at: now.advanced(bySeconds: 3600 + 900)) == nil)
        #expect(scope(event: EventID("e2")!) == nil)
        #expect(scope(object: "poster.jpg") == nil)
        #expect(scope(["a": "a2"]) == nil)
        #expect(scope(["e": "99999999999"]) == nil)
        #expect(scope(["s": "x"]) == nil)
        #expect(scope(["a": "../x"]) == nil)
        #expect(scope(["k": "2"]) == nil)
    }

    @Test func `another key signs once everybody can know it, and what the one of before has signed stays good`() {
        let path = signer.path(event: event, object: "clip.mp4", account: account, now: now)
        func opens(_ path: String, at time: Timestamp) -> Bool {
            let query = parts(path), proof = MediaSigner.Proof(account: query["a"], expiry: query["e"], key: query["k"], signature: query["s"])
            return signer.scope(event: event, object: "clip.mp4", proof, now: time) == AccountScope(account)
        }
        ring.replace(with: [ring.find("1")!, SigningKey(id: "2", secret: Secret("other"), createdAt: now)])
        #expect(parts(signer.path(event: event, object: "clip.mp4", account: account, now: now.advanced(bySeconds: 119)))["k"] == "1")
        let later = now.advanced(bySeconds: 120), other = signer.path(event: event, object: "clip.mp4", account: account, now: later)
        #expect(parts(other)["k"] == "2" && opens(other, at: later) && opens(path, at: later))
        #expect(!opens(other.replacing("k=2", with: "k=1"), at: later))
        ring.replace(with: [ring.find("2")!])
        #expect(!opens(path, at: later))
    }
}
