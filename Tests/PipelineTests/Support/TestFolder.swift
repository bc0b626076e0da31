// A folder that lasts as long as a test.

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "pingwatch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], as name: String) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    /// Relative paths of all files below.
    var files: [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).filter { name in
            var isFolder = false
            return FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder) && !isFolder
        }.sorted()
    }
}

/// Recorded material, which is kept beside the project.
func sharedMedia(_ name: String) -> String? {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let path = root.appending(path: "../shared/media/\(name)").standardizedFileURL.path
    guard FileManager.default.fileExists(atPath: path) else {
        print("skipped: no recorded material at ../shared/media/\(name)")
        return nil
    }
    return path
}
