// The memory that the C library's allocator holds for this process.

internal import CMalloc

public enum Heap {
    /// Keeps what is free from being scattered: mallopt(3). Called before there are other threads.
    ///
    /// glibc would make eight arenas for each core, and what a reconnect storm left free in one is no help to a thread of another.
    public static func bound() {
        mallopt(M_ARENA_MAX, CInt(clamping: max(2, usableCores)))
        // The limit from which memory is mapped by itself, and given back at once, would grow with the largest piece that was ever freed.
        mallopt(M_MMAP_THRESHOLD, 256 << 10)
    }

    /// Gives whole pages that are free back to the system: malloc_trim(3). Blocks for some milliseconds.
    public static func trim() { malloc_trim(0) }
}
