// Numbers for an operator, in Prometheus' text format (version 0.0.4).

/// Counters and histograms of this process. Label values come from small sets: states, channels, status codes.
public final class Metrics: Sendable {
    private struct Key: Hashable, Comparable {
        let name: String
        let labels: String
        static func < (a: Key, b: Key) -> Bool { (a.name, a.labels) < (b.name, b.labels) }
    }

    private struct Histogram {
        var buckets = [UInt64](repeating: 0, count: Metrics.bounds.count)
        var count: UInt64 = 0
        var sum = 0.0
    }

    private struct State {
        var counters: [Key: Double] = [:]
        var histograms: [Key: Histogram] = [:]
    }

    /// Upper bounds of the buckets, in seconds: from the time a still takes to the time until an alert is given up.
    public static let bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 21_600]

    private static let help = [
        "pingwatch_events_total": "Events that came to a state.",
        "pingwatch_event_failures_total": "Events that failed, by stage.",
        "pingwatch_stage_seconds": "Time from the trigger until the first byte came, the clip was durable, it was analysed, and an alert arrived.",
        "pingwatch_delivery_attempts_total": "Attempts to send an alert, by channel, outcome and reason.",
        "pingwatch_jobs": "Jobs by work and state.",
        "pingwatch_job_oldest_age_seconds": "How long the oldest job of that state has been waiting.",
        "pingwatch_live_streams": "Cameras that stream live.",
        "pingwatch_live_viewers": "Viewers of live streams.",
        "pingwatch_live_gaps_total": "Times that a viewer fell behind and was skipped to the next keyframe.",
        "pingwatch_commands_total": "Commands to cameras, by what became of them.",
        "pingwatch_limit_refusals_total": "What was refused at a limit, by limit.",
        "pingwatch_limit_holds_total": "Times that a connection was not read from for a while, by the limit that it passed.",
        "pingwatch_connections": "Connections, of all kinds.",
        "pingwatch_connections_accepted_total": "Connections that were let in.",
        "pingwatch_connections_refused_total": "Connections that were hung up on, by the limit that was reached.",
        "pingwatch_accept_delays_total": "Times that new connections had to wait for the accept rate.",
        "pingwatch_closes_total": "WebSocket connections that the hub closed, by code.",
        "pingwatch_sockets": "WebSocket connections that are signed in, by kind.",
        "pingwatch_storage_free_bytes": "Room for clips, beyond the reserve.",
    ]

    private let state = LockedValue(State())

    public init() {}

    public func count(_ name: String, _ labels: [String: String] = [:], by amount: Double = 1) {
        let key = Key(name: name, labels: Self.text(labels))
        state.withLock { $0.counters[key, default: 0] += amount }
    }

    public func observe(_ name: String, _ labels: [String: String] = [:], seconds: Double) {
        let key = Key(name: name, labels: Self.text(labels)), seconds = max(seconds, 0)
        state.withLock { state in
            var histogram = state.histograms[key] ?? Histogram()
            for (index, bound) in Self.bounds.enumerated() where seconds <= bound { histogram.buckets[index] += 1 }
            histogram.count += 1
            histogram.sum += seconds
            state.histograms[key] = histogram
        }
    }

    /// Something was refused at a limit.
    public func refused(by limit: String) { count("pingwatch_limit_refusals_total", ["limit": limit]) }

    /// Somebody was not read from for a while because of a limit.
    public func held(by limit: String) { count("pingwatch_limit_holds_total", ["limit": limit]) }

    /// A value that is read when it is asked for.
    public struct Gauge: Sendable {
        let name: String
        let labels: [String: String]
        let value: Double
        /// Whether it only ever grows: a counter that somebody else keeps.
        let isTotal: Bool

        public init(_ name: String, _ labels: [String: String] = [:], _ value: Double, isTotal: Bool = false) {
            self.name = name
            self.labels = labels
            self.value = value
            self.isTotal = isTotal
        }
    }

    public func exposition(_ gauges: [Gauge]) -> String {
        let state = state.withLock { $0 }
        var lines: [String] = []
        var described: Set<String> = []
        func describe(_ name: String, _ type: String) {
            guard described.insert(name).inserted else { return }
            lines.append("# HELP \(name) \(Self.help[name] ?? name)")
            lines.append("# TYPE \(name) \(type)")
        }
        for (key, value) in state.counters.sorted(by: { $0.key < $1.key }) {
            describe(key.name, "counter")
            lines.append("\(key.name)\(braced(key.labels)) \(value)")
        }
        for (key, histogram) in state.histograms.sorted(by: { $0.key < $1.key }) {
            describe(key.name, "histogram")
            let prefix = key.labels.isEmpty ? "" : key.labels + ","
            for (bound, count) in zip(Self.bounds, histogram.buckets) { lines.append("\(key.name)_bucket{\(prefix)le=\"\(bound)\"} \(count)") }
            lines.append("\(key.name)_bucket{\(prefix)le=\"+Inf\"} \(histogram.count)")
            lines.append("\(key.name)_sum\(braced(key.labels)) \(histogram.sum)")
            lines.append("\(key.name)_count\(braced(key.labels)) \(histogram.count)")
        }
        for gauge in gauges.sorted(by: { ($0.name, Self.text($0.labels)) < ($1.name, Self.text($1.labels)) }) {
            describe(gauge.name, gauge.isTotal ? "counter" : "gauge")
            lines.append("\(gauge.name)\(braced(Self.text(gauge.labels))) \(gauge.value)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private static func text(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { name, value in
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: " ")
            return "\(name)=\"\(escaped)\""
        }.joined(separator: ",")
    }
}
