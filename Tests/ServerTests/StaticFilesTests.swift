// The page's files: what is sent, in which coding, and for how long.

import Foundation
import Runtime
import TestSupport
import Testing

@testable import Loop
@testable import Server

struct AcceptEncodingTests {
    @Test(arguments: [
        (nil as String?, "identity"), ("", "identity"), ("gzip", "gzip"), ("br", "br"), ("gzip, br", "br"), ("gzip, deflate, br, zstd", "br"),
        ("*", "br"), ("deflate", "identity"),
        ("gzip;q=1.0, br;q=0.5", "gzip"), ("gzip;q=0.5, br;q=0.501", "br"), ("br;q=0, gzip", "gzip"), ("br;q=0.0, *", "gzip"),
        ("br; q=0.000 , gzip ; q=0", "identity"),
        ("identity", "identity"), ("identity;q=1, br;q=0.9", "identity"), ("identity;q=0.5, gzip;q=0.5", "gzip"), ("*;q=0", "identity"),
        ("*;q=0, gzip", "gzip"),
        ("identity;q=0", "identity"), ("identity;q=0, *;q=0.1", "br"), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("gzip;q=0.001", "gzip"),
        ("br;q=2, gzip", "gzip"), ("br;q=, gzip", "gzip"), ("br;q=0.1234, gzip", "gzip"), ("br;q=-1", "identity"), ("br;q=nan", "identity"),
        (";;,,=", "identity"), ("br;q=1.", "br"),
    ])
    func `the coding that is liked best`(header: String?, expected: String) {
        #expect(AcceptEncoding(header).best(of: [.brotli, .gzip, .identity]).rawValue == expected)
    }

    @Test func `only what there is is sent`() {
        #expect(AcceptEncoding("br, gzip").best(of: [.gzip, .identity]) == .gzip)
        #expect(AcceptEncoding("br;q=1, gzip;q=1, identity;q=0").best(of: [.identity]) == .identity)
    }
}

struct StaticFilesTests {
    private let folder: TemporaryFolder
    private let script = String(repeating: "export const word = \"the same again\";\n", count: 100)
    private let page = """
        <link rel="icon" href="icons/icon.svg"><link rel="manifest" href="manifest.webmanifest">
        <link rel="stylesheet" href="css/app.css"><script type="module" src="js/app.js"></script><a href="js/app.jsx">
        """

    init() throws { folder = try TemporaryFolder() }

    private func files(script: String? = nil) throws -> StaticFiles {
        let contents = [
            "index.html": page, "js/app.js": script ?? self.script, "css/app.css": "a{}", "icons/icon.svg": "<svg/>",
            "icons/icon-192.png": "PNG", "manifest.webmanifest": "{}", ".git/config": "secret",
            "sw.js": #"const VERSION = "{{version}}", FILES = "{{files}}";"#,
            "js/.hidden.js": "secret", "js/app.map": "unknown", "help/certificate.html": "{{fingerprint}}",
        ]
        for (path, text) in contents {
            let url = URL(fileURLWithPath: folder.path).appendingPathComponent("public/" + path)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        return try StaticFiles(folder: folder.path + "/public")
    }

    private func head(_ path: String, _ headers: [String: String] = [:], method: HTTPMethod = .get) -> HTTPHead {
        HTTPHead(method: method, path: path, query: [], headers: headers, isEncrypted: false, isOnPlainPort: false, peer: PeerAddress("127.0.0.1"))
    }

    private func text(_ response: HTTPResponse?) -> String? {
        if case .bytes(let bytes)? = response?.body { String(decoding: bytes, as: UTF8.self) } else { nil }
    }

    private func field(_ name: String, _ response: HTTPResponse?) -> String? { response?.headers.first { $0.name == name }?.value }

    /// Where the page finds its script.
    private func scriptPath(_ files: StaticFiles) throws -> String {
        let page = try #require(text(files.response(for: head("/"))))
        return try #require(page.firstMatch(of: #/src="(/assets/[0-9a-f]{32}/js/app.js)"/#).map { String($0.1) })
    }

    @Test func `the page is asked for each time and names scripts and styles that never change`() throws {
        let files = try files(), response = files.response(for: head("/")), path = try scriptPath(files)
        #expect(field("Cache-Control", response) == "no-cache" && field("ETag", response) != nil)
        let page = try #require(text(response))
        #expect(page.contains(path.replacing("js/app.js", with: "css/app.css")))
        // What has a scope of its own, and what merely looks like a script, stays where it is.
        #expect(page.contains(#"href="manifest.webmanifest""#) && page.contains(#"href="icons/icon.svg""#) && page.contains(#"href="js/app.jsx""#))
        let found = files.response(for: head(path))
        #expect(field("Cache-Control", found) == "public, max-age=31536000, immutable" && text(found) == script)
        #expect(field("Cache-Control", files.response(for: head("/js/app.js"))) == "no-cache")
    }

    @Test func `another content has another address, and what is asked for at the old one is not kept`() throws {
        let old = try scriptPath(try files()), changed = try files(script: "changed"), new = try scriptPath(changed)
        #expect(old != new)
        #expect(text(changed.response(for: head(old))) == "changed" && field("Cache-Control", changed.response(for: head(old))) == "no-cache")
        #expect(field("Cache-Control", changed.response(for: head(new)))?.contains("immutable") == true)
        // The same content has the same address.
        #expect(try scriptPath(try files()) == old)
    }

    @Test func `the service worker is told its version and what it keeps, with the hashes of what is sent`() throws {
        let files = try files(), response = files.response(for: head("/sw.js")), prefix = try scriptPath(files).replacing("/js/app.js", with: "")
        #expect(field("Cache-Control", response) == "no-cache" && field("Content-Type", response) == "text/javascript; charset=utf-8")
        let worker = try #require(text(response)?.wholeMatch(of: #/const VERSION = "([0-9a-f]{32})", FILES = (\[.*\]);/#))
        #expect("/assets/\(worker.1)" == prefix)
        // Neither itself, nor help, nor what only the system asks for; in the order of their names, so that the same files are the same worker.
        let list = try JSONDecoder().decode([[String]].self, from: Data(worker.2.utf8))
        #expect(list.map(\.first) == ["/", prefix + "/css/app.css", prefix + "/icons/icon.svg", prefix + "/js/app.js"])
        for entry in list {
            let sent = try #require(text(files.response(for: head(entry[0]))))
            #expect(entry[1] == "sha256-" + Data(Crypto.sha256(Array(sent.utf8))).base64EncodedString())
        }
        #expect(text(try self.files().response(for: head("/sw.js"))) == text(response))
        #expect(text(try self.files(script: "changed").response(for: head("/sw.js"))) != text(response))
    }

    @Test func `nothing but the files is found`() throws {
        let files = try files(), prefix = try scriptPath(files).replacing("/js/app.js", with: "")
        let paths = [
            "/.git/config", "/js/.hidden.js", "/js/app.map", "/js", "/js/", "//js/app.js", "/../public/js/app.js",
            "/help/certificate.html", prefix, prefix + "/", prefix + "/index.html", prefix + "/sw.js",
            prefix + "/help/certificate.html", prefix + "//js/app.js", prefix + "/../js/app.js",
            prefix + prefix + "/js/app.js", "/assets/js/app.js", "/assets//js/app.js", "/assets/",
            "/assets/0123/js/app.js", prefix.uppercased() + "/js/app.js", "/assets/" + String(repeating: "g", count: 32) + "/js/app.js",
        ]
        for path in paths { #expect(files.response(for: head(path)) == nil, "\(path)") }
        #expect(files.response(for: head("/js/app.js", method: .post)) == nil)
    }

    @Test func `each coding is a representation with its own validator`() throws {
        let files = try files()
        var tags: Set<String> = []
        for (accepted, coding) in [("", nil as String?), ("gzip", "gzip"), ("br", "br")] {
            let response = files.response(for: head("/js/app.js", ["accept-encoding": accepted]))
            #expect(field("Content-Encoding", response) == coding && field("Vary", response) == "Accept-Encoding")
            let tag = try #require(field("ETag", response))
            tags.insert(tag)
            for condition in [tag, "W/\(tag)", "\"x\", W/\(tag)", "*"] {
                let again = files.response(for: head("/js/app.js", ["accept-encoding": accepted, "if-none-match": condition], method: .head))
                #expect(again?.status == 304 && field("ETag", again) == tag && field("Vary", again) == "Accept-Encoding" && again?.body.length == 0)
            }
            #expect(files.response(for: head("/js/app.js", ["accept-encoding": accepted, "if-none-match": "\"x\""]))?.status == 200)
        }
        #expect(tags.count == 3)
        // What does not get smaller is not compressed.
        #expect(field("Content-Encoding", files.response(for: head("/css/app.css", ["accept-encoding": "br, gzip"]))) == nil)
    }
}
