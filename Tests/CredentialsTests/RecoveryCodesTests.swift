import Credentials
import Domain
import TestSupport
import Testing

struct RecoveryCodesTests {
    private let user = UserID(trusted: "u1")

    @Test func `there are ten different ones of four groups`() {
        var generator = SeededGenerator(seed: 3)
        let codes = RecoveryCodes.make(using: &generator)
        #expect(Set(codes).count == 10)
        for code in codes { #expect(code.wholeMatch(of: /([2-9A-HJKMNP-Z]{4}-){3}[2-9A-HJKMNP-Z]{4}/) != nil) }
    }

    @Test func `a code is found however it is typed`() throws {
        let hash = try #require(RecoveryCodes.hash("ABCD-EFGH-JKMN-PQRS", of: user))
        #expect(hash.utf8.count == 64)
        for typed in ["abcdefghjkmnpqrs", " abcd efgh jkmn pqrs ", "ABCD–EFGH–JKMN–PQRS"] {
            #expect(RecoveryCodes.hash(typed, of: user) == hash)
        }
        #expect(RecoveryCodes.hash("ABCD-EFGH-JKMN-PQRT", of: user) != hash)
        #expect(RecoveryCodes.hash("ABCD-EFGH-JKMN-PQRS", of: UserID(trusted: "u2")) != hash)
    }

    @Test(arguments: ["", "287082", "ABCD-EFGH", "ABCD-EFGH-JKMN-PQR0", "ABCD-EFGH-JKMN-PQRS-T"])
    func `what can be no code has no hash`(typed: String) {
        #expect(RecoveryCodes.hash(typed, of: user) == nil)
    }
}
