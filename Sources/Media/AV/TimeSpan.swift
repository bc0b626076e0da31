// How long a stream is, by its packets.

/// From the beginning of the first picture to the end of the last, whatever the file's header says.
struct TimeSpan {
    private var start = Double.infinity
    private var end = -Double.infinity
    private var last = -Double.infinity
    /// Seconds between the last two pictures.
    private(set) var gap = 0.0

    /// - Parameter duration: in seconds; 0 where the container does not say, as WebM does not: as long as the one before then.
    mutating func add(_ time: Double, duration: Double) {
        start = min(start, time)
        if time > last {
            if last.isFinite { gap = min(time - last, 1) }
            last = time
        }
        end = max(end, time + (duration > 0 ? min(duration, 10) : gap))
    }

    var seconds: Double { end > start ? end - start : 0 }
    var endSeconds: Double { max(end, 0) }
}
