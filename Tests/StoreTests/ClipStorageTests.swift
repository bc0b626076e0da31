import Domain
import Store
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#endif

@Suite(.mustEnd)
struct ClipStorageTests {
    private let folder: TemporaryFolder
    private let storage: FolderClipStorage
    private let scope = AccountScope(AccountID(trusted: "account"))
    private let event = EventID(trusted: "event")

    init() throws {
        folder = try TemporaryFolder()
        storage = try FolderClipStorage(folder: folder.path + "/clips")
    }

    private func record(_ sequence: UInt32, size: Int = 100) -> [UInt8] {
        ClipLog.record(
            FrameHeader(kind: .clip, stream: 1, sequence: sequence), [UInt8](repeating: UInt8(truncatingIfNeeded: sequence), count: size))
    }

    @Test func `one log has one writer, and its frames can be counted meanwhile`() async throws {
        let first = try await storage.clipLog(in: scope, event: event)
        _ = try await first.append([record(0), record(1)], nextSequence: 2)
        await #expect(throws: StoreError.inUse(path: first.path)) { try await storage.clipLog(in: scope, event: event) }
        #expect(try await storage.clipFrames(in: scope, event: event) == 2)
        await first.close()
        #expect(try await storage.clipLog(in: scope, event: event).initialNext == 2)
        #expect(try await storage.clipFrames(in: scope, event: EventID(trusted: "none")) == 0)
    }

    @Test func `clips leave the reserve free, and what is there can be read`() async throws {
        let storage = try FolderClipStorage(folder: folder.path, reserveBytes: .max / 4)
        #expect(try await storage.room() < 0)
        let log = try await storage.clipLog(in: scope, event: event)
        await #expect(throws: StoreError.storageFull) { try await log.append([record(0)], nextSequence: 1) }
        let upload = try await storage.upload(in: scope, event: event)
        await #expect(throws: StoreError.storageFull) { try await upload.append([1]) }
        await upload.discard()
        // Pictures and results of what is there already may use it.
        let key = ClipObject.key(scope, event, ClipObject.poster)
        try await storage.put([1, 2], key: key)
        #expect(try await storage.open(key: key)?.size == 2)
    }

    @Test func `folders are listed, set aside, and cleared of what nobody finished`() async throws {
        for name in ["clip.mp4", "assembled-1.mp4"] { try await storage.put([1], key: ClipObject.key(scope, event, name)) }
        let other = EventID(trusted: "other")
        try await storage.put([1], key: ClipObject.key(scope, other, "clip.log"))
        #expect(try await storage.folders().map(\.event) == [event, other])
        try await storage.removeLeftovers(of: event, in: scope, olderThanSeconds: 60)
        #expect(try await storage.localFile(key: ClipObject.key(scope, event, "assembled-1.mp4")) != nil)
        try await storage.removeLeftovers(of: event, in: scope, olderThanSeconds: -1)
        #expect(try await storage.localFile(key: ClipObject.key(scope, event, "assembled-1.mp4")) == nil)
        #expect(try await storage.localFile(key: ClipObject.key(scope, event, "clip.mp4")) != nil)
        try await storage.setAside(other, in: scope)
        #expect(try await storage.folders().map(\.event) == [event])
        #expect(folder.files.contains { $0.hasPrefix("clips/lost+found/") && $0.hasSuffix("/clip.log") })
    }

    @Test func `a log goes on where it ended`() async throws {
        let first = try await storage.clipLog(in: scope, event: event)
        #expect(first.initialNext == 0)
        #expect(try await first.append([record(0), record(1)], nextSequence: 2) == 2)
        await first.close()
        await #expect(throws: StoreError.self) { try await first.append([record(2)], nextSequence: 3) }
        let second = try await storage.clipLog(in: scope, event: event)
        #expect(second.initialNext == 2)
        _ = try await second.append([record(2, size: 0)], nextSequence: 3)
        #expect(try bytes(of: second.path) == record(0) + record(1) + record(2, size: 0))
    }

    @Test(arguments: [1, 4, 20, 28, 100, 127])
    func `a torn record is cut off`(tail: Int) async throws {
        let log = try await storage.clipLog(in: scope, event: event)
        _ = try await log.append([record(0)], nextSequence: 1)
        await log.close()
        try Data(record(0) + record(1).prefix(tail)).write(to: URL(filePath: log.path))
        let again = try await storage.clipLog(in: scope, event: event)
        #expect(again.initialNext == 1)
        #expect(try bytes(of: log.path) == record(0))
    }

    @Test func `damage costs what follows it and no more, and never crashes`() async throws {
        var generator = SeededGenerator(seed: 7)
        let whole = (0..<4).flatMap { record(UInt32($0)) }
        for round in 0..<200 {
            let event = EventID(trusted: "e\(round)")
            let log = try await storage.clipLog(in: scope, event: event)
            await log.close()
            var damaged = whole
            for _ in 0..<3 { damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator) }
            try Data(damaged.prefix(Int.random(in: 0...damaged.count, using: &generator))).write(to: URL(filePath: log.path))
            let again = try await storage.clipLog(in: scope, event: event)
            #expect(again.initialNext <= 4)
            #expect(try bytes(of: log.path).count <= Int(again.initialNext) * whole.count / 4 + whole.count)
        }
    }

    @Test func `an upload appears when it is whole`() async throws {
        let upload = try await storage.upload(in: scope, event: event)
        try await upload.append(Array("hello ".utf8))
        try await upload.append(Array("world".utf8))
        #expect(!FileManager.default.fileExists(atPath: upload.path))
        await #expect(throws: StoreError.self) { try await upload.place() }
        let stored = try await upload.seal()
        try await upload.place()
        #expect(stored.size == 11)
        #expect(stored.etag == "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9")
        #expect(try bytes(of: upload.path) == Array("hello world".utf8))
        await #expect(throws: StoreError.self) { try await upload.append([1]) }
    }

    @Test func `an upload that is given up leaves no trace`() async throws {
        let upload = try await storage.upload(in: scope, event: event)
        try await upload.append([1, 2, 3])
        await upload.discard()
        let folder = try await storage.workFolder(in: scope, event: event)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func `an object is read by ranges, replaced and removed`() async throws {
        let key = ClipObject.key(scope, event, "poster.jpg")
        #expect(try await storage.open(key: key) == nil)
        try await storage.put(Array(0..<200), key: key)
        let reader = try #require(try await storage.open(key: key))
        #expect(reader.size == 200)
        #expect(try await reader.read(offset: 190, count: 50) == Array(190..<200))
        #expect(try await reader.read(offset: 500, count: 50) == [])
        try await storage.put([1], key: key)
        // Who reads goes on with what they opened.
        #expect(try await reader.read(offset: 0, count: 3) == [0, 1, 2])
        #expect(try await storage.open(key: key)?.size == 1)
        try await storage.remove(key: key)
        try await storage.remove(key: key)
        #expect(try await storage.localFile(key: key) == nil)
    }

    @Test func `a file is adopted under its key`() async throws {
        let source = try await storage.workFolder(in: scope, event: event) + "/assembled.mp4"
        try Data([1, 2]).write(to: URL(filePath: source))
        let key = ClipObject.key(scope, event, "clip.mp4")
        try await storage.adopt(file: source, key: key)
        #expect(!FileManager.default.fileExists(atPath: source))
        #expect(try await storage.open(key: key)?.size == 2)
    }

    @Test(arguments: ["../x/y", "a/../b", "a/b", "a/b/c/d", "/a/b/c", "a//c", "a/b/.hidden", "a/b/c\0d", "a/b/c%2f", ""])
    func `a key cannot lead out of the storage`(key: String) async throws {
        #expect(try await storage.open(key: key) == nil)
        await #expect(throws: StoreError.self) { try await storage.put([1], key: key) }
    }
}
