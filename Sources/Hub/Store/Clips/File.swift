// Files by the POSIX calls, with one way to report what went wrong.

#if canImport(Glibc)
internal import Glibc
#endif

/// The owner of a file descriptor.
final class File: Sendable {
    let descriptor: Int32
    let path: String

    /// open(2).
    init(_ path: String, flags: Int32, mode: mode_t = 0o600) throws(StoreError) {
        descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
        self.path = path
        if descriptor < 0 { throw failure("opening \(path)") }
    }

    /// A file that may be missing.
    static func existing(_ path: String, flags: Int32) throws(StoreError) -> File? {
        do {
            return try File(path, flags: flags)
        } catch StoreError.file(_, ENOENT, _) {
            return nil
        } catch {
            throw error
        }
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    var size: Int64 {
        get throws(StoreError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw failure("asking for the size of \(path)") }
            return Int64(status.st_size)
        }
    }

    /// When it was last written, in nanoseconds since 1970.
    var modified: Int64 {
        get throws(StoreError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw failure("asking for the time of \(path)") }
            return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        }
    }

    /// Writes all of it where the file ends (the file is open with O_APPEND).
    func append(_ bytes: [UInt8]) throws(StoreError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("writing \(path)")
            }
            written += count
        }
    }

    /// pread(2): fewer bytes than asked for at the end of the file only.
    func read(offset: Int64, count: Int) throws(StoreError) -> [UInt8] {
        var done = 0
        var problem: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while done < count {
                let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset) + done)
                if got < 0 {
                    if errno == EINTR { continue }
                    problem = errno
                    break
                }
                if got == 0 { break }
                done += got
            }
            initialized = done
        }
        if problem != 0 {
            errno = problem
            throw failure("reading \(path)")
        }
        return bytes
    }

    /// fdatasync(2).
    func synchronize() throws(StoreError) {
        guard fdatasync(descriptor) == 0 else { throw failure("writing \(path) to the disk") }
    }

    /// flock(2), until the file is closed.
    func lock() throws(StoreError) {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK { throw .inUse(path: path) }
            throw failure("locking \(path)")
        }
    }

    /// ftruncate(2).
    func truncate(to size: Int64) throws(StoreError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw failure("cutting \(path)") }
    }
}

enum Folder {
    /// Makes the folder and those above it.
    static func make(_ path: String) throws(StoreError) {
        var partial = path.hasPrefix("/") ? "" : "."
        for piece in path.split(separator: "/") {
            partial += "/" + piece
            if mkdir(partial, 0o700) == 0 {
                try synchronizeParent(of: partial)
            } else if errno != EEXIST {
                throw failure("making the folder \(partial)")
            }
        }
    }

    /// rename(2), then the folder's entry is written to the disk.
    static func move(_ source: String, to destination: String) throws(StoreError) {
        guard rename(source, destination) == 0 else { throw failure("moving \(source)") }
        try synchronizeParent(of: destination)
    }

    /// A new name is durable only when its folder is.
    static func synchronizeParent(of path: String) throws(StoreError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        let folder = try File(parent, flags: O_RDONLY | O_DIRECTORY)
        guard fsync(folder.descriptor) == 0 else { throw failure("writing the folder of \(path) to the disk") }
    }

    /// Names in a folder, without the two that every folder has; none when it is missing (opendir(3)).
    static func entries(_ path: String) throws(StoreError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw failure("reading the folder \(path)")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// access(2). What cannot be looked at is not missing.
    static func exists(_ path: String) throws(StoreError) -> Bool {
        if access(path, R_OK) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw failure("looking at \(path)") }
        return false
    }

    /// rmdir(2).
    static func removeEmpty(_ path: String) throws(StoreError) {
        guard rmdir(path) == 0 || errno == ENOENT else { throw failure("removing \(path)") }
    }

    /// The folder and everything in it; what is missing is no error. Somebody may be adding to it: what is added meanwhile is left, with the
    /// folder, and an error.
    static func removeTree(_ path: String) throws(StoreError) {
        for name in try entries(path) {
            let entry = "\(path)/\(name)"
            if unlink(entry) == 0 || errno == ENOENT { continue }
            guard errno == EISDIR || errno == EPERM else { throw failure("removing \(entry)") }
            try removeTree(entry)
        }
        try removeEmpty(path)
    }

    /// Since it was last written; 0 when that is not known.
    static func ageSeconds(_ path: String) -> Double {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return Double(time(nil) - status.st_mtim.tv_sec)
    }

    /// What a process without privileges may still write (statvfs(3)).
    static func freeBytes(_ path: String) throws(StoreError) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw failure("asking for the room in \(path)") }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }

    /// unlink(2); what is missing is no error.
    static func remove(_ path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("removing \(path)") }
    }
}

private func failure(_ operation: String) -> StoreError {
    let code = errno
    if code == ENOSPC || code == EDQUOT { return .storageFull }
    return .file(operation: operation, errno: code, reason: String(cString: strerror(code)))
}
