// How much of the machine is ours.

internal import CThreads

/// The cores that this process may use (sched_getaffinity); 1 where that cannot be told.
public var usableCores: Int {
    var set = cpu_set_t()
    guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0 else { return 1 }
    return max(1, withUnsafeBytes(of: &set) { $0.reduce(0) { $0 + $1.nonzeroBitCount } })
}
