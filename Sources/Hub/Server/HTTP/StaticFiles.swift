// The web page's files, read once at start, compressed once.

import FoundationEssentials
import Loop
import Runtime

/// Everything below one folder by path. Nothing outside it can be reached: a request is a look-up in a table.
///
/// Each file is at its own path, to be asked for again each time, and below `/assets/<hash of the whole folder>/`, where it never changes. The page
/// refers to its scripts and styles there; modules import each other by relative paths, so that all of them are. What has an address for ever is not:
/// the page itself, its manifest, and the service worker, in which the hub writes what that is to keep: its version and its files.
struct StaticFiles: Sendable {
    private let files: [String: StaticFile]
    /// Of all files, names and contents.
    private let treeHash: String

    private static let assets = "/assets/"
    private static let workerPath = "/sw.js"
    private static let forever = "public, max-age=31536000, immutable"

    private static let types: [String: String] = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "json": "application/json", "webmanifest": "application/manifest+json", "svg": "image/svg+xml", "png": "image/png",
        "ico": "image/x-icon", "txt": "text/plain; charset=utf-8", "woff2": "font/woff2",
    ]

    struct MissingFolder: Error, CustomStringConvertible {
        let folder: String
        var description: String { "PUBLIC_DIR: \(folder) has no index.html" }
    }

    init(folder: String) throws {
        var contents: [String: (bytes: [UInt8], type: String)] = [:]
        let manager = FileManager.default
        for path in try manager.subpathsOfDirectory(atPath: folder) {
            guard !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }),
                let ending = path.split(separator: ".").last.map(String.init), let type = Self.types[ending],
                let data = manager.contents(atPath: folder + "/" + path)
            else { continue }
            contents["/" + path] = ([UInt8](data), type)
        }
        guard let index = contents["/index.html"] else { throw MissingFolder(folder: folder) }
        let names = contents.keys.sorted()
        treeHash = StaticFile.hash(Array(names.map { "\($0)\n\(StaticFile.hash(contents[$0]!.bytes))\n" }.joined().utf8))
        contents["/index.html"] = (Self.page(index.bytes, below: Self.assets + treeHash, paths: contents.keys), index.type)
        if let worker = contents[Self.workerPath] {
            contents[Self.workerPath] = (Self.worker(worker.bytes, version: treeHash, files: contents.mapValues(\.bytes)), worker.type)
        }
        files = contents.mapValues { StaticFile($0.bytes, type: $0.type) }
    }

    /// The page with its scripts and styles where they never change.
    private static func page(_ bytes: [UInt8], below prefix: String, paths: some Collection<String>) -> [UInt8] {
        var text = String(decoding: bytes, as: UTF8.self)
        for path in paths where path.hasSuffix(".js") || path.hasSuffix(".css") {
            for attribute in ["src", "href"] {
                text = text.replacing("\(attribute)=\"\(path.dropFirst())\"", with: "\(attribute)=\"\(prefix)\(path)\"")
            }
        }
        return Array(text.utf8)
    }

    /// The service worker with its list: the page, and what that may need where it never changes, each with its hash as browsers check it
    /// (Subresource Integrity). In order, so that it is another worker only when something has changed.
    private static func worker(_ bytes: [UInt8], version: String, files: [String: [UInt8]]) -> [UInt8] {
        let kept = files.keys.sorted().filter { path in
            [".js", ".css", ".svg"].contains { path.hasSuffix($0) } && path != workerPath && !path.hasPrefix("/help/")
        }
        let list = [("/", files["/index.html"]!)] + kept.map { (assets + version + $0, files[$0]!) }
        let entries = JSON.array(list.map { .array([.string($0), .string("sha256-" + Data(Crypto.sha256($1)).base64EncodedString())]) })
        let text = String(decoding: bytes, as: UTF8.self)
            .replacing("{{version}}", with: version).replacing("\"{{files}}\"", with: entries.text)
        return Array(text.utf8)
    }

    /// The answer for `GET` or `HEAD` of a file; `nil` if there is none.
    func response(for head: HTTPHead) -> HTTPResponse? {
        guard head.method == .get || head.method == .head, let (file, isForever) = find(head.path) else { return nil }
        return file.response(for: head, cacheControl: isForever ? Self.forever : "no-cache")
    }

    /// The file of a path, and whether it will be the same there for ever.
    private func find(_ path: String) -> (file: StaticFile, isForever: Bool)? {
        var path = path, isForever = false
        if path.hasPrefix(Self.assets) {
            let rest = path.dropFirst(Self.assets.count), hash = rest.prefix { $0 != "/" }
            // Below the hash of another version the file is the one of this version, not to be kept. A page that was loaded before an update still
            // fetches a worker or a picture when it needs them, and an old phone that watches would stop where there is nothing; mostly the new one
            // fits. Not kept, it harms nobody when hubs of two versions answer for one name for a while.
            guard hash.utf8.count == treeHash.utf8.count, hash.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else { return nil }
            isForever = hash == treeHash
            path = String(rest.dropFirst(hash.count))
            // Pages and the service worker have one address.
            if path == "/" || path.hasSuffix(".html") || path == Self.workerPath { return nil }
        }
        // That page is filled in first: `page`.
        guard path != PlainDoor.helpFile, let file = files[path == "/" ? "/index.html" : path] else { return nil }
        return (file, isForever)
    }

    /// A page with a word put in. `nil` if there is none at `path`.
    func page(_ path: String, replacing placeholder: String, with text: String) -> HTTPResponse? {
        files[path]?.page(replacing: placeholder, with: text)
    }
}
