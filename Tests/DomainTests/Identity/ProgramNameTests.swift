import Domain
import Testing

struct ProgramNameTests {
    @Test(arguments: [
        ("Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "Firefox on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
         "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
         "Safari on iPhone"),
        ("Firefox/1", "Firefox"), ("curl/8.5.0", "an unknown program"), ("a script on Linux", "a program on Linux"), ("", "an unknown program"),
        // Nothing of it is somebody's own text.
        ("Your password has leaked, see https://evil.example.net", "an unknown program"),
        ("Windows Firefox/ see https://evil.example.net", "Firefox on Windows"),
    ])
    func `a program's name is made of known words`(agent: String, words: String) { #expect(ProgramName.words(agent) == words) }

    @Test func `who says nothing is unknown`() { #expect(ProgramName.words(nil) == "an unknown program") }
}
