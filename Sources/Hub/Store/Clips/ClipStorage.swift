// Where clips and pictures are, by key.

public import Domain
internal import Runtime

/// Bytes under keys `<account>/<event>/<object>`: a folder here, an object store elsewhere. What is put is on the disk when the call
/// returns.
public protocol ClipStorage: Sendable {
    /// The log of a clip that is streamed, opened where it ended.
    func clipLog(in scope: AccountScope, event: EventID) async throws -> ClipLogWriter
    /// How many whole frames that log has; 0 when there is none. It may be open.
    func clipFrames(in scope: AccountScope, event: EventID) async throws -> UInt32
    /// Takes a whole clip; replaces one that was uploaded before.
    func upload(in scope: AccountScope, event: EventID) async throws -> UploadWriter
    func put(_ bytes: [UInt8], key: String) async throws
    /// Moves a file into the storage.
    func adopt(file: String, key: String) async throws
    /// A path by which libraries can read the object; `nil` when there is none.
    func localFile(key: String) async throws -> String?
    /// `nil` when there is no such object.
    func open(key: String) async throws -> ObjectReader?
    /// It is no error when there is none.
    func remove(key: String) async throws
    /// A local folder for work on an event, made when it is missing.
    func workFolder(in scope: AccountScope, event: EventID) async throws -> String

    /// Bytes that clips may still take; what is written beyond that is refused with `StoreError.storageFull`, while there is still room for
    /// what goes on with the clips that are there.
    func room() async throws -> Int64

    // For bringing files and rows together at a start.

    /// The events of which there are objects.
    func folders() async throws -> [(scope: AccountScope, event: EventID)]
    /// Moves all objects of an event out of the way, to where an operator finds them.
    func setAside(_ event: EventID, in scope: AccountScope) async throws
    /// Removes what was being made and has not been written to for so long: a process ended while it was at it.
    func removeLeftovers(of event: EventID, in scope: AccountScope, olderThanSeconds seconds: Double) async throws

    // For what is removed for good.

    /// Removes all objects of an event, and what is being made of them. It is no error when there are none.
    func removeAll(of event: EventID, in scope: AccountScope) async throws
    /// Removes everything of an account, also what was set aside.
    func removeAll(in scope: AccountScope) async throws

    /// A file without a name, for what is gathered before it is sent.
    func scratch() async throws -> ScratchFile
}

/// The names of an event's objects.
public enum ClipObject {
    public static let log = "clip.log"
    public static let upload = "upload.bin"
    public static let still = "still.jpg"
    /// Those that came before a clip: the first is `still`.
    public static func still(_ number: Int) -> String { number == 0 ? still : "still-\(number).jpg" }
    public static let poster = "poster.jpg"
    public static let thumbnail = "thumbnail.jpg"
    /// The playable clip, in one of two containers.
    public static let clipMP4 = "clip.mp4"
    public static let clipWebM = "clip.webm"
    /// The clip as a messenger takes it.
    public static let rendition = "telegram.mp4"

    /// For a file that becomes an object, or is thrown away.
    public static func temporaryName(_ what: String) -> String { "\(what)-\(Crypto.randomToken(bytes: 6))" }

    /// Whether a file is one that was being made: by `temporaryName`, or a part of an upload.
    static func isTemporary(_ name: String) -> Bool {
        name.hasSuffix(".part") || name.hasSuffix(".recorded") || ["assembled-", "rendition-"].contains { name.hasPrefix($0) }
    }

    public static func key(_ scope: AccountScope, _ event: EventID, _ object: String) -> String { "\(scope.account)/\(event)/\(object)" }

    /// Whether a key is of the form that the hub makes, so that it cannot lead out of the storage.
    public static func isValid(_ key: String) -> Bool {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 3 && parts.allSatisfy { Identifier<EventKind>($0) != nil }
    }
}
