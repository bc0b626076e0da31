// Commands that cameras have been given and have not answered yet.

/// Each has an end: an answer of that camera, its going away, or its deadline.
public struct PendingCommands<Camera: Hashable & Sendable>: Sendable {
    /// As many wait for this camera as may.
    public struct TooMany: Error, Hashable, Sendable {}

    private struct Entry {
        let camera: Camera
        let deadline: Timestamp
    }

    private var entries: [String: Entry] = [:]
    private var counts: [Camera: Int] = [:]
    private let maximumPerCamera: Int

    public init(maximumPerCamera: Int) { self.maximumPerCamera = maximumPerCamera }

    public var count: Int { entries.count }

    /// - Parameters:
    ///   - id: another one for each.
    ///   - deadline: by a clock that nobody sets.
    public mutating func add(_ id: String, to camera: Camera, deadline: Timestamp) throws(TooMany) {
        guard counts[camera, default: 0] < maximumPerCamera else { throw TooMany() }
        entries[id] = Entry(camera: camera, deadline: deadline)
        counts[camera, default: 0] += 1
    }

    /// - Returns: whether somebody waits for that answer, of that camera.
    public mutating func answered(_ id: String, by camera: Camera) -> Bool {
        guard entries[id]?.camera == camera else { return false }
        remove(id)
        return true
    }

    /// - Returns: those that it will not answer any more.
    public mutating func left(_ camera: Camera) -> [String] {
        guard counts[camera] != nil else { return [] }
        return removeAll { $0.camera == camera }
    }

    /// - Returns: those whose deadline has passed.
    public mutating func expire(at now: Timestamp) -> [String] { removeAll { $0.deadline <= now } }

    private mutating func removeAll(where condition: (Entry) -> Bool) -> [String] {
        let ids = entries.filter { condition($0.value) }.map(\.key)
        for id in ids { remove(id) }
        return ids
    }

    private mutating func remove(_ id: String) {
        guard let camera = entries.removeValue(forKey: id)?.camera else { return }
        let left = counts[camera, default: 1] - 1
        counts[camera] = left > 0 ? left : nil
    }
}
