import TestSupport
import Testing

@testable import Credentials

@Suite(.mustEnd)
struct PasswordHashTests {
    /// As cheap as Argon2 goes.
    private let cheap = PasswordHash.Parameters(memory: 8, passes: 1, lanes: 1)!

    /// From the tests of the reference implementation.
    @Test(arguments: [
        ("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
        ("password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
        ("password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
        ("differentpassword", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94"),
    ])
    func `hashes are those of Argon2id`(password: String, phc: String) throws {
        let hash = try PasswordHash(phc: phc)
        #expect(try hash.verify(password))
        #expect(try !hash.verify(password + "x"))
        #expect(try PasswordHash(of: password, hash.parameters, salt: Array("somesalt".utf8)).phc == phc)
    }

    @Test func `a hash has its parameters and another salt each time`() throws {
        let first = try PasswordHash(of: "tannenbaum", .standard), second = try PasswordHash(of: "tannenbaum", .standard)
        #expect(first.phc.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(first != second)
        let read = try PasswordHash(phc: first.phc)
        #expect(read == first && read.parameters == .standard)
        #expect(try read.verify("tannenbaum") && !read.verify("Tannenbaum"))
    }

    @Test(arguments: ["", "\0", "a\0b", "a", "ä", "🐈", String(repeating: "long", count: 10_000)])
    func `any password is hashed whole`(password: String) throws {
        let hash = try PasswordHash(of: password, cheap)
        #expect(try hash.verify(password))
        #expect(try !hash.verify(password + "\0"))
        #expect(try !hash.verify(String(password.dropLast()) + "c"))
    }

    @Test func `it is made anew for other parameters`() throws {
        let hash = try PasswordHash(of: "tannenbaum", cheap)
        #expect(!hash.needsRehash(cheap) && hash.needsRehash(.standard))
    }

    private static let good = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

    @Test(arguments: [
        ("", ""), (good, ""), ("$argon2id", "argon2id"), ("argon2id", "argon2i"), ("argon2id", "argon2d"), ("argon2id", "Argon2id"), ("v=19", "v=16"),
        ("$v=19", ""), ("m=256", "m=0256"), ("m=256", "m=+256"), ("m=256", "m=-1"), ("m=256", "m="), ("m=256", "m=99999999999999999999"),
        ("m=256,t=2", "t=2,m=256"), (",p=1", ""), (",p=1", ",p=1,x=1"), ("p=1", "p=1 "), ("c29tZXNhbHQ", ""), ("c29tZXNhbHQ", "c29t"),
        ("c29tZXNhbHQ", "c29tZXNhbHQ="), ("c29tZXNhbHQ", "c29tZXNhbHR"), ("c29tZXNhbHQ", "c29t-XNhbHQ"), ("c29tZXNhbHQ", "c29tZXNhbHQ\0"),
        ("/4", "/4$"), ("/4", "/4\n"), ("/4", "/5"), ("nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "nf65"),
        ("c29tZXNhbHQ", String(repeating: "A", count: 200)),
        (good, "5f4dcc3b5aa765d61d8327deb882cf99"), (good, "$2b$12$KIXabcdefghijklmnopqrstuv"),
    ])
    func `what is malformed is an error`(part: String, change: String) {
        let phc = part.isEmpty ? "" : Self.good.replacing(part, with: change)
        #expect(throws: PasswordHashError.malformed) { try PasswordHash(phc: phc) }
    }

    @Test(arguments: [
        "m=4194304,t=2,p=1", "m=262145,t=1,p=1", "m=256,t=17,p=1", "m=256,t=4294967295,p=1", "m=256,t=0,p=1", "m=256,t=2,p=0", "m=256,t=2,p=5",
        "m=7,t=2,p=1", "m=0,t=1,p=1", "m=31,t=1,p=4", "m=4294967295,t=4294967295,p=4294967295",
    ])
    func `a row cannot ask for more than is reasonable`(costs: String) {
        #expect(throws: PasswordHashError.unreasonable) { try PasswordHash(phc: Self.good.replacing("m=256,t=2,p=1", with: costs)) }
    }

    @Test func `what is taken for nobody costs the same and is nobody's`() throws {
        for parameters in [cheap, .standard] {
            let dummy = PasswordHash.dummy(parameters)
            #expect(try PasswordHash(phc: dummy.phc) == dummy && dummy.parameters == parameters)
            #expect(try !dummy.verify("") && !dummy.verify("tannenbaum"))
        }
    }

    @Test func `it shows itself to nobody`() throws {
        let hash = try PasswordHash(of: "tannenbaum", cheap)
        var shown = "\(hash)"
        dump(hash, to: &shown)
        #expect(!shown.contains("argon2"))
    }
}
