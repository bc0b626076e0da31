// What libwebsockets leaves of a head for the hub to read.

import Testing
import TestSupport

@testable import Loop

@Suite(.mustEnd)
struct HTTPHeadTests {
    @Test(arguments: [
        ("a=b", "a", "b"), ("a", "a", ""), ("a=", "a", ""), ("=b", "", "b"), ("a=b=c", "a", "b=c"), ("", "", ""),
        // A combining accent makes no other character of the sign before it.
        ("a=\u{301}b", "a", "\u{301}b"),
    ])
    func `a piece of a query is a name and what follows the first sign`(piece: String, name: String, value: String) {
        let parameter = HTTPHead.parameter(piece)
        #expect(parameter.name.utf8.elementsEqual(name.utf8) && parameter.value.utf8.elementsEqual(value.utf8))
    }
}
