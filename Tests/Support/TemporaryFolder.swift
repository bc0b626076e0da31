// A folder that lasts as long as a test.

internal import FoundationEssentials

public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "pingwatch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Returns the file's path.
    public func write(_ bytes: some Sequence<UInt8>, as name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }

    /// What is in it, folders as well.
    public var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    /// Relative paths of all files below.
    public var files: [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).filter { name in
            var isFolder = false
            return FileManager.default.fileExists(atPath: file(name), isDirectory: &isFolder) && !isFolder
        }.sorted()
    }
}

public func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

/// Recorded material, which is kept beside the project and is no part of it. `nil`, with a word on why, where it is missing.
public func recordedMaterial(_ name: String) -> String? {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let path = root.appending(path: "../shared/media/\(name)").standardizedFileURL.path
    if FileManager.default.isReadableFile(atPath: path) { return path }
    print("skipped: no recorded material at ../shared/media/\(name)")
    return nil
}
