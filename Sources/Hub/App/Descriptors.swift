// File descriptors of this process.

import Runtime

#if canImport(Glibc)
import Glibc
#endif

enum Descriptors {
    /// What files, databases and requests to others need beside the connections.
    private static let others = 1024

    /// Sets the limit of open files (setrlimit, RLIMIT_NOFILE) to what so many connections need, as far as the hard limit lets it; lower
    /// than it was as well, for libwebsockets has tables of this size.
    ///
    /// - Parameter wanted: `nil` for as many as can be, up to 20,000.
    /// - Returns: how many connections there may be.
    static func connections(wanted: Int?) -> Int {
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return wanted ?? 1000 }
        let hard = Int(clamping: limit.rlim_max)
        let possible = max(hard - others, hard / 2)
        let count = min(wanted ?? 20_000, possible)
        if let wanted, count < wanted {
            Log("hub").warning("the limit of open files lets fewer connections be than CONNECTIONS_LIMIT", ["connections": "\(count)"])
        }
        limit.rlim_cur = rlim_t(min(hard, count + others))
        setrlimit(resource, &limit)
        return count
    }
}
