// Time that only goes forward.

#if canImport(Glibc)
internal import Glibc
#endif

/// A source of elapsed time that tests can replace; nobody can set it, and it goes on while the machine sleeps.
public struct MonotonicClock: Sendable {
    private let read: @Sendable () -> Int64
    public init(_ read: @escaping @Sendable () -> Int64) { self.read = read }

    /// Milliseconds since an arbitrary moment.
    public var milliseconds: Int64 { read() }

    /// clock_gettime(CLOCK_BOOTTIME).
    public static let system = MonotonicClock {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
