// Other programs, run by tests.

#if canImport(Glibc)
import Glibc
#endif

public struct CommandFailed: Error {
    public let command: [String]
    /// As waitpid(2) says it; -1 where it could not be started.
    public let status: Int32
}

/// Runs a program to its end; posix_spawn(3). Foundation's `Process` reads behind the end of a directory's entries, of which the address sanitizer
/// makes an end of all tests.
///
/// - Parameters:
///   - path: of the program.
///   - isQuiet: whether what it writes to its standard error is thrown away.
/// - Returns: what it writes to its standard output.
public func run(_ path: String, _ arguments: [String], isQuiet: Bool = false) throws -> [UInt8] {
    let command = [path] + arguments
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw CommandFailed(command: command, status: -1) }
    // Another test may start something at the same time, which would hold the pipe open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    if isQuiet { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
    var process: pid_t = 0
    let texts = command.map { strdup($0) }
    defer { for text in texts { free(text) } }
    let problem = posix_spawn(&process, path, &actions, nil, texts + [nil], [nil])
    close(ends[1])
    defer { close(ends[0]) }
    guard problem == 0 else { throw CommandFailed(command: command, status: -1) }
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(ends[0], &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        output += piece[..<count]
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw CommandFailed(command: command, status: status) }
    return output
}
